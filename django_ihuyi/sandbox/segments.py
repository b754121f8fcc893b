"""Billed segments of a message (PROTOCOL 1)."""

from __future__ import annotations

SINGLE = 70
PART = 67


def count_segments(text: str, signature: str) -> int:
    """Count the messages that a text is billed as.

    Args:
        text: The text without the signature.
        signature: The account's signature without brackets; the gateway puts it in front, brackets counted.

    Returns:
        1 up to 70 characters; beyond that one for each 67, the last one begun counted whole.
    """
    length = len(text) + len(signature) + 2
    return 1 if length <= SINGLE else -(-length // PART)
