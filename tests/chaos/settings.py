"""Settings of the processes that are killed: the example site's, in a hurry and with a site that forgets to answer."""

from __future__ import annotations

import os

from django_ihuyi.schedule import BEAT_SCHEDULE
from example_project.settings import *  # noqa: F403  settings are their names
from example_project.settings import CELERY_BROKER_URL, IHUYI, INSTALLED_APPS, MIDDLEWARE

from .workload import LONGEST_READ, THREADS

IHUYI["ACCOUNTS"]["default"] |= {"TIMEOUT": (1.0, LONGEST_READ), "MAX_ATTEMPTS": 3, "CONCURRENCY": THREADS}
del IHUYI["REGISTRATION"]

CELERY_BEAT_SCHEDULE = {
    name: {**entry, "schedule": 2.0, "options": {"expires": 2.0}} for name, entry in BEAT_SCHEDULE.items()
}
if CELERY_BROKER_URL.startswith("redis"):
    # Shorter than a burst's wait in the queue and than any countdown: tasks are delivered twice. A worker looks for
    # such tasks every two seconds, where else ten seconds and then a hundred go by.
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 10,
        "unacked_restore_interval": 2,
        "unacked_restore_throttle": 1,
    }

MIDDLEWARE = ["tests.chaos.failing_site.ForgetfulSite", *MIDDLEWARE]
if os.environ.get("CHAOS_HURRY"):
    INSTALLED_APPS = [*INSTALLED_APPS, "tests.chaos.short_timeouts.Hurry"]
