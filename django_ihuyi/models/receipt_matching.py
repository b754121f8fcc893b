"""Manual matching of a receipt to a message."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from django_ihuyi.mobile_hash import lookup_values

from .message import Message
from .message_status import InvalidTransition, MessageStatus
from .receipt import Receipt

_WENT_OUT = frozenset(
    {MessageStatus.ACCEPTED, MessageStatus.UNKNOWN, MessageStatus.DELIVERED, MessageStatus.UNDELIVERED}
)
_NEWEST = 200
"""Messages to the receipt's number that are looked at."""
_EARLY = timedelta(minutes=10)
"""How far the carrier's clock may be behind ours."""


def reason_against(receipt: Receipt, message: Message) -> str | Promise | None:
    """Return why a receipt cannot be a message's, or None if it can."""
    if receipt.message_id is not None:
        return _("It belongs to a message already.")
    if message.mobile not in lookup_values(receipt.mobile):
        return _("The message went to another number.")
    if receipt.smsid and message.smsid and receipt.smsid != message.smsid:
        return _("The message has another smsid.")
    if message.status not in _WENT_OUT:
        return _("The message has not gone out.")
    return None


def candidates(receipt: Receipt, *, most: int) -> list[Message]:
    """Return the messages that a receipt may belong to, the likeliest first.

    Args:
        receipt: A receipt without a message.
        most: At most so many.
    """
    moment = receipt.moment
    before = Message.objects.filter(mobile__in=lookup_values(receipt.mobile), created_at__lte=moment + _EARLY)
    # The texts are nobody's business here.
    newest = before.order_by("-id").defer("content", "metadata")[:_NEWEST]
    possible = [message for message in newest if reason_against(receipt, message) is None]
    # Less likely, and no more than that: a push URL may stand in another product's field of ihuyi's console.
    others = receipt.accounts_of_other_products()
    return sorted(possible, key=lambda one: (one.account in others, *_distance(receipt, one, moment)))[:most]


def find(receipt: Receipt, text: str) -> Message | None:
    """Find the message that a person names by its number in the admin, or by its smsid.

    Args:
        receipt: The receipt; of several messages with one smsid, that to its number is meant.
        text: What the person typed.
    """
    text = text.strip().upper().removeprefix("SMS").strip()
    if not (text.isascii() and text.isdecimal()):
        return None
    named = Q(smsid=text, mobile__in=lookup_values(receipt.mobile))
    # A key that no database can hold is an smsid.
    return Message.objects.filter(named | Q(pk=int(text)) if len(text) <= 18 else named).order_by("id").first()


def match(receipt: Receipt, message: Message) -> bool:
    """Attach a receipt to the message that a person chose.

    Args:
        receipt: A saved receipt.
        message: The message.

    Returns:
        Whether the message's status changed by it: what was delivered stays so.

    Raises:
        InvalidTransition: The receipt cannot be this message's, or somebody matched it meanwhile.
    """
    reason = reason_against(receipt, message)
    if reason is not None:
        raise InvalidTransition(reason)
    before = message.status
    if not Receipt.objects.attach(receipt, message):
        raise InvalidTransition(_("It belongs to a message already."))
    return message.status != before


def _distance(receipt: Receipt, message: Message, moment: datetime) -> tuple[bool, bool, float]:
    named = bool(receipt.smsid) and receipt.smsid == message.smsid
    waits = message.receipt_code is None
    return not named, not waits, abs((moment - (message.submitted_at or message.created_at)).total_seconds())
