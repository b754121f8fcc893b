"""How people and secrets are shown to those who may not see them whole."""

from __future__ import annotations

import re

HIDDEN = "•••••"
HASH_MARK = "#"
"""Stands between the masked form of a number that is not kept and its hash."""
_CODE = re.compile(r"[A-Za-z\d]*\d[A-Za-z\d]*")
_SEPARATOR = "|"


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


def without_number(words: str, mobile: str) -> str:
    """Show the gateway's or a carrier's words without the number, should they repeat it.

    Args:
        words: What was answered or reported.
        mobile: The number that they are about, as the record has it. It is found with or without its ``+`` and with
            spaces or hyphens in it.
    """
    digits = mobile.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        return words.replace(mobile, mask_mobile(mobile))
    return re.sub(rf"\+?{'[ -]?'.join(digits)}", mask_mobile(mobile), words)


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
        return _SEPARATOR.join(HIDDEN for _variable in content.split(_SEPARATOR))
    return _CODE.sub(HIDDEN, content)


def mask_quoted_codes(words: str, content: str) -> str:
    """Show words about a verification text, such as a refusal that quotes it, without what may be its code.

    Args:
        words: What was answered or reported.
        content: The text they are about.
    """
    for code in sorted(set(_CODE.findall(content)), key=len, reverse=True):
        words = words.replace(code, HIDDEN)
    return words
