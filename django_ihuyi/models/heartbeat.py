"""Table of heartbeats: the last sweep, and the delay of each queue."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models

from .base import PrimaryDBModel


class Heartbeat(PrimaryDBModel):
    """One sign of life. Of a queue: when a task was published through it, and when a worker ran it."""

    name = models.CharField(max_length=160, unique=True)
    asked_at = models.DateTimeField(null=True)
    beaten_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name

    @property
    def outstanding(self) -> bool:
        """Whether the last task that was published has not been run."""
        return self.asked_at is not None and (self.beaten_at is None or self.beaten_at < self.asked_at)

    def delay(self, now: datetime) -> timedelta:
        """Return how long the last task took through the queue, or has been taking so far."""
        if self.asked_at is None:
            return timedelta(0)
        until = now if self.outstanding or self.beaten_at is None else self.beaten_at
        return until - self.asked_at
