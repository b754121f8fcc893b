"""How people and secrets are shown to those who may not see them whole."""

from __future__ import annotations


def mask_mobile(mobile: str) -> str:
    """Show a number's first three and last two digits.

    Args:
        mobile: A number; one shorter than eight characters is hidden entirely.
    """
    if len(mobile) < 8:
        return "*" * len(mobile)
    return f"{mobile[:3]}{'*' * (len(mobile) - 5)}{mobile[-2:]}"


def mask_text(text: str) -> str:
    """Show how long a text is, and nothing of it."""
    return "•" * min(len(text), 12)
