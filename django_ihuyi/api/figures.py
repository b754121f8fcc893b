"""Statistics as API responses."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.utils.timezone import get_current_timezone_name
from django.utils.translation import gettext

from django_ihuyi.dashboard.report import Conversion, Report, Share
from django_ihuyi.gateway import lookup


def of_range(read: Report) -> dict[str, Any]:
    """All figures of a range. No number of a person and no text is among them."""
    span = read.span
    return {
        "range": span.name,
        "from": span.from_day,
        "to": span.to_day,
        "zone": get_current_timezone_name(),
        "counted_at": read.counted_at,
        "uncounted": read.uncounted,
        "total": _share(read.total),
        "statuses": read.statuses,
        "unit": "hour" if span.hourly else "day",
        "periods": [
            {"begin": span.named_by(begin), "statuses": statuses} for begin, statuses in read.statuses_of.items()
        ],
        "shares": [
            {"account": account, "category": category, **_share(share)} for account, category, share in read.shares
        ],
        "refusals": [
            {"code": code, "meaning": None if code is None else gettext(lookup(code).meaning), "messages": messages}
            for code, messages in read.refusals
        ],
        "waits": [asdict(wait) for wait in read.waits],
        "codes": [_conversion(code) for code in read.codes],
    }


def _share(share: Share) -> dict[str, Any]:
    # Money as text: no reader is to make a binary fraction of it.
    return {**asdict(share), "cost": None if share.cost is None else str(share.cost), "rate": share.rate}


def _conversion(code: Conversion) -> dict[str, Any]:
    return {**asdict(code), "rate": code.rate}
