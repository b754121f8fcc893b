"""Voice verification codes (PROTOCOL 6): a call that reads 4 to 6 digits."""

from __future__ import annotations

import re
from typing import ClassVar

from django_ihuyi.exceptions import InvalidMessage

from ..content import Limits
from ..i18n import gettext_noop as _
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

    def normalize(self, mobile: object) -> str:
        # No document says that calls go abroad, or to fixed lines.
        return SMS.normalize(mobile)

    def parse(self, mobile: str) -> str | None:
        return SMS.parse(mobile)

    def to_wire(self, mobile: str) -> str:
        return mobile

    def check_text(self, content: str | None, limits: Limits) -> str:
        if not content:
            raise InvalidMessage(404, "There is no code.")
        if not self.carries_code(content):
            raise InvalidMessage(4072, "A voice code is 4 to 6 digits and nothing else.")
        return content

    def count_segments(self, text: str, limits: Limits) -> int:
        return 1

    def carries_code(self, code: str) -> bool:
        return _DIGITS.fullmatch(code) is not None

    def code_text(self, code: str, text: str) -> str:
        return code


VOICE = _Voice()
