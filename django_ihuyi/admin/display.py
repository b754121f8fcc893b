"""HTML fragments shared by the pages: badges, times, codes, texts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType
from typing import Any

from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from django_ihuyi.conf import get_product, lookup_code
from django_ihuyi.gateway.products import SMS
from django_ihuyi.gateway.result_codes import ACCEPTED
from django_ihuyi.models import Message

from .carrier_codes import explain

EMPTY = "–"

# Each status has a sign and a word besides its colour: not everybody sees colours.
BADGES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        Message.Status.QUEUED: ("wait", "…"),
        Message.Status.SUBMITTING: ("wait", "→"),
        Message.Status.ACCEPTED: ("sent", "✓"),
        Message.Status.DELIVERED: ("good", "✓✓"),
        Message.Status.UNDELIVERED: ("bad", "✗"),
        Message.Status.REJECTED: ("bad", "✗"),
        Message.Status.UNKNOWN: ("warn", "?"),
        Message.Status.EXPIRED: ("off", "–"),
        Message.Status.CANCELLED: ("off", "–"),
    }
)


def badge(tone: str, sign: str, word: object) -> SafeString:
    """Show a word in a coloured frame, with a sign in front for those who do not see the colour.

    Args:
        tone: ``good``, ``sent``, ``wait``, ``warn``, ``bad`` or ``off``.
        sign: One or two characters.
        word: What it says.
    """
    return format_html(
        '<span class="ihuyi-badge ihuyi-{}"><span aria-hidden="true">{}</span> {}</span>', tone, sign, word
    )


def number(value: int) -> str:
    """Write a whole number with its groups of digits apart."""
    return str(number_format(value, force_grouping=True))


def yuan(amount: Decimal | None, *, places: int = 2) -> str:
    """Write an amount of money.

    Args:
        amount: Yuan; None where nobody knows.
        places: Digits after the point at the most; never less than two.
    """
    if amount is None:
        return EMPTY
    needed = -int(amount.normalize().as_tuple().exponent)
    shown = max(2, min(places, needed))
    # number_format() cuts digits off.
    rounded = amount.quantize(Decimal(1).scaleb(-shown), ROUND_HALF_UP)
    return f"¥\u00a0{number_format(rounded, shown, force_grouping=True)}"


def account(alias: str) -> str:
    """Show an account by its alias, with its product where that is another than SMS."""
    product = get_product(alias)
    return alias if product is None or product is SMS else f"{alias} ({gettext(product.label)})"


def left(alias: str, remaining: int) -> str:
    """Show what an account has left: a number of messages, or yuan."""
    shown = str(number_format(remaining, force_grouping=True))
    product = get_product(alias)
    return shown if product is None or product.counts_messages else f"¥\u00a0{shown}"


def status_badge(message: Message) -> SafeString:
    """Show where a message stands."""
    return badge(*BADGES[message.status], message.get_status_display())


def outcome_badge(*, delivered: bool) -> SafeString:
    """Show what a receipt says."""
    return badge("good", "✓✓", gettext("delivered")) if delivered else badge("bad", "✗", gettext("undelivered"))


def local(moment: datetime) -> datetime:
    """Return a time in the reader's zone."""
    return timezone.localtime(moment) if timezone.is_aware(moment) else moment


def clock(moment: datetime) -> str:
    """Write a time in the reader's zone, to the second."""
    return f"{local(moment):%Y-%m-%d %H:%M:%S}"


def time(moment: datetime | None, *, beside: datetime | None = None) -> SafeString | str:
    """Show a time in the reader's zone.

    Args:
        moment: The time, if there is one.
        beside: A time shown in the same row: what is the same of year or day is left out.
    """
    if moment is None:
        return EMPTY
    whole = clock(moment)
    near = clock(beside) if beside else ""
    short = whole[11:] if near[:10] == whole[:10] else whole[5:] if near[:4] == whole[:4] else whole
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), whole, short)


def code(number: int | None, account: str) -> SafeString | str:
    """Show a gateway's code with its meaning in short.

    Args:
        number: The code, if there is one.
        account: The alias of the account that it was answered to.
    """
    if number is None:
        return EMPTY
    meaning = Message.Status.ACCEPTED.label if number == ACCEPTED else gettext(lookup_code(number, account).meaning)
    return format_html('<span class="ihuyi-code">{}</span> <span class="ihuyi-meaning">{}</span>', number, meaning)


def carrier_words(words: str, *, delivered: bool) -> SafeString | str:
    """Show a carrier's words as they came; of a failure also what they mean."""
    if not words:
        return EMPTY
    explanation = None if delivered else explain(words, delivered=False)
    if explanation is None:
        return format_html('<span class="ihuyi-code">{}</span>', words)
    return format_html(
        '<span class="ihuyi-code">{}</span> <span class="ihuyi-meaning">{}</span>', words, gettext(explanation.meaning)
    )


def text(content: str) -> SafeString | str:
    """Show a text with its lines and spaces as they are."""
    return format_html('<span class="ihuyi-text">{}</span>', content) if content else EMPTY


def data(value: Any) -> SafeString | str:  # noqa: ANN401  whatever JSON holds
    """Show a JSON value, indented."""
    if not value:
        return EMPTY
    return format_html('<pre class="ihuyi-data">{}</pre>', json.dumps(value, indent=2, ensure_ascii=False))


def link(url: str, word: object) -> SafeString:
    """Show a link."""
    return format_html('<a href="{}">{}</a>', url, word)
