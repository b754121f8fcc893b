"""Who sees what: whole numbers and texts need a permission, and a verification code is shown to nobody."""

from __future__ import annotations

from difflib import SequenceMatcher

from django.http import HttpRequest

from django_ihuyi.masking import HIDDEN, mask_codes, mask_mobile, mask_quoted_codes, mask_text, without_number
from django_ihuyi.models import Message

_QUOTE = 4
"""Characters in a row that make the gateway's words a quotation of the text."""


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
    if message.category == Message.Category.VERIFICATION:
        words = mask_quoted_codes(words, message.content)
    return words if whole else _without_quotes(without_number(words, message.mobile), message.content)


def _without_quotes(words: str, text: str) -> str:
    quote = SequenceMatcher(None, words, text, autojunk=False).find_longest_match()
    if quote.size < _QUOTE:
        return words
    before, after = words[: quote.a], words[quote.a + quote.size :]
    return f"{_without_quotes(before, text)}{HIDDEN}{_without_quotes(after, text)}"
