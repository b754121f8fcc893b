"""Transactional outbox: deliveries are recorded in the transaction that changes the row.

Where no endpoint wants an event this costs nothing: no transaction, no statement.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from django.db import transaction

from django_ihuyi.hooks import Event
from django_ihuyi.webhooks.models.delivery import new_event_id

from . import dispatch
from .models import WebhookDelivery, WebhookEndpoint

if TYPE_CHECKING:
    from django_ihuyi.models import Message, Reply


class WebhookOutbox:
    """The sink that writes a delivery for each endpoint that wants an event."""

    def wants(self, name: str) -> bool:
        """Whether an active endpoint wants an event of this name, as far as is known."""
        return bool(WebhookEndpoint.objects.subscribed_to(name))

    def record(self, name: str, events: Sequence[Event], *, using: str) -> None:
        """Write the deliveries in one statement, and publish them after commit.

        Args:
            name: The events' name.
            events: What happened.
            using: The alias of the database in which a transaction is open.
        """
        # Not asked anew: wants() did that a moment ago, outside of the transaction.
        wanting = WebhookEndpoint.objects.subscribed_to(name, as_known=True)
        rows = [
            WebhookDelivery(
                endpoint_id=endpoint.pk,
                event_id=event_id,
                event=name,
                message=cast("Message | None", event.message),
                reply=cast("Reply | None", event.reply),
                data=dict(event.data),
            )
            for event_id, event in ((new_event_id(), event) for event in events)
            for endpoint in wanting
            if endpoint.wants(event.account, event.category)
        ]
        if not rows:
            return
        pks = [row.pk for row in WebhookDelivery.objects.using(using).bulk_create(rows)]
        # robust: a fault of the broker's client must not undo the callbacks registered after this one.
        transaction.on_commit(lambda: dispatch.enqueue(pks), using=using, robust=True)
