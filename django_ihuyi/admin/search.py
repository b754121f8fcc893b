"""What staff type into the search box, turned into exact look-ups that an index answers."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from django.db.models import Q

from django_ihuyi.exceptions import InvalidMessage
from django_ihuyi.hashing import spellings
from django_ihuyi.outbound.numbers import normalise_any

_SMSID = re.compile(r"[0-9]{8,64}")


class Asked(NamedTuple):
    """What is looked for.

    Attributes:
        condition: Which rows it finds.
        mobile: The number that it asks for, as the record has it; None if it asks for none.
    """

    condition: Q
    mobile: str | None = None


def read(text: str) -> Asked | None:
    """Find out what a text in the search box asks for.

    Args:
        text: A mobile number in any spelling, or an smsid.

    Returns:
        What it asks for, or None if it is neither.
    """
    text = unicodedata.normalize("NFKC", text).strip()
    named = Q(smsid=text) if _SMSID.fullmatch(text) else None
    try:
        mobile = normalise_any(text)
    except InvalidMessage:
        return None if named is None else Asked(named)
    number = Q(mobile__in=spellings(mobile))
    return Asked(number if named is None else number | named, mobile)
