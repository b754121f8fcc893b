"""Settings of the example site. Everything that differs between a demo and a server is an environment variable.

Without any variable the site runs on SQLite, a broker in a file, and the sandbox gateway: ``make demo``. The same
code runs on PostgreSQL or MariaDB, Redis or RabbitMQ, and the real gateway with ``DATABASE_URL``,
``CELERY_BROKER_URL``, ``IHUYI_ACCOUNT``, ``IHUYI_API_KEY`` and ``IHUYI_PUSH_TOKEN``. In front of strangers it has
``DEBUG=0``, a ``SECRET_KEY``, its ``ALLOWED_HOSTS``, and ``HTTPS=1``: then ``check --deploy`` finds nothing.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django_ihuyi.schedule import BEAT_SCHEDULE

from . import environment

BASE_DIR = Path(__file__).resolve().parent
DATA_DIR = Path(os.environ.get("IHUYI_DEMO_DATA") or BASE_DIR.parent / "demo-data").resolve()
SANDBOX_PORT = os.environ.get("SANDBOX_PORT") or "8106"

DEBUG = environment.flag("DEBUG", default=True)
SECRET_KEY = environment.secret_key(debug=DEBUG)
ALLOWED_HOSTS = [host for host in os.environ.get("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]").split(",") if host]

DATABASES = {"default": environment.database(DATA_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- SMS -------------------------------------------------------------------------------------------------------------

CODES_PER_ADDRESS = int(os.environ.get("CODES_PER_ADDRESS") or 20)
IHUYI: dict[str, Any] = {
    "ACCOUNTS": {"default": environment.account(SANDBOX_PORT)},
    "PUSH_TOKENS": environment.push_tokens(),
    # With the real gateway, this text has to be among the account's approved templates.
    "REGISTRATION": {"MOBILE": "mobile", "CONTENT": "欢迎注册！您的账号已开通，登录名就是您的手机号码。"},
    # For staff, by their session or by number and password; each verb wants a permission besides.
    "API": {
        "PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
        "AUTHENTICATION_CLASSES": [
            "rest_framework.authentication.SessionAuthentication",
            "rest_framework.authentication.BasicAuthentication",
        ],
        "SCHEMA": True,
    },
    "VERIFICATION": {
        # Anybody can ask for a code to any number where people sign up, so a captcha stands before the first one. The
        # other pages show one once an address or the site has had many.
        "CAPTCHA": "django_ihuyi.contrib.simple_captcha.check",
        "PURPOSES": {"sign-up": {"CAPTCHA": "always"}},
        # Everybody who tries a demo comes from the same address.
        "ADDRESS_PER_HOUR": CODES_PER_ADDRESS,
        "ADDRESS_PER_DAY": 3 * CODES_PER_ADDRESS,
    },
}
# Any captcha is solved by "passed": for tests, which cannot read the pictures.
CAPTCHA_TEST_MODE = environment.flag("CAPTCHA_TEST_MODE", default=False)
CAPTCHA_FONT_SIZE = 32
USES_SANDBOX = not os.environ.get("IHUYI_ACCOUNT")
PHONE_PAGE = f"http://127.0.0.1:{SANDBOX_PORT}/" if USES_SANDBOX else None

CELERY_BROKER_URL, CELERY_BROKER_TRANSPORT_OPTIONS = environment.broker(DATA_DIR)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Several sites can share a broker if each has a queue of its own.
CELERY_TASK_DEFAULT_QUEUE = os.environ.get("CELERY_QUEUE") or "celery"
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_BEAT_SCHEDULE = BEAT_SCHEDULE
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")
# The broker in a file cannot broadcast, which is what remote control needs.
CELERY_WORKER_ENABLE_REMOTE_CONTROL = bool(os.environ.get("CELERY_BROKER_URL"))

# --- The site --------------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_ihuyi",
    "django_ihuyi.verification",
    "django_ihuyi.webhooks",
    "django_ihuyi.dashboard",
    "django_ihuyi.api",
    "example_project",
    "captcha",
    "example_project.users",
    "example_project.orders",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
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
                "example_project.context.phone_page",
            ],
        },
    },
]
ROOT_URLCONF = "example_project.urls"
WSGI_APPLICATION = "example_project.wsgi.application"
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"

FORM_RENDERER = "example_project.form_renderer.FormRenderer"

AUTH_USER_MODEL = "users.Person"
AUTHENTICATION_BACKENDS = [
    "django_ihuyi.contrib.auth.CodeBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("mobile",)},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "log-in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
HTTPS = environment.flag("HTTPS", default=False)
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = int(os.environ.get("HSTS_SECONDS") or 3600) if HTTPS else 0
# Set by the proxy that ends TLS, which has to take it out of what clients send.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
# Whether all the other hosts of the domain speak HTTPS as well, the site's owner knows and not this file.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

# --- Logs ------------------------------------------------------------------------------------------------------------

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"no_tokens": {"()": "django_ihuyi.log_filters.HidePushTokens"}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["no_tokens"]}},
    "loggers": {
        # Both write the paths of requests, and a push's path has the token in it.
        "django": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        "django.server": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        "django_ihuyi": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
    },
}
