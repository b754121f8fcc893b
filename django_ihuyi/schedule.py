"""Schedule for Celery beat. Imports no model, so ``celery.py`` can import it."""

from __future__ import annotations

from typing import Any

from celery.schedules import crontab

BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "django-ihuyi-sweep": {
        "task": "django_ihuyi.tasks.sweep",
        "schedule": 10.0,
        # One that waited for a minute has successors; and behind a campaign, workers sweep by themselves.
        "options": {"expires": 60.0},
    },
    "django-ihuyi-check-balance": {
        "task": "django_ihuyi.tasks.check_balance",
        "schedule": 600.0,
        "options": {"expires": 600.0},
    },
    "django-ihuyi-purge": {"task": "django_ihuyi.tasks.purge", "schedule": crontab(hour="3", minute="30")},
}
"""Merge it into yours: ``app.conf.beat_schedule = {**BEAT_SCHEDULE, ...}``."""
