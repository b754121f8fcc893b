"""Carrier statuses in receipts: explanations and suggested actions for the known ones.

They stand in no document of the gateway's (PROTOCOL 5): the receipt's code decides what became of a message, these
words only explain it, and one that is not known here is shown as it came.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.translation import gettext_noop as _


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a carrier's word says.

    Attributes:
        meaning: English source text: what happened.
        advice: English source text: what to do next; empty where there is nothing to do.
        delivered: Whether it is a word for success.
    """

    meaning: str
    advice: str
    delivered: bool = False


_OUT_OF_REACH = Explanation(
    _("The carrier could not reach the phone: no such number, out of service, switched off or without signal."),
    _("Ask the recipient whether the number is right and the phone is on; then send a new message."),
)
_BLOCKED = Explanation(
    _("The carrier blocked the message, in most cases for a word in its text."),
    _("Compare the text with the approved templates; ask ihuyi's support which word was blocked."),
)

STATUSES = (
    (
        re.compile(r"DELIVRD"),
        Explanation(_("The phone has received the message."), "", delivered=True),
    ),
    (
        re.compile(r"UNDELIV"),
        Explanation(
            _("The carrier could not deliver the message: in most cases the phone was off or out of service."),
            _("Ask the recipient whether the phone is on and takes messages; then send a new message."),
        ),
    ),
    (
        re.compile(r"EXPIRED"),
        Explanation(
            _("The carrier tried until its time ran out: the phone was off or without signal for too long."),
            _("Ask the recipient to switch the phone on; then send a new message."),
        ),
    ),
    (
        re.compile(r"REJECTD?"),
        Explanation(
            _("The carrier refused the message, for a word in its text or because the number cannot be reached."),
            _("Check the number and the text; ask ihuyi's support if both are right."),
        ),
    ),
    (
        re.compile(r"ACCEPTD"),
        Explanation(
            _("The carrier took the message but never said whether the phone received it."),
            _("Ask the recipient before sending it again."),
        ),
    ),
    (
        re.compile(r"UNKNOWN"),
        Explanation(
            _("The carrier does not know what became of the message."),
            _("Ask the recipient before sending it again."),
        ),
    ),
    (re.compile(r"M[KN]:?\d{4,5}"), _OUT_OF_REACH),
    (re.compile(r"MA:?\d{4,5}|ID:?0076"), _BLOCKED),
    (
        re.compile(r"BLACK"),
        Explanation(
            _("The number is on a blacklist of the carrier or the gateway."),
            _("Ask the recipient; ihuyi's support can say which list it is and how to leave it."),
        ),
    ),
)


def explain(words: str, *, delivered: bool) -> Explanation | None:
    """Look a carrier's word up.

    Args:
        words: The receipt's ``msg`` as it came.
        delivered: What the receipt's code says.

    Returns:
        What it says, or None if it is not one of the known ones or says the contrary of the code, which decides.
    """
    word = words.strip().upper()
    for pattern, explanation in STATUSES:
        if pattern.fullmatch(word):
            return explanation if explanation.delivered == delivered else None
    return None
