"""Metrics in the Prometheus format (extra ``metrics``).

The installed features add theirs (:meth:`.hooks.FeatureConfig.metrics`).

Every figure is read from the tables when it is asked for, so it is the same whichever process answers: nothing has to
be gathered from several ones. No label holds anything about a person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Max
from django.utils import timezone

from django_ihuyi import balance, conf, hooks
from django_ihuyi.models import AccountState, Heartbeat, Message, Receipt, Reply
from django_ihuyi.models.message_status import MessageStatus

from . import database_health, heartbeats

if TYPE_CHECKING:
    from prometheus_client import Metric

CAP = 10_000
"""Rows of a status that are counted at the most."""
_COUNTED = (MessageStatus.QUEUED, MessageStatus.SUBMITTING, MessageStatus.UNKNOWN)
"""The statuses that do not grow with the table's age."""


def render(*, cap: int = CAP) -> tuple[bytes, str]:
    """Return the figures and their content type.

    Args:
        cap: Messages of a status that are counted at the most.

    Raises:
        ImportError: The extra ``metrics`` is not installed.
    """
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.exposition import CONTENT_TYPE_LATEST

    registry = CollectorRegistry()
    registry.register(_Collector(cap))
    return generate_latest(registry), CONTENT_TYPE_LATEST


class _Collector:
    """Reads the figures, in a number of queries that does not depend on how many rows there are."""

    def __init__(self, cap: int) -> None:
        self._cap = cap

    def describe(self) -> list[Metric]:
        """Nothing is read when it is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        now = timezone.now()
        sources: list[tuple[int, Callable[[datetime], Iterator[Metric]]]] = [
            (10, self._messages),
            (30, _accounts),
            (40, _pushes),
            (50, _heartbeats),
            *((config.metrics_order, config.metrics) for config in hooks.features()),
        ]
        for _order, read in sorted(sources, key=lambda source: source[0]):
            yield from read(now)

    def _messages(self, now: datetime) -> Iterator[Metric]:
        counts = {
            status.value: float(Message.objects.filter(status=status).order_by()[: self._cap].count())
            for status in _COUNTED
        }
        yield gauge("messages", f"Messages in this status, {self._cap} at the most.", counts, "status")
        times = database_health.due_times(now)
        oldest = (now - min(times)).total_seconds() if times else 0.0
        yield gauge("oldest_due_seconds", "For how long the oldest due message has been waiting.", {"": oldest})


def gauge(name: str, what: str, values: Mapping[str, float], label: str = "") -> Metric:
    """Make a figure that goes up and down.

    Args:
        name: Its name without ``ihuyi_``.
        what: What it is, for the page.
        values: Its values by the label's.
        label: The label's name; empty for a figure without one, whose only key is empty.

    Raises:
        ImportError: The extra ``metrics`` is not installed.
    """
    from prometheus_client.core import GaugeMetricFamily

    family = GaugeMetricFamily(f"ihuyi_{name}", what, labels=[label] if label else None)
    for key, value in values.items():
        family.add_metric([key] if label else [], value)
    return family


def _accounts(_now: datetime) -> Iterator[Metric]:
    aliases = conf.get_account_aliases()
    paused = set(AccountState.objects.filter(paused_since__isnull=False).values_list("account", flat=True))
    values = {alias: float(alias in paused) for alias in aliases}
    yield gauge("account_paused", "1 while the account is paused.", values, "account")
    left = {alias: float(last.remaining) for alias, last in balance.latest() if last is not None}
    yield gauge("balance", "What the account had left when it was asked last: messages, or yuan.", left, "account")


def _pushes(_now: datetime) -> Iterator[Metric]:
    last = {
        kind: moment.timestamp()
        for kind, model in (("receipt", Receipt), ("reply", Reply))
        if (moment := model._default_manager.aggregate(last=Max("received_at"))["last"]) is not None
    }
    yield gauge("last_push_timestamp_seconds", "When the last push of this kind came.", last, "kind")


def _heartbeats(now: datetime) -> Iterator[Metric]:
    queues = {heartbeats.row_name(name): name or "default" for name in heartbeats.queue_names()}
    rows = Heartbeat.objects.in_bulk([heartbeats.SWEEP, *queues], field_name="name")
    swept = rows.get(heartbeats.SWEEP)
    times = {"": swept.beaten_at.timestamp()} if swept is not None and swept.beaten_at else {}
    yield gauge("last_sweep_timestamp_seconds", "When the last sweep ran.", times)
    delays = {
        queue: rows[name].delay(now).total_seconds()
        for name, queue in queues.items()
        if name in rows and rows[name].asked_at is not None
    }
    yield gauge("queue_delay_seconds", "How long a task takes through the queue, or has been taking.", delays, "queue")
