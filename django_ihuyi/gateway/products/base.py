"""Base class of a product: URL, methods, number format, text rules, billing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from ..content import Limits


class Product(ABC):
    """One product. It knows PROTOCOL and nothing of the site; an instance has no state.

    Attributes:
        name: What the setting ``PRODUCT`` calls it.
        label: English source text for people, marked for translation.
        url: The gateway's address.
        methods: The methods that it is known to have: ``Submit``, ``GetNum``, ``AddTemplate``.
        id_field: How an answer, and a push, calls the message's id.
        counts_messages: Whether a balance is a number of messages; it is yuan otherwise.
        promises_receipts: Whether a document says that receipts come, so that one that does not come is missed.
        only_codes: Whether it carries verification codes and nothing else.
        goes_abroad: Whether it reaches numbers of other countries.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    url: ClassVar[str]
    methods: ClassVar[frozenset[str]]
    id_field: ClassVar[str]
    counts_messages: ClassVar[bool] = True
    promises_receipts: ClassVar[bool] = False
    only_codes: ClassVar[bool] = False
    goes_abroad: ClassVar[bool] = False

    @property
    def supports_templates(self) -> bool:
        """Whether it has templates, which are handed in and sent by their ids."""
        return "AddTemplate" in self.methods

    @property
    def unit(self) -> str:
        """What a balance is counted in: ``"messages"`` or ``"yuan"``."""
        return "messages" if self.counts_messages else "yuan"

    @property
    def supports_balance(self) -> bool:
        """Whether it can be asked for the balance."""
        return "GetNum" in self.methods

    @abstractmethod
    def normalize(self, mobile: object) -> str:
        """Turn a number as people write it into the one form that the record has.

        Raises:
            InvalidMessage: With code 403 if there is nothing, 406 if this product cannot reach it.
        """

    def from_wire(self, mobile: str) -> str | None:
        """Return the record's form of a number as this product's pushes write it; None where it cannot be read."""
        return self.parse(mobile)

    @abstractmethod
    def parse(self, mobile: str) -> str | None:
        """Return the record's form of a number that this product reaches; None for any other."""

    @abstractmethod
    def to_wire(self, mobile: str) -> str:
        """Return how a request writes a number.

        Args:
            mobile: A number as the record has it.
        """

    @abstractmethod
    def check_text(self, content: str | None, limits: Limits) -> str:
        """Check a whole text as the gateway would.

        Args:
            content: The text.
            limits: The account's.

        Returns:
            The text to submit.

        Raises:
            InvalidMessage: The gateway would certainly refuse it.
        """

    @abstractmethod
    def count_segments(self, text: str, limits: Limits) -> int:
        """Count the parts that a checked text is billed as, 1 or more."""

    def carries_code(self, code: str) -> bool:
        """Whether a verification code is not too long, or short, for it."""
        return True

    def code_text(self, code: str, text: str) -> str:
        """Return what is submitted for a verification code.

        Args:
            code: The code.
            text: The site's text with the code in it.
        """
        return text
