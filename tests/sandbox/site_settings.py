"""The smallest site that runs the command: settings of the processes that the tests of the command start."""

from __future__ import annotations

import os
from typing import Any

SECRET_KEY = "tests-only"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django_ihuyi"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
LANGUAGE_CODE = os.environ.get("SITE_LANGUAGE", "en")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
IHUYI: dict[str, Any] = {
    "ACCOUNTS": {"default": {"ACCOUNT": "cf_tests", "API_KEY": "0123456789abcdef0123456789abcdef"}},
    "PUSH_TOKENS": ["tests-push-token-0123456789"],
}
