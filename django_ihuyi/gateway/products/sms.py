"""SMS within mainland China: PROTOCOL 1 to 5, and the product that everything else is told apart from."""

from __future__ import annotations

from typing import ClassVar

from .. import numbers, texts
from ..marking import gettext_noop as _
from .base import Product


class _SMS(Product):
    name: ClassVar[str] = "sms"
    label: ClassVar[str] = _("SMS")
    url: ClassVar[str] = "https://106.ihuyi.com/webservice/sms.php"
    methods: ClassVar[frozenset[str]] = frozenset({"Submit", "GetNum", "AddTemplate"})
    id_field: ClassVar[str] = "smsid"
    promises_receipts: ClassVar[bool] = True

    def normalise(self, mobile: object) -> str:
        return numbers.require(mobile, self.find, "a mainland Chinese mobile number of eleven digits")

    def find(self, mobile: str) -> str | None:
        return numbers.find_mainland(mobile)

    def on_the_wire(self, mobile: str) -> str:
        return mobile

    def check_text(self, content: str | None, limits: texts.Limits) -> str:
        return texts.check_text(content, limits)

    def count_segments(self, text: str, limits: texts.Limits) -> int:
        return texts.count_segments(text, limits.signature)


SMS = _SMS()
