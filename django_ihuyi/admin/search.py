"""What staff type into the search box, turned into exact look-ups that an index answers."""

from __future__ import annotations

import re
import unicodedata

from django.db.models import Q

from django_ihuyi.exceptions import InvalidMessage
from django_ihuyi.hashing import spellings
from django_ihuyi.outbound.numbers import normalise_any

_SMSID = re.compile(r"[0-9]{8,64}")


def read(text: str) -> Q | None:
    """Find out what a text in the search box asks for.

    Args:
        text: A mobile number in any spelling, or an smsid.

    Returns:
        The condition, or None if it is neither.
    """
    text = unicodedata.normalize("NFKC", text).strip()
    asked: Q | None = None
    if _SMSID.fullmatch(text):
        asked = Q(smsid=text)
    try:
        number = Q(mobile__in=spellings(normalise_any(text)))
    except InvalidMessage:
        return asked
    return number if asked is None else number | asked
