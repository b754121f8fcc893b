"""Events of the core: to the sinks of features in the same transaction, to signals after commit, to the log.

This module stands below the models: a change of a record and its events are one step, so the models call it. It knows
them by what it is handed only.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Protocol

from django.db import transaction
from django.db.models import Model
from django.dispatch import Signal

from . import signals
from .hooks import Event, EventSink, FeatureConfig, features

logger = logging.getLogger("django_ihuyi.messages")

_UNREMARKABLE = "submitting"
"""That a worker took a message is logged as DEBUG: another record follows at once and says what came of it."""
_SIGNALS: Mapping[str, Signal] = MappingProxyType(
    {
        "accepted": signals.message_accepted,
        "rejected": signals.message_rejected,
        "delivered": signals.message_delivered,
        "undelivered": signals.message_undelivered,
        "unknown": signals.message_unknown,
    }
)
"""By the message's new status. The statuses belong to the models, which are above this module."""


@contextmanager
def record_event(name: str, *, using: str) -> Iterator[Callable[[Event], None]]:
    """Open a transaction if any sink wants an event, and have the sinks write it down in the transaction.

    Args:
        name: The event's name, such as ``message.accepted``.
        using: The alias of the database in which the record changes.

    Yields:
        What to call with each :class:`~django_ihuyi.hooks.Event` that happened. Without a sink that wants the event
        there is no transaction and no statement, and what is called does nothing.

    Raises:
        Exception: What a sink raised. The change of the record is rolled back with it.
    """
    sinks = [sink for sink in _sinks(features()) if sink.wants(name)]
    if not sinks:
        yield _ignore
        return
    events: list[Event] = []
    # No savepoint: an error in here rolls the caller's transaction back as well, as it would without any sink.
    with transaction.atomic(using=using, savepoint=False):
        yield events.append
        if events:
            for sink in sinks:
                sink.record(name, events, using=using)


@lru_cache(maxsize=1)
def _sinks(configs: tuple[FeatureConfig, ...]) -> tuple[EventSink, ...]:
    # Kept as long as the same configs are installed: with other INSTALLED_APPS, features() returns other objects.
    return tuple(sink for config in configs for sink in config.event_sinks())


def _ignore(_event: Event) -> None:
    """No sink wants the event."""


class ChangedRow(Protocol):
    """What is read of a message that changed its status. Only Django's plugin knows the types of fields."""

    pk: Any
    status: Any
    account: Any
    category: Any
    code: Any
    receipt_code: Any
    attempts: Any


def log_and_signal_transition(message: ChangedRow, *, sender: type[Model], using: str) -> None:
    """Log that a message changed its status, with nothing about a person, and send the site's signal after commit.

    Args:
        message: The message as it is now. Its transaction may still be rolled back; the log record stays then.
        sender: The class that receivers of the signal name.
        using: The alias of the database in which the message changed.
    """
    level = logging.DEBUG if message.status == _UNREMARKABLE else logging.INFO
    if logger.isEnabledFor(level):
        logger.log(
            level,
            "Message %s is %s.",
            message.pk,
            message.status,
            extra={
                "event": f"message.{message.status}",
                "message_pk": message.pk,
                "account": message.account,
                "category": message.category,
                "code": message.code,
                "receipt_code": message.receipt_code,
                "attempts": message.attempts,
            },
        )
    signal = _SIGNALS.get(message.status)
    if signal is not None:
        signals.send_after_commit(signal, sender, using=using, message=message)


def iso(moment: datetime | None) -> str | None:
    """Write a time as receivers of events read it, in ISO 8601; None stays None."""
    return moment.isoformat() if moment else None
