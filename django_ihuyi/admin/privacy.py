"""Who sees what: whole numbers and texts need a permission, and a verification code is shown to nobody."""

from __future__ import annotations

from django.http import HttpRequest

from django_ihuyi.external_text import clean, without_quotes
from django_ihuyi.masking import mask_codes, mask_mobile, mask_text
from django_ihuyi.models import Message


def sees_whole(request: HttpRequest) -> bool:
    """Whether whole numbers and texts may be shown to whoever asks."""
    return request.user.has_perm("django_ihuyi.view_unmasked")


def shown_number(mobile: str, request: HttpRequest) -> str:
    """Show a number to whoever asks, masked unless they may see it whole."""
    return mobile if sees_whole(request) else mask_mobile(mobile)


def shown_text(message: Message, *, whole: bool) -> str:
    """Show a message's text, masked unless ``whole``; a verification text always without its code."""
    return whole_text(message.content, message.category, message.template) if whole else mask_text(message.content)


def whole_text(content: str, category: str, template: str) -> str:
    """Show a text to those who may see texts: a verification text without its code."""
    return mask_codes(content, template=bool(template)) if category == Message.Category.VERIFICATION else content


def shown_words(words: str, message: Message, *, whole: bool) -> str:
    """Show words of the gateway or a carrier about a message, without what they quote of it.

    Args:
        words: What was answered or reported. A refusal may quote the refused text.
        message: The message it is about.
        whole: Whether number and text may be seen.
    """
    if whole and message.category != Message.Category.VERIFICATION:
        return words
    return without_quotes(message.clean_words(words), "" if whole else message.content)


def shown_report(words: str, mobile: str, category: str | None, *, whole: bool) -> str:
    """Show a carrier's words where the text that they may quote is not read, as in lists.

    Args:
        words: What was reported.
        mobile: The number of the message or the receipt.
        category: The message's; None where nobody knows the message.
        whole: Whether numbers and texts may be seen.
    """
    about_code = category in {None, Message.Category.VERIFICATION}
    return words if whole and not about_code else clean(words, mobile=mobile, about_code=about_code)
