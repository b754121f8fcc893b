"""What staff type into the search box, turned into exact look-ups that an index answers."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from django.db.models import Q

from django_ihuyi.exceptions import InvalidMessage
from django_ihuyi.hashing import spellings
from django_ihuyi.sending.numbers import normalise_any

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
    smsid = unicodedata.normalize("NFKC", text).strip()
    named = Q(smsid=smsid) if _SMSID.fullmatch(smsid) else None
    number = read_mobile(text)
    if named is None:
        return number
    return Asked(named) if number is None else Asked(number.condition | named, number.mobile)


def read_mobile(text: str) -> Asked | None:
    """Find out which number a text in the search box asks for.

    Args:
        text: A mobile number in any spelling.

    Returns:
        What it asks for, or None if it is no number.
    """
    try:
        mobile = normalise_any(unicodedata.normalize("NFKC", text).strip())
    except InvalidMessage:
        return None
    return Asked(Q(mobile__in=spellings(mobile)), mobile)
