"""Table of webhook endpoints: URL, events, secrets.

No secret is in the table. Each is derived from the site's ``SECRET_KEY`` and a random number that stands here: whoever
has a dump of the database, and not the key, can sign nothing.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple

from django.conf import settings
from django.db import models
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop, pgettext_lazy

from django_ihuyi.china_time import is_reached, reached
from django_ihuyi.models.base import PrimaryDBManager, PrimaryDBModel
from django_ihuyi.models.message_status import Category
from django_ihuyi.webhooks import signatures
from django_ihuyi.webhooks.conf import has_webhooks

_SALT = "django_ihuyi.webhooks"
CACHE_TIME = 5.0
"""Seconds for which a process does not ask again which endpoints there are."""
MAX_AGE = timedelta(days=3)
"""How long an event is tried, and an endpoint that takes none."""
GONE = gettext_noop("The receiver answered 410 Gone.")
UNREACHABLE = gettext_noop("The receiver took no event for three days.")
"""Why an endpoint is switched off, where nobody did it by hand."""
_FIRST_PAUSE = timedelta(seconds=5)
_MAX_PAUSE = timedelta(minutes=5)


class WebhookEvent(models.TextChoices):
    """What other systems can hear of."""

    MESSAGE_ACCEPTED = "message.accepted", _("the gateway took a message")
    MESSAGE_REJECTED = "message.rejected", _("the gateway refused a message for good")
    MESSAGE_DELIVERED = "message.delivered", _("a message was delivered")
    MESSAGE_UNDELIVERED = "message.undelivered", _("a message could not be delivered")
    MESSAGE_UNKNOWN = "message.unknown", _("nobody knows whether a message went out")
    MESSAGE_EXPIRED = "message.expired", _("a message's time ran out before it was sent")
    MESSAGE_CANCELLED = "message.cancelled", _("a message was cancelled")
    REPLY_RECEIVED = "reply.received", _("somebody replied")
    TEMPLATE_REVIEWED = "template.reviewed", _("a template was reviewed")
    ACCOUNT_PAUSED = "account.paused", _("an account was paused")
    ACCOUNT_RESUMED = "account.resumed", _("an account sends again")
    BALANCE_LOW = "balance.low", _("an account's balance is low")


PING = "ping"
"""The event that staff send to see whether an endpoint hears; every endpoint gets it."""


class Subscription(NamedTuple):
    """What must be known of an endpoint to write down what it is to hear. An empty filter takes everything."""

    pk: int
    events: frozenset[str]
    account: str
    category: str

    def wants(self, account: str, category: str) -> bool:
        """Whether an event of this account and category is for it; one that has neither is for everybody."""
        return (not self.account or account in ("", self.account)) and (
            not self.category or category in ("", self.category)
        )


class SubscriptionCache:
    """The active endpoints as this process read them last.

    Args:
        lifetime: Seconds for which they are not read again.
        clock: Tells the time in seconds, and never goes back.
    """

    def __init__(self, *, lifetime: float = CACHE_TIME, clock: Callable[[], float] = time.monotonic) -> None:
        self.subscriptions: tuple[Subscription, ...] = ()
        self._lifetime = lifetime
        self._clock = clock
        self._until: float | None = None

    def refresh(self, read: Callable[[], Iterable[Subscription]]) -> None:
        """Read the endpoints again, unless that was done a moment ago.

        Args:
            read: Reads them from the table.
        """
        if self._until is None or self._clock() >= self._until:
            self.subscriptions = tuple(read())
            self._until = self._clock() + self._lifetime

    def forget(self) -> None:
        """Read them the next time: something changed."""
        self._until = None


_known = SubscriptionCache()


class WebhookEndpointManager(PrimaryDBManager["WebhookEndpoint"]):
    """Knows who wants to hear of what."""

    def subscribed_to(self, event: str, *, as_known: bool = False) -> list[Subscription]:
        """Return the active endpoints that want an event, as they were at most :data:`CACHE_TIME` seconds ago.

        Without ``IHUYI["WEBHOOKS"]`` nobody does, and the table is not asked.

        Args:
            event: The event's name.
            as_known: Whether what was read last will do, however long ago: then the table is not asked.
        """
        if not has_webhooks():
            return []
        if not as_known:
            _known.refresh(self._read_subscriptions)
        return [one for one in _known.subscriptions if event in one.events]

    def unreachable(self, now: datetime) -> QuerySet[WebhookEndpoint]:
        """Find the active endpoints that took nothing for :data:`MAX_AGE`."""
        return self.filter(active=True, failing_since__lte=now - MAX_AGE).order_by("pk")

    def failing(self, now: datetime) -> QuerySet[WebhookEndpoint]:
        """Find the active endpoints that did not answer last, and may be tried again now."""
        rested = Q(rests_until=None) | reached("rests_until", now, longest=_MAX_PAUSE)
        return self.filter(rested, active=True, failures__gt=0).order_by("pk")

    def forget(self) -> None:
        """Ask the table the next time: something changed."""
        _known.forget()

    def _read_subscriptions(self) -> Iterator[Subscription]:
        rows = self.filter(active=True).order_by("pk")
        for pk, events, account, category in rows.values_list("pk", "events", "account", "category"):
            yield Subscription(pk, frozenset(events), account, category)


class WebhookEndpoint(PrimaryDBModel):
    """A system that hears of events by POST.

    ``nonce`` and ``previous_nonce`` are what the two secrets are derived from; the one before counts until
    ``previous_until``.
    """

    name = models.CharField(pgettext_lazy("label", "name"), max_length=64, unique=True)
    url = models.CharField(_("URL"), max_length=500, help_text=_("Where events are posted to, https://..."))
    events = models.JSONField(_("events"), default=list)
    account = models.CharField(
        _("account"), max_length=64, blank=True, help_text=_("Only events of this account; empty for all.")
    )
    category = models.CharField(
        _("category"),
        max_length=16,
        blank=True,
        choices=Category.choices,
        help_text=_("Only messages of this category; empty for all."),
    )
    whole_numbers = models.BooleanField(
        _("whole numbers and metadata"),
        default=False,
        help_text=_("Whether it is told whole mobile numbers instead of masked ones, and the messages' metadata."),
    )
    active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(pgettext_lazy("date", "created"), default=timezone.now)
    disabled_at = models.DateTimeField(_("switched off"), null=True, blank=True)
    disabled_reason = models.CharField(_("why it is switched off"), max_length=255, blank=True)
    nonce = models.CharField(max_length=32, editable=False)
    previous_nonce = models.CharField(max_length=32, blank=True, editable=False)
    previous_until = models.DateTimeField(_("old secret counts until"), null=True, blank=True, editable=False)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    rests_until = models.DateTimeField(_("rests until"), null=True, blank=True)
    failing_since = models.DateTimeField(_("no answer since"), null=True, blank=True)

    objects: ClassVar[WebhookEndpointManager] = WebhookEndpointManager()

    class Meta:
        verbose_name = _("webhook endpoint")
        verbose_name_plural = _("webhook endpoints")
        ordering = ("-id",)
        permissions = [("rotate_webhook_secret", _("Can change the secrets of webhook endpoints"))]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  passed on as they came
        """Save, with the first secret made on the first time."""
        if not self.nonce:
            self.nonce = _new_nonce()
        super().save(*args, **kwargs)
        WebhookEndpoint.objects.forget()

    @property
    def secret(self) -> str:
        """The secret that counts now, ``whsec_...``: for its owner's eyes, once."""
        return _derive(self.nonce, settings.SECRET_KEY)

    def secrets(self, now: datetime) -> list[str]:
        """Return all secrets that events are signed with: a receiver may still know an older one.

        Args:
            now: The present.
        """
        nonces = [self.nonce]
        if self.previous_until is not None and self.previous_until > now:
            nonces.append(self.previous_nonce)
        keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
        return [_derive(nonce, key) for nonce in nonces for key in keys]

    def rotate(self, *, now: datetime, overlap: timedelta) -> bool:
        """Put a new secret in the place of the one that counts now.

        Args:
            now: The present.
            overlap: How long the old one still counts.

        Returns:
            Whether this call did. Of two people who press the button one wins.
        """
        changes = {"nonce": _new_nonce(), "previous_nonce": self.nonce, "previous_until": now + overlap}
        return self._change(Q(nonce=self.nonce), changes)

    def switch_off(self, *, reason: str, now: datetime) -> bool:
        """Send it nothing more until somebody switches it on. What waits for it is kept.

        Args:
            reason: Why, in English; empty where somebody did it by hand.
            now: The present.

        Returns:
            Whether it was on.
        """
        return self._change(Q(active=True), {"active": False, "disabled_at": now, "disabled_reason": reason})

    def switch_on(self) -> bool:
        """Send it what waits, and what comes. Returns whether it was off."""
        changes = {"active": True, "disabled_at": None, "disabled_reason": "", **_WORKS}
        return self._change(Q(active=False), changes)

    def pause(self, *, now: datetime) -> None:
        """Leave it alone for a while, each time twice as long: it did not answer, or could not work.

        Args:
            now: The present.
        """
        doublings: int = 2 ** min(self.failures, 10)
        rests_until = now + min(_FIRST_PAUSE * doublings, _MAX_PAUSE)
        # Of many that fail at the same time the first counts.
        WebhookEndpoint.objects.filter(pk=self.pk, failures=self.failures).update(
            failures=F("failures") + 1, rests_until=rests_until, failing_since=Coalesce("failing_since", Value(now))
        )

    def take_turn(self, *, now: datetime, rest: timedelta) -> bool:
        """Take the right to try an endpoint that did not answer last. Of several one gets it, and none while it rests.

        Args:
            now: The present.
            rest: How long nobody else tries it; must outlast the longest post.
        """
        if self.resting_until(now) is not None:
            return False
        # As it was read: of several one changes it.
        rows = WebhookEndpoint.objects.filter(pk=self.pk, rests_until=self.rests_until, failures=self.failures)
        return bool(rows.update(rests_until=now + rest))

    def resting_until(self, now: datetime) -> datetime | None:
        """Return until when it is left alone, or None if it may be tried now."""
        if self.rests_until is None or is_reached(self.rests_until, now, longest=_MAX_PAUSE):
            return None
        return self.rests_until

    def recover(self) -> None:
        """It answers again: all that waits for it may go out."""
        if self.failures:
            WebhookEndpoint.objects.filter(pk=self.pk).update(**_WORKS)

    def _change(self, condition: Q, changes: Mapping[str, Any]) -> bool:
        if not WebhookEndpoint.objects.filter(condition, pk=self.pk).update(**changes):
            return False
        for name, value in changes.items():
            setattr(self, name, value)
        WebhookEndpoint.objects.forget()
        return True


_WORKS: Mapping[str, Any] = MappingProxyType({"failures": 0, "rests_until": None, "failing_since": None})


def _new_nonce() -> str:
    return secrets.token_hex(16)


def _derive(nonce: str, key: str | bytes) -> str:
    return signatures.secret_of(salted_hmac(_SALT, nonce, secret=key, algorithm="sha256").digest())
