"""The example site's settings, with rates, and a queue for each category."""

from __future__ import annotations

from example_project.settings import *  # noqa: F403  settings are their names
from example_project.settings import IHUYI as _IHUYI

_default = _IHUYI["ACCOUNTS"]["default"]

IHUYI = {
    **_IHUYI,
    "ACCOUNTS": {"default": {**_default, "RATE_LIMIT": 2}, "limited": {**_default, "RATE_LIMIT": 20}},
    "QUEUES": {"verification": "codes", "notification": "codes", "marketing": "campaigns"},
}
