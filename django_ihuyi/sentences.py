"""Joins translated sentences. Chinese has no space between them."""

from __future__ import annotations

_CHINESE_ENDS = ("。", "！", "？")
_ENDS = (".", "!", "?", *_CHINESE_ENDS)


def join_sentences(*parts: str) -> str:
    """Join sentences of one language to a text.

    Args:
        parts: The sentences; empty ones are left out, and one without its full stop gets it where another follows.
    """
    text = ""
    for part in filter(None, parts):
        if text and not text.endswith(_ENDS):
            text += "。" if part.endswith(_CHINESE_ENDS) else "."
        between = " " if text and not text.endswith(_CHINESE_ENDS) else ""
        text = f"{text}{between}{part}"
    return text
