"""The example site's settings, with events that may go to a receiver on this machine: ``WEBHOOK_PORT`` is its port."""

from __future__ import annotations

import os

from example_project.settings import *  # noqa: F403  settings are their names
from example_project.settings import IHUYI as _IHUYI

IHUYI = {
    **_IHUYI,
    "WEBHOOKS": {
        "ALLOWED_NETWORKS": ["127.0.0.0/8"],
        "ALLOW_HTTP": True,
        "PORTS": [int(os.environ["WEBHOOK_PORT"])],
        "TIMEOUT": (2, 30),
    },
}
