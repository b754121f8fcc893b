"""Settings of everything that is measured: the database and the broker that the environment names, and nothing else."""

from __future__ import annotations

import os
from typing import Any

import dj_database_url

SECRET_KEY = "benchmarks-only"
ALLOWED_HOSTS = ["*"]
DEBUG = False
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Of the parts that start the others nothing is asked of a database.
DATABASES = {"default": dj_database_url.config(default="sqlite://:memory:", conn_max_age=600)}
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "rest_framework",
    "django_ihuyi",
    "django_ihuyi.verification",
    "django_ihuyi.webhooks",
    "django_ihuyi.dashboard",
    "django_ihuyi.api",
    "post_office",
    "benchmarks.apps.BenchmarksConfig",
]
TEMPLATES: list[dict[str, Any]] = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
EMAIL_BACKEND = "post_office.EmailBackend"
ROOT_URLCONF = "benchmarks.urls"
MIDDLEWARE: list[str] = []

PUSH_TOKEN = "benchmarks-push-token-0123456789"
IHUYI: dict[str, Any] = {
    "ACCOUNTS": {
        "default": {
            "ACCOUNT": "cf_bench",
            "API_KEY": "0123456789abcdef0123456789abcdef",
            "BASE_URL": os.environ.get("BENCH_GATEWAY", "http://127.0.0.1:9/webservice/sms.php"),
        },
    },
    "PUSH_TOKENS": [PUSH_TOKEN],
    "QUEUES": {
        category: os.environ.get(f"BENCH_QUEUE_{category.upper()}")
        for category in ("verification", "notification", "marketing")
    },
}

if "BENCH_WEBHOOKS" in os.environ:
    IHUYI["WEBHOOKS"] = {
        "QUEUE": os.environ["BENCH_WEBHOOKS"],
        "ALLOW_HTTP": True,
        "ALLOWED_NETWORKS": ["127.0.0.0/8"],
        "PORTS": [int(os.environ["BENCH_WEBHOOKS_PORT"])],
    }

CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL", "memory://")
CELERY_TASK_DEFAULT_QUEUE = os.environ.get("CELERY_QUEUE", "celery")
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True

# Its Celery application is named on the command line, and not all of its URLconfs take pushes.
SILENCED_SYSTEM_CHECKS = ["django_ihuyi.W002", "django_ihuyi.W004"]
