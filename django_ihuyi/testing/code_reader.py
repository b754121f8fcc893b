"""Reads the verification code from the latest message."""

from __future__ import annotations

import re

from .outbox import outbox, submit_queued
from .settings_override import running_gateways

_CODE = re.compile(r"(?<![0-9])[0-9]{4,8}(?![0-9])")


def latest_code(mobile: str) -> str:
    """Return the verification code in the last text to a number, whoever made it. What is queued is sent first.

    Args:
        mobile: The number, however it is written.

    Returns:
        4 to 8 digits.

    Raises:
        LookupError: No text with such digits went to this number. So it is for a number that the site does not know,
            where :func:`~django_ihuyi.offer_code` only pretends.
    """
    from django_ihuyi.gateway.products import normalize_any

    number = normalize_any(mobile)
    submit_queued()
    texts = [sent.content for sent in outbox.to(number)]
    texts += [taken.content for one in running_gateways for taken in one.messages if taken.mobile == number]
    for text in reversed(texts):
        found = _CODE.search(text)
        if found:
            return found[0]
    raise LookupError("No text with a code in it went to this number.")
