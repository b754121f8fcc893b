"""Verification codes by voice (PROTOCOL 6): a call to a mainland number that reads 4 to 6 digits out."""

from __future__ import annotations

import re
from typing import ClassVar

from ...exceptions import InvalidMessage
from .. import texts
from ..marking import gettext_noop as _
from .base import Product
from .sms import SMS

_DIGITS = re.compile("[0-9]{4,6}")


class _Voice(Product):
    name: ClassVar[str] = "voice"
    label: ClassVar[str] = _("voice code")
    url: ClassVar[str] = "https://api.voice.ihuyi.com/webservice/voice.php"
    methods: ClassVar[frozenset[str]] = frozenset({"Submit"})
    id_field: ClassVar[str] = "voiceid"
    only_codes: ClassVar[bool] = True

    def normalise(self, mobile: object) -> str:
        # No document says that calls go abroad, or to fixed lines.
        return SMS.normalise(mobile)

    def find(self, mobile: str) -> str | None:
        return SMS.find(mobile)

    def on_the_wire(self, mobile: str) -> str:
        return mobile

    def check_text(self, content: str | None, limits: texts.Limits) -> str:
        if not content:
            raise InvalidMessage(404, "There is no code.")
        if not self.carries_code(content):
            raise InvalidMessage(4072, "A voice code is 4 to 6 digits and nothing else.")
        return content

    def count_segments(self, text: str, limits: texts.Limits) -> int:
        return 1

    def carries_code(self, code: str) -> bool:
        return _DIGITS.fullmatch(code) is not None

    def code_text(self, code: str, text: str) -> str:
        return code


VOICE = _Voice()
