"""JSON payload of an event. It never contains a text or a code."""

from __future__ import annotations

import json
from typing import Any

from django_ihuyi.events import iso
from django_ihuyi.masking import mask_mobile, without_hash
from django_ihuyi.models import Message, Reply

from .models import WebhookDelivery


def render(delivery: WebhookDelivery) -> bytes:
    """Return a delivery's body.

    Number and metadata are read from the record now: what was erased or hashed since does not go out.

    Args:
        delivery: A delivery with its endpoint, message and reply.
    """
    body = {
        "id": delivery.event_id,
        "type": delivery.event,
        "timestamp": iso(delivery.created_at),
        "data": {**delivery.data, **_personal_data(delivery)},
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _personal_data(delivery: WebhookDelivery) -> dict[str, Any]:
    row: Message | Reply | None = delivery.reply or delivery.message
    if row is None:
        return {}
    if not delivery.endpoint.whole_numbers:
        return {"mobile": mask_mobile(row.mobile)}
    # Sites note names and addresses in the metadata: what the admin hides with the number goes out with it only.
    noted = {} if delivery.message is None else {"metadata": delivery.message.metadata}
    return {"mobile": without_hash(row.mobile), **noted}
