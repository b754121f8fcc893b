"""Table of webhook deliveries: one row for each event and endpoint.

A row holds what an event was, and no number and no text: those are read from the message when it is posted, as far as
they are still kept.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from django_ihuyi.china_time import is_reached, reached
from django_ihuyi.models import Message, Reply
from django_ihuyi.models.base import PrimaryDBManager, PrimaryDBModel, without_index
from django_ihuyi.models.column_limits import fit_values
from django_ihuyi.transactions import refuse_transaction

from .endpoint import MAX_AGE, PING, WebhookEndpoint

GRACE = timedelta(seconds=60)
"""How long after publishing a delivery the sweep takes the task for lost, at first."""
_MAX_GRACE = timedelta(hours=1)
_MAX_WAIT = timedelta(hours=12)
"""Between two tries: the longest back-off with its jitter."""


class DeliveryStatus(models.TextChoices):
    """Where a delivery stands."""

    PENDING = "pending", _("pending")
    SENDING = "sending", _("being posted")
    DELIVERED = "delivered", _("delivered")
    DEAD = "dead", _("dead letter")


ENDED = (DeliveryStatus.DELIVERED, DeliveryStatus.DEAD)


def new_event_id() -> str:
    """Return a new event's id."""
    return f"evt_{secrets.token_hex(16)}"


def default_publish_at() -> datetime:
    """When the sweep publishes what is recorded now, should its task get lost."""
    return timezone.now() + GRACE


def default_give_up_at() -> datetime:
    """When what is recorded now is given up, if it is not taken by then."""
    return timezone.now() + MAX_AGE


class WebhookDeliveryManager(PrimaryDBManager["WebhookDelivery"]):
    """Finds what is to be done."""

    def to_deliver(self, pk: int) -> WebhookDelivery | None:
        """Read a pending delivery with what its payload is made of, and without any text."""
        rows = self.select_related("endpoint", "message", "reply").defer("message__content", "reply__content")
        return rows.filter(pk=pk, status=DeliveryStatus.PENDING).first()

    def due(self, now: datetime) -> QuerySet[WebhookDelivery]:
        """Find what waits though its task should have run, the longest waiting first.

        What waits for an endpoint that did not answer last waits without a task: :meth:`first_of` tries one.
        """
        return self._unpublished(now).filter(endpoint__active=True, endpoint__failures=0)

    def first_of(self, endpoint: WebhookEndpoint, now: datetime) -> WebhookDelivery | None:
        """Find the one with which an endpoint is tried that did not answer last."""
        due = reached("due_at", now, longest=_MAX_WAIT)
        return self._unpublished(now).filter(due, endpoint=endpoint).first()

    def too_old(self, now: datetime) -> QuerySet[WebhookDelivery]:
        """Find what waits and is given up, the oldest first."""
        old = reached("give_up_at", now, longest=MAX_AGE)
        return self.filter(old, status=DeliveryStatus.PENDING).order_by("pk")

    def abandoned(self, now: datetime) -> QuerySet[WebhookDelivery]:
        """Find what a worker claimed and never settled."""
        return self.filter(status=DeliveryStatus.SENDING, claimed_until__lt=now).order_by("claimed_until")

    def ping(self, endpoint: WebhookEndpoint) -> WebhookDelivery:
        """Record an event for one endpoint that says nothing but that we can reach it."""
        return self.create(endpoint=endpoint, event_id=new_event_id(), event=PING)

    def _unpublished(self, now: datetime) -> QuerySet[WebhookDelivery]:
        late = reached("publish_at", now, longest=_MAX_WAIT)
        return self.filter(late, status=DeliveryStatus.PENDING).order_by("publish_at")


class WebhookDelivery(PrimaryDBModel):
    """One event on its way to one endpoint. ``event_id`` is the same at every try, and at a replay."""

    Status = DeliveryStatus

    # No constraint: an endpoint that was deleted a moment ago must not undo a message's change of status.
    endpoint = models.ForeignKey(
        WebhookEndpoint,
        models.CASCADE,
        db_constraint=False,
        db_index=False,
        related_name="deliveries",
        verbose_name=_("endpoint"),
    )
    event_id = models.CharField(_("event's id"), max_length=40)
    event = models.CharField(_("event"), max_length=32)
    message = models.ForeignKey(
        Message, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("message")
    )
    reply = models.ForeignKey(Reply, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("reply"))
    data = models.JSONField(_("data"), default=dict)
    status = models.CharField(
        _("status"), max_length=16, choices=DeliveryStatus.choices, default=DeliveryStatus.PENDING
    )
    attempts = models.PositiveSmallIntegerField(_("tries"), default=0)
    created_at = models.DateTimeField(pgettext_lazy("date", "created"), default=timezone.now)
    due_at = models.DateTimeField(_("not before"), default=timezone.now)
    publish_at = models.DateTimeField(_("published again"), default=default_publish_at)
    give_up_at = models.DateTimeField(_("tried until"), default=default_give_up_at)
    claimed_until = models.DateTimeField(_("claimed until"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    answer = models.PositiveSmallIntegerField(_("HTTP status"), null=True, blank=True, help_text=_("The last one."))
    error = models.CharField(_("error"), max_length=255, blank=True)

    objects: ClassVar[WebhookDeliveryManager] = WebhookDeliveryManager()

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        ordering = ("-id",)
        permissions = [("replay_webhooks", _("Can have webhook deliveries posted again"))]
        indexes = [
            models.Index(fields=["status", "publish_at"], name="ihuyi_hook_publish"),
            models.Index(fields=["status", "claimed_until"], name="ihuyi_hook_claim"),
            models.Index(fields=["status", "-id"], name="ihuyi_hook_status"),
            models.Index(fields=["endpoint", "-id"], name="ihuyi_hook_endpoint"),
            models.Index(fields=["created_at"], name="ihuyi_hook_created"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["event_id", "endpoint"], name="ihuyi_hook_once"),
            models.CheckConstraint(condition=Q(status__in=DeliveryStatus.values), name="ihuyi_hook_status_known"),
        ]

    def __str__(self) -> str:
        return gettext("webhook delivery %(number)s") % {"number": self.pk}

    def claim(self, *, now: datetime, lease: timedelta) -> bool:
        """Take it, as it was read, for one try. Whoever asks second gets nothing.

        Args:
            now: The present.
            lease: How long the claim holds; must outlast the longest post.

        Raises:
            RuntimeError: A transaction is open, so that the claim would not be committed before the post.
        """
        refuse_transaction("A webhook delivery", using=WebhookDelivery.objects.db)
        return self._move(
            Q(status=DeliveryStatus.PENDING, attempts=self.attempts) & reached("due_at", now, longest=_MAX_WAIT),
            status=DeliveryStatus.SENDING,
            attempts=self.attempts + 1,
            claimed_until=now + lease,
        )

    def deliver(self, *, answer: int, now: datetime) -> bool:
        """The receiver took it. Returns whether this call changed the row.

        That is the truth whoever has claimed it since, as where this try was thought dead: nothing is posted twice for
        want of asking.
        """
        return self._move(
            ~Q(status=DeliveryStatus.DELIVERED),
            status=DeliveryStatus.DELIVERED,
            answer=answer,
            error="",
            claimed_until=None,
            ended_at=now,
        )

    def requeue(self, *, answer: int | None, error: str, due_at: datetime) -> bool:
        """It did not get there: to be tried again.

        Args:
            answer: The receiver's HTTP status, if it answered.
            error: What went wrong.
            due_at: Not before this time; the sweep publishes it then.

        Returns:
            Whether this call changed the row.
        """
        return self._settle(status=DeliveryStatus.PENDING, answer=answer, error=error, due_at=due_at, publish_at=due_at)

    def fail(self, *, answer: int | None, error: str, now: datetime) -> bool:
        """It is given up, until somebody replays it. Returns whether this call changed the row."""
        return self._settle(status=DeliveryStatus.DEAD, answer=answer, error=error, ended_at=now)

    def expire(self, *, now: datetime) -> bool:
        """Its time is over while it waits. Returns whether this call changed the row."""
        pending = Q(status=DeliveryStatus.PENDING, attempts=self.attempts, give_up_at=self.give_up_at)
        return self._move(pending, status=DeliveryStatus.DEAD, ended_at=now)

    def is_due(self, now: datetime) -> bool:
        """Whether it may be tried now, as far as its own pauses go."""
        return is_reached(self.due_at, now, longest=_MAX_WAIT)

    def reserve_enqueue(self, *, now: datetime) -> bool:
        """Take the right to publish its task once more. Of two sweeps that read the same row one wins.

        The next time it has waited twice as long, up to an hour: a long queue is not flooded with doubles.
        """
        wait = min(max(GRACE, now - self.due_at), _MAX_GRACE)
        return self._move(Q(status=DeliveryStatus.PENDING, publish_at=self.publish_at), publish_at=now + wait)

    def replay(self, *, now: datetime) -> bool:
        """Post it once more, with as many tries as at first, under the same event id.

        Returns:
            Whether this call changed the row: only what has ended is replayed.
        """
        return self._move(
            Q(status__in=ENDED),
            status=DeliveryStatus.PENDING,
            attempts=0,
            due_at=now,
            publish_at=now + GRACE,
            give_up_at=now + MAX_AGE,
            claimed_until=None,
            ended_at=None,
        )

    def _settle(self, **changes: Any) -> bool:  # noqa: ANN401  a row's values
        """End this claim. Another attempt's claim is not ours to end, hence ``attempts``."""
        return self._move(Q(status=DeliveryStatus.SENDING, attempts=self.attempts), claimed_until=None, **changes)

    def _move(self, condition: Q, **changes: Any) -> bool:  # noqa: ANN401  a row's values
        told = {name: changes[name] for name in {"answer", "error"} & changes.keys()}
        changes |= fit_values(WebhookDelivery, told, using=WebhookDelivery.objects.db)
        if not WebhookDelivery.objects.filter(without_index(condition), pk=self.pk).update(**changes):
            return False
        for name, value in changes.items():
            setattr(self, name, value)
        return True
