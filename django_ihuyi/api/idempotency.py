"""The ``Idempotency-Key`` header: the same key sends one message.

The key that the message or the batch itself is recorded under is made of the caller's. So a call that was cut off
anywhere can be made again, and two at the same moment end in one row.
"""

from __future__ import annotations

import json

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from .access import caller_id
from .models import ApiCall
from .problem_details import Conflict

MAX_KEY_LENGTH = 255


def key_of(request: Request) -> str | None:
    """Return the key to record under, or None where the request has none.

    Raises:
        ValidationError: The header is empty, too long, or has other characters than printable ASCII.
        Conflict: The caller asked for something else under this key before.
    """
    given = request.headers.get("Idempotency-Key")
    if given is None:
        return None
    # What has other characters reaches us in one encoding or another, depending on what stands in between.
    if not (1 <= len(given) <= MAX_KEY_LENGTH and given.isascii() and given.isprintable()):
        raise serializers.ValidationError({"Idempotency-Key": [_("Write 1 to 255 printable ASCII characters.")]})
    asked = "\0".join([str(request.method), request.path, json.dumps(request.data, sort_keys=True)])
    key = ApiCall.objects.remember(f"{caller_id(request)}\0{given}", asked)
    if key is None:
        raise Conflict(_("This Idempotency-Key was used for another request."), code="idempotency-key-reused")
    return key
