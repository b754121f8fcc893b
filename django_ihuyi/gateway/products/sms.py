"""SMS within mainland China (PROTOCOL 1 to 5)."""

from __future__ import annotations

from typing import ClassVar

from .. import mobile_numbers
from ..content import Limits, check_text, count_segments
from ..i18n import gettext_noop as _
from .base import Product


class _SMS(Product):
    name: ClassVar[str] = "sms"
    label: ClassVar[str] = _("SMS")
    url: ClassVar[str] = "https://106.ihuyi.com/webservice/sms.php"
    methods: ClassVar[frozenset[str]] = frozenset({"Submit", "GetNum", "AddTemplate"})
    id_field: ClassVar[str] = "smsid"
    promises_receipts: ClassVar[bool] = True

    def normalize(self, mobile: object) -> str:
        return mobile_numbers.require(mobile, self.parse, "a mainland Chinese mobile number of eleven digits")

    def parse(self, mobile: str) -> str | None:
        return mobile_numbers.find_mainland(mobile)

    def to_wire(self, mobile: str) -> str:
        return mobile

    def check_text(self, content: str | None, limits: Limits) -> str:
        return check_text(content, limits)

    def count_segments(self, text: str, limits: Limits) -> int:
        return count_segments(text, limits.signature)


SMS = _SMS()
