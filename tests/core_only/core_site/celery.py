"""The site's Celery application: tasks run where they are published."""

from __future__ import annotations

from celery import Celery

app = Celery("core_site")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.set_default()
