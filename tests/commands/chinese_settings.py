"""A Chinese site in a file that ``CHINESE_SITE`` names, for commands in processes of their own."""

from __future__ import annotations

import os

from tests.settings import *  # noqa: F403  settings are their names
from tests.settings import IHUYI as _IHUYI

LANGUAGE_CODE = "zh-hans"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["CHINESE_SITE"]}}
DATABASE_ROUTERS = []
# Nothing listens there, and the names are Chinese.
_ACCOUNTS = {**_IHUYI["ACCOUNTS"], "营销": _IHUYI["ACCOUNTS"]["default"]}
IHUYI = {**_IHUYI, "ACCOUNTS": _ACCOUNTS, "WEBHOOKS": {"QUEUE": "webhooks"}}
