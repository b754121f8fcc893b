"""Reading a sent code as a person does: from the text."""

from __future__ import annotations

import re

from django_ihuyi.models import Message

MOBILE = "13800138000"
PURPOSE = "sign-up"


def code_in(message: Message) -> str:
    """The code in a message that is still queued."""
    [code] = re.findall(r"\d+", Message.objects.get(pk=message.pk).content)
    return str(code)


def another(code: str) -> str:
    """A wrong code of the same length."""
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}}"
