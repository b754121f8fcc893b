"""Masking of numbers, addresses and texts."""

from __future__ import annotations

import re

HIDDEN = "•••••"
HASH_MARK = "#"
"""Stands between the masked form of a number that is not kept and its hash."""
CODE = re.compile(r"[A-Za-z\d]*\d[A-Za-z\d]*")
"""What of a verification text may be its code."""
SEPARATOR = "|"
"""Stands between the variables of a template."""


def without_hash(mobile: str) -> str:
    """Show a number as far as it is kept: one that was hashed by its masked form."""
    return mobile.partition(HASH_MARK)[0]


def mask_mobile(mobile: str) -> str:
    """Show a number's first three and last two digits.

    Args:
        mobile: A number; one shorter than eight characters is hidden entirely.
    """
    mobile = without_hash(mobile)
    if len(mobile) < 8:
        return "*" * len(mobile)
    return f"{mobile[:3]}{'*' * (len(mobile) - 5)}{mobile[-2:]}"


def mask_address(address: str) -> str:
    """Show the first half of a client's address.

    Args:
        address: An IPv4 address, an IPv6 network, or nothing.
    """
    if ":" in address:
        return ":".join([*address.split(":")[:2], "*"])
    return ".".join([*address.split(".")[:2], "*", "*"]) if address else ""


def mask_prefix(prefix: str) -> str:
    """Show of the beginning of a number as much as is shown of a number: its first three digits.

    Beside a masked number a longer beginning leaves so few digits open that they can be tried.

    Args:
        prefix: The first digits of a number.
    """
    return prefix[:3] + "*" * len(prefix[3:])


def mask_text(text: str) -> str:
    """Show how long a text is, and nothing of it."""
    return "•" * min(len(text), 12)


def mask_codes(content: str, *, template: bool) -> str:
    """Show a verification text without what may be its code.

    Args:
        content: The text, or the variables of a template, of which any may be the code.
        template: Whether it is the latter.
    """
    if template:
        return SEPARATOR.join(HIDDEN for _variable in content.split(SEPARATOR))
    return CODE.sub(HIDDEN, content)
