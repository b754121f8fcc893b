"""Shorter waits for the short run in the test suite, which would else be a minute's wait; a full run has the real ones.

The order that counts is kept: a worker gives the database up before its claim runs out.
"""

from __future__ import annotations

from datetime import timedelta

from django.apps import AppConfig


class Hurry(AppConfig):
    """An app that is nothing but its start."""

    name = "tests.chaos"
    label = "chaos_in_a_hurry"

    def ready(self) -> None:
        """Shorten the waits for a lost task and for a claim that runs out."""
        from django_ihuyi.dispatch import Dispatcher, set_dispatcher
        from django_ihuyi.models import receipt
        from django_ihuyi.worker import batch_submission, submission

        set_dispatcher(Dispatcher(requeue_after=timedelta(seconds=6), chunk_time=timedelta(seconds=3)))
        batch_submission._MARGIN = 1.0
        submission._LEASE_MARGIN = timedelta(seconds=6)
        submission._DB_RETRY_TIME = 4.0
        submission._FIRST_BACKOFF = 1.0
        receipt._FIRST_LOOK = timedelta(seconds=3)
