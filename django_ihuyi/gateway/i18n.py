"""Marks texts for translation."""

from __future__ import annotations


def gettext_noop(text: str) -> str:
    """Mark a text for translation, as Django's ``gettext_noop`` does; that one reads settings, a script has none."""
    return text
