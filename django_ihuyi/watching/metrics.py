"""The figures of the record in Prometheus' text format, through its client library (the extra ``metrics``).

Every figure is read from the tables when it is asked for, so it is the same whichever process answers: nothing has to
be gathered from several ones. No label holds anything about a person.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Max
from django.utils import timezone

from django_ihuyi import conf
from django_ihuyi.balance import reading
from django_ihuyi.models import AccountState, Heartbeat, Message, Receipt, Reply, WebhookDelivery
from django_ihuyi.models.lifecycle import MessageStatus
from django_ihuyi.models.webhook_delivery import DeliveryStatus

from . import beats, record, totals

if TYPE_CHECKING:
    from prometheus_client import Metric

CAP = 10_000
"""Messages of a status that are counted at the most."""
_COUNTED = (MessageStatus.QUEUED, MessageStatus.SUBMITTING, MessageStatus.UNKNOWN)
"""The statuses that do not grow with the table's age."""


def render() -> tuple[bytes, str]:
    """Return the figures and their content type.

    Raises:
        ImportError: The extra ``metrics`` is not installed.
    """
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.exposition import CONTENT_TYPE_LATEST

    registry = CollectorRegistry()
    registry.register(_Collector())
    return generate_latest(registry), CONTENT_TYPE_LATEST


class _Collector:
    """Reads the figures, in a number of queries that does not depend on how many rows there are."""

    def describe(self) -> list[Metric]:
        """Nothing is read when it is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        now = timezone.now()
        yield from _messages(now)
        yield from totals.collect(now)
        yield from _accounts()
        yield from _pushes()
        yield from _signs_of_life(now)
        if conf.has_webhooks():
            yield _deliveries()


def _gauge(name: str, what: str, values: dict[str, float], label: str = "") -> Metric:
    from prometheus_client.core import GaugeMetricFamily

    family = GaugeMetricFamily(f"ihuyi_{name}", what, labels=[label] if label else None)
    for key, value in values.items():
        family.add_metric([key] if label else [], value)
    return family


def _messages(now: datetime) -> Iterator[Metric]:
    counts = {
        status.value: float(Message.objects.filter(status=status).order_by()[:CAP].count()) for status in _COUNTED
    }
    yield _gauge("messages", f"Messages in this status, {CAP} at the most.", counts, "status")
    times = list(record.due(now).values_list("due_at", flat=True)[: record.CAP])
    oldest = (now - min(times)).total_seconds() if times else 0.0
    yield _gauge("oldest_due_seconds", "For how long the oldest due message has been waiting.", {"": oldest})


def _accounts() -> Iterator[Metric]:
    aliases = conf.get_account_aliases()
    paused = set(AccountState.objects.filter(paused_since__isnull=False).values_list("account", flat=True))
    values = {alias: float(alias in paused) for alias in aliases}
    yield _gauge("account_paused", "1 while the account is paused.", values, "account")
    left = {alias: float(last.remaining) for alias, last in reading.latest() if last is not None}
    yield _gauge("balance", "What the account had left when it was asked last: messages, or yuan.", left, "account")


def _pushes() -> Iterator[Metric]:
    last = {
        kind: moment.timestamp()
        for kind, model in (("receipt", Receipt), ("reply", Reply))
        if (moment := model._default_manager.aggregate(last=Max("received_at"))["last"]) is not None
    }
    yield _gauge("last_push_timestamp_seconds", "When the last push of this kind came.", last, "kind")


def _deliveries() -> Metric:
    counts = {
        status.value: float(WebhookDelivery.objects.filter(status=status).order_by()[:CAP].count())
        for status in (DeliveryStatus.PENDING, DeliveryStatus.DEAD)
    }
    return _gauge("webhook_deliveries", f"Webhook deliveries in this status, {CAP} at the most.", counts, "status")


def _signs_of_life(now: datetime) -> Iterator[Metric]:
    queues = {beats.row_name(name): name or "default" for name in beats.queue_names()}
    rows = Heartbeat.objects.in_bulk([beats.SWEEP, *queues], field_name="name")
    swept = rows.get(beats.SWEEP)
    times = {"": swept.beaten_at.timestamp()} if swept is not None and swept.beaten_at else {}
    yield _gauge("last_sweep_timestamp_seconds", "When the last sweep ran.", times)
    delays = {
        queue: rows[name].delay(now).total_seconds()
        for name, queue in queues.items()
        if name in rows and rows[name].asked_at is not None
    }
    yield _gauge("queue_delay_seconds", "How long a task takes through the queue, or has been taking.", delays, "queue")
