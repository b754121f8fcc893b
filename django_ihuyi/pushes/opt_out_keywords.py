"""Opt-out and opt-in keywords in replies."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable


def normalize(text: str) -> str:
    """Return what a word comes down to, however a phone writes it.

    Args:
        text: A whole reply, or a word of the settings.

    Returns:
        Full-width characters as half-width ones, letters as small ones, without white space and invisible
        characters around it, nor punctuation behind it.
    """
    text = unicodedata.normalize("NFKC", text).casefold()
    start, end = 0, len(text)
    while start < end and unicodedata.category(text[start])[0] in "ZC":
        start += 1
    while start < end and unicodedata.category(text[end - 1])[0] in "ZCP":
        end -= 1
    return text[start:end]


def find(text: str, words: Iterable[str]) -> str | None:
    """Return the word, as the settings write it, that a whole reply consists of; None if it says anything else."""
    said = normalize(text)
    return next((word for word in words if normalize(word) == said), None)
