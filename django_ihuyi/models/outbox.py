"""What other systems are to hear is written down in the transaction that changes the record: both are kept, or neither.

Where no endpoint wants an event this costs nothing: no transaction, no statement.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from django.db import transaction
from django.dispatch import Signal

from django_ihuyi import signals

from .webhook_endpoint import WebhookEndpoint

if TYPE_CHECKING:
    from .message import Message
    from .reply import Reply
    from .template import Template
    from .webhook_delivery import WebhookDelivery

recorded = Signal()
"""Deliveries are committed and can be published (``pks=``)."""


class Tell(Protocol):
    """Says what happened. ``message`` and ``reply`` are where the number is read when the event goes out."""

    def __call__(
        self,
        data: Mapping[str, Any],
        *,
        account: str = "",
        category: str = "",
        message: Message | None = None,
        reply: Reply | None = None,
    ) -> None: ...


@contextmanager
def telling(event: str, using: str) -> Iterator[Tell]:
    """Open a transaction if anybody wants to hear of an event, and write down what is told in it.

    Args:
        event: The event's name.
        using: The database in which the record changes.

    Yields:
        What to call, once for each thing that happened.
    """
    wanting = WebhookEndpoint.objects.wanting(event)
    if not wanting:
        yield _nobody
        return
    from .webhook_delivery import WebhookDelivery, new_event_id  # which names Message, which comes here

    rows: list[WebhookDelivery] = []

    def tell(
        data: Mapping[str, Any],
        *,
        account: str = "",
        category: str = "",
        message: Message | None = None,
        reply: Reply | None = None,
    ) -> None:
        event_id = new_event_id()
        rows.extend(
            WebhookDelivery(
                endpoint_id=one.pk, event_id=event_id, event=event, message=message, reply=reply, data=dict(data)
            )
            for one in wanting
            if one.wants(account, category)
        )

    # No savepoint: a fault in here undoes the caller's transaction as well, as it would without anybody listening.
    with transaction.atomic(using=using, savepoint=False):
        yield tell
        if rows:
            _record(rows, using)


def tell_messages(tell: Tell, messages: list[Message]) -> None:
    """Tell that messages changed their status. They are as the change left them."""
    for message in messages:
        data = {
            "message": message.pk,
            "status": message.status,
            "account": message.account,
            "category": message.category,
            "code": message.code,
            "smsid": message.smsid,
            "receipt_code": message.receipt_code,
            "reported_at": iso(message.reported_at),
        }
        tell(data, account=message.account, category=message.category, message=message)


def tell_reply(tell: Tell, reply: Reply) -> None:
    """Tell that somebody replied, and to what."""
    message = reply.message
    data = {
        "reply": reply.pk,
        "message": reply.message_id,
        "smsid": reply.smsid,
        "received_at": iso(reply.received_at),
    }
    account, category = (message.account, message.category) if message else ("", "")
    tell(data, account=account, category=category, message=message, reply=reply)


def tell_template(tell: Tell, template: Template) -> None:
    """Tell what the gateway made of a template."""
    data = {
        "template": template.pk,
        "name": template.name,
        "account": template.account,
        "template_id": template.template_id,
        "state": template.state,
    }
    tell(data, account=template.account)


def iso(moment: datetime | None) -> str | None:
    """Write a time as receivers read it."""
    return moment.isoformat() if moment else None


def _record(rows: list[WebhookDelivery], using: str) -> None:
    from .webhook_delivery import WebhookDelivery

    made = WebhookDelivery.objects.using(using).bulk_create(rows)
    pks = [row.pk for row in made]
    signals.send_after_commit(recorded, WebhookDelivery, using=using, pks=pks)


def _nobody(*_args: object, **_kwargs: object) -> None:
    """Nobody wants to hear of it."""
