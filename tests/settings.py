"""Settings of the test suite: SQLite in memory, or the database that ``DATABASE_URL`` names."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from typing import Any

import dj_database_url

SECRET_KEY = "tests-only"
ALLOWED_HOSTS = ["*"]
DEBUG = False
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

DATABASES: dict[str, Any] = {
    "default": dj_database_url.config(default="sqlite://:memory:"),
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, since tests with threads need what a site has: several connections to one database.
    _folder = tempfile.mkdtemp(prefix="ihuyi-tests-")
    atexit.register(shutil.rmtree, _folder, ignore_errors=True)
    DATABASES["default"]["TEST"] = {"NAME": f"{_folder}/test.sqlite3"}
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF",
    }
if DATABASES["default"]["ENGINE"].endswith("postgresql"):
    # Nobody needs what a test committed once the machine is off.
    DATABASES["default"]["OPTIONS"] = {"options": "-c synchronous_commit=off"}
if DATABASES["default"]["ENGINE"].endswith("mysql"):
    DATABASES["default"].setdefault("OPTIONS", {})["charset"] = "utf8mb4"
    DATABASES["default"]["TEST"] = {"CHARSET": "utf8mb4", "COLLATION": "utf8mb4_nopad_bin"}

# Whatever reads there is caught: see tests/db_routers.py.
DATABASES["replica"] = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:", "TEST": {"MIGRATE": False}}
DATABASE_ROUTERS = ["tests.db_routers.PrimaryReplicaRouter"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "rest_framework",
    "captcha",
    "drf_spectacular_sidecar",
    "django_ihuyi",
    "django_ihuyi.verification",
    "django_ihuyi.webhooks",
    "django_ihuyi.dashboard",
    "django_ihuyi.api",
    # The hosts of django_ihuyi.contrib.
    "allauth",
    "allauth.account",
    "django_otp",
    "django_otp.plugins.otp_static",
    "django_otp.plugins.otp_totp",
    "django_ihuyi.contrib.otp",
    "tests.contrib",
    "two_factor",
    "two_factor.plugins.phonenumber",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "two_factor.middleware.threadlocals.ThreadLocals",
    "django_ihuyi.verification.middleware.CodeThrottledMiddleware",
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
ROOT_URLCONF = "tests.urls"
STATIC_URL = "/static/"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

PUSH_TOKEN = "tests-push-token-0123456789"
OLD_PUSH_TOKEN = "tests-push-token-before-it-was-changed"
IHUYI: dict[str, Any] = {
    "ACCOUNTS": {
        "default": {
            "ACCOUNT": "cf_tests",
            "API_KEY": "0123456789abcdef0123456789abcdef",
            "SIGNATURE": "互亿无线",
            # A port that nobody listens on: a test that forgets to fake the wire fails instead of sending.
            "BASE_URL": "http://127.0.0.1:9/webservice/sms.php",
        },
    },
    "PUSH_TOKENS": [PUSH_TOKEN, OLD_PUSH_TOKEN],
}

# The hosts' own.
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
    "tests.contrib.backend.UsernameCodeBackend",
]
ACCOUNT_ADAPTER = "tests.contrib.adapter.Adapter"
ACCOUNT_LOGIN_METHODS = {"phone"}
ACCOUNT_SIGNUP_FIELDS = ["phone*", "password1*"]
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_RATE_LIMITS = False
TWO_FACTOR_SMS_GATEWAY = "django_ihuyi.contrib.two_factor.Gateway"
LOGIN_REDIRECT_URL = "/admin/"

CELERY_BROKER_URL = "memory://"
