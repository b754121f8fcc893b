"""Search queries of the admin, parsed into exact lookups that use an index."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from django.db.models import Q

from django_ihuyi.exceptions import InvalidMessage
from django_ihuyi.gateway.products import normalize_any
from django_ihuyi.mobile_hash import lookup_values

_SMSID = re.compile(r"[0-9]{8,64}")


class SearchQuery(NamedTuple):
    """What is looked for.

    Attributes:
        condition: Which rows it finds.
        mobile: The number that it asks for, as the record has it; None if it asks for none.
    """

    condition: Q
    mobile: str | None = None


def parse_query(text: str) -> SearchQuery | None:
    """Find out what a text in the search box asks for.

    Args:
        text: A mobile number in any spelling, or an smsid.

    Returns:
        What it asks for, or None if it is neither.
    """
    smsid = unicodedata.normalize("NFKC", text).strip()
    named = Q(smsid=smsid) if _SMSID.fullmatch(smsid) else None
    number = parse_mobile(text)
    if named is None:
        return number
    return SearchQuery(named) if number is None else SearchQuery(number.condition | named, number.mobile)


def parse_mobile(text: str) -> SearchQuery | None:
    """Find out which number a text in the search box asks for.

    Args:
        text: A mobile number in any spelling.

    Returns:
        What it asks for, or None if it is no number.
    """
    try:
        mobile = normalize_any(unicodedata.normalize("NFKC", text).strip())
    except InvalidMessage:
        return None
    return SearchQuery(Q(mobile__in=lookup_values(mobile)), mobile)
