"""Masking of numbers and texts by permission. Verification codes are never shown."""

from __future__ import annotations

from django.http import HttpRequest

from django_ihuyi.external_text import clean, without_quoted_text
from django_ihuyi.masking import mask_codes, mask_mobile, mask_text
from django_ihuyi.models import Message


def sees_unmasked(request: HttpRequest) -> bool:
    """Whether whole numbers and texts may be shown to whoever asks."""
    return request.user.has_perm("django_ihuyi.view_unmasked")


def display_mobile(mobile: str, request: HttpRequest) -> str:
    """Show a number to whoever asks, masked unless they may see it whole."""
    return mobile if sees_unmasked(request) else mask_mobile(mobile)


def display_content(message: Message, *, whole: bool) -> str:
    """Show a message's text, masked unless ``whole``; a verification text always without its code."""
    return full_content(message.content, message.category, message.template) if whole else mask_text(message.content)


def full_content(content: str, category: str, template: str) -> str:
    """Show a text to those who may see texts: a verification text without its code."""
    return mask_codes(content, template=bool(template)) if category == Message.Category.VERIFICATION else content


def display_gateway_text(words: str, message: Message, *, whole: bool) -> str:
    """Show words of the gateway or a carrier about a message, without what they quote of it.

    Args:
        words: What was answered or reported. A refusal may quote the refused text.
        message: The message it is about.
        whole: Whether number and text may be seen.
    """
    if whole and message.category != Message.Category.VERIFICATION:
        return words
    return without_quoted_text(message.strip_quoted_text(words), "" if whole else message.content)


def display_carrier_text(words: str, mobile: str, category: str | None, *, whole: bool) -> str:
    """Show a carrier's words where the text that they may quote is not read, as in lists.

    Args:
        words: What was reported.
        mobile: The number of the message or the receipt.
        category: The message's; None where nobody knows the message.
        whole: Whether numbers and texts may be seen.
    """
    about_code = category in {None, Message.Category.VERIFICATION}
    return words if whole and not about_code else clean(words, mobile=mobile, about_code=about_code)
