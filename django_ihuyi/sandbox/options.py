"""Options of a sandbox."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, TypedDict

from django_ihuyi.sandbox.loopback import check_bind_host, check_push_url

OPEN_TEMPLATE: Final = 1
"""The id of the template that is open to all accounts."""
LAST_TEMPLATE: Final = 999_999_999


@dataclass(frozen=True, slots=True)
class KnownTemplate:
    """A template that was handed in before this sandbox; ``state`` is ``waiting``, ``passed`` or ``refused``."""

    templateid: int
    content: str
    state: str = "passed"


class OptionFields(TypedDict, total=False):
    """The keywords of :class:`Options` and of ``Sandbox``, for type checkers."""

    host: str
    port: int
    account: str
    api_key: str
    signature: str
    balance: int
    receipt_url: str | None
    reply_url: str | None
    template_url: str | None
    templates: tuple[KnownTemplate, ...]
    receipt_delay: float
    push_pauses: tuple[float, ...]
    latency: float
    slow: float
    max_length: int
    max_variable: int
    match_templates: bool
    one_a_second: bool
    per_day: int | None
    codes_per_day: int | None
    equal_per_minute: int | None
    equal_per_day: int | None


@dataclass(frozen=True, kw_only=True)
class Options:
    """Everything about a sandbox that does not change while it runs.

    Attributes:
        host: Loopback address to listen on.
        port: Port to listen on; 0 lets the system choose.
        account: The one account (APIID).
        api_key: Its key (APIKEY).
        signature: Its signature, without brackets.
        balance: Messages left at the start.
        receipt_url: Where receipts are pushed; None: nowhere.
        reply_url: Where replies are pushed; None: nowhere.
        template_url: Where template reviews are pushed; None: nowhere.
        templates: The account's templates at the start, besides the one that is open to all.
        receipt_delay: Seconds from taking a message to its receipt.
        push_pauses: Seconds before each repeat of a push that was not answered ``success``.
        latency: Seconds that every answer of the gateway takes longer.
        slow: Seconds that an answer to the slow number takes.
        max_length: Longest text, in characters (4073).
        max_variable: Longest template variable, in characters (40722).
        match_templates: Whether a text without a template id must match an approved template (4072).
        one_a_second: Whether a number may have only one message a second (4080).
        per_day: Messages to a number a day (4082); None: any.
        codes_per_day: Verification codes to a number a day (4085); None: any.
        equal_per_minute: Equal texts to a number a minute (4083); None: any.
        equal_per_day: Equal texts to a number a day (4084); None: any.
    """

    host: str = "127.0.0.1"
    port: int = 0
    account: str = "sandbox"
    api_key: str = field(default="sandbox-api-key", repr=False)
    signature: str = "互亿无线"
    balance: int = 10_000
    receipt_url: str | None = field(default=None, repr=False)
    reply_url: str | None = field(default=None, repr=False)
    template_url: str | None = field(default=None, repr=False)
    templates: tuple[KnownTemplate, ...] = field(default=(), repr=False)
    receipt_delay: float = 2.0
    push_pauses: tuple[float, ...] = (60.0, 120.0)
    latency: float = 0.0
    slow: float = 3.0
    max_length: int = 300
    max_variable: int = 8
    match_templates: bool = False
    one_a_second: bool = True
    per_day: int | None = None
    codes_per_day: int | None = None
    equal_per_minute: int | None = None
    equal_per_day: int | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot work.

        Raises:
            ValueError: The host or a push URL is not loopback, there is no such port, the account or key is empty, the
                signature has not 2 to 30 characters, a template's id is none, or a number is negative.
        """
        object.__setattr__(self, "host", check_bind_host(self.host))
        for url in (self.receipt_url, self.reply_url, self.template_url):
            if url is not None:
                check_push_url(url)
        if not self.account or not self.api_key:
            raise ValueError("The sandbox needs an account and a key.")
        if not 2 <= len(self.signature) <= 30:
            raise ValueError("A signature has 2 to 30 characters, brackets not counted.")
        if not 0 <= self.port <= 65535:
            raise ValueError("A port is a number from 0 to 65535.")
        if not all(OPEN_TEMPLATE < one.templateid <= LAST_TEMPLATE for one in self.templates):
            raise ValueError("A template's id is a number of up to nine digits; 1 is open to all accounts.")
        numbers = (self.balance, self.receipt_delay, self.latency, self.slow, *self.push_pauses)
        if min(numbers) < 0:
            raise ValueError("Balance, delays and pauses cannot be negative.")
