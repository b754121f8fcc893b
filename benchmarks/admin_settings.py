"""Settings of the measurement of the admin's pages: those of the others, and an admin with its sessions."""

from __future__ import annotations

from .settings import *  # noqa: F403  the same but for what follows
from .settings import IHUYI as _IHUYI
from .settings import INSTALLED_APPS as _APPS

INSTALLED_APPS = [
    *_APPS,
    "django.contrib.admin",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
ROOT_URLCONF = "benchmarks.admin_urls"
STATIC_URL = "/static/"
# An account of which only old messages are, and one that has never sent any: what filters find hard.
_DEFAULT = _IHUYI["ACCOUNTS"]["default"]
IHUYI = {**_IHUYI, "ACCOUNTS": {"default": _DEFAULT, "old": _DEFAULT, "unused": _DEFAULT}}
