"""Settings of a site that only sends notices: Django's own apps and the core."""

from __future__ import annotations

from typing import Any

SECRET_KEY = "core-only"
ALLOWED_HOSTS = ["*"]
USE_TZ = True
LANGUAGE_CODE = "en"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_ihuyi",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
ROOT_URLCONF = "core_site.urls"
STATIC_URL = "static/"
PUSH_TOKEN = "core-only-push-token-0123456789"
IHUYI: dict[str, Any] = {
    "ACCOUNTS": {
        "default": {
            "ACCOUNT": "cf_core",
            "API_KEY": "0123456789abcdef0123456789abcdef",
            "BASE_URL": "http://127.0.0.1:9/webservice/sms.php",
        }
    },
    "PUSH_TOKENS": [PUSH_TOKEN],
}
CELERY_TASK_ALWAYS_EAGER = True
