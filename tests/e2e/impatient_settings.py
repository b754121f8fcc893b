"""The example site's settings, with a Redis that hands a task out again after a second without an acknowledgement."""

from __future__ import annotations

from example_project.settings import *  # noqa: F403  settings are their names

CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 1,
    # It looks for such tasks every second, where else ten seconds and then a hundred go by.
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
}
