"""International SMS (PROTOCOL 6): numbers outside mainland China, billed in yuan.

PROTOCOL gives the address, the methods, how a number is written and what the id is called, "same manners" for the
rest. So texts are checked as those of SMS, and ``docs/products.md`` says what nobody has documented.
"""

from __future__ import annotations

import re
from typing import ClassVar

from .. import mobile_numbers
from ..content import Limits, check_text, count_segments
from ..i18n import gettext_noop as _
from .base import Product

_PUSHED = re.compile(r"[1-9][0-9]{0,2} ?[0-9]{4,14}")
"""A number in a push. That it is written as in a request, or at least in the same digits, is a guess."""


class _International(Product):
    name: ClassVar[str] = "international"
    label: ClassVar[str] = _("international SMS")
    url: ClassVar[str] = "https://api.isms.ihuyi.com/webservice/isms.php"
    methods: ClassVar[frozenset[str]] = frozenset({"Submit", "GetNum"})
    id_field: ClassVar[str] = "ismsid"
    counts_messages: ClassVar[bool] = False
    goes_abroad: ClassVar[bool] = True

    def normalize(self, mobile: object) -> str:
        what = "a mobile number outside of mainland China, written with + and its country code"
        return mobile_numbers.require(mobile, self.parse, what)

    def parse(self, mobile: str) -> str | None:
        return mobile_numbers.find_abroad(mobile)

    def from_wire(self, mobile: str) -> str | None:
        text = mobile.strip()
        return self.parse(text) or (self.parse(f"+{text}") if _PUSHED.fullmatch(text) else None)

    def to_wire(self, mobile: str) -> str:
        """Country code, a space, number."""
        return " ".join(mobile_numbers.country_and_number(mobile))

    def check_text(self, content: str | None, limits: Limits) -> str:
        return check_text(content, limits)

    def count_segments(self, text: str, limits: Limits) -> int:
        # No document says how a long text is billed. Parts are counted as those of a Chinese text, which are never
        # fewer than the parts that carriers make of one in Latin letters.
        return count_segments(text, limits.signature)


INTERNATIONAL = _International()
