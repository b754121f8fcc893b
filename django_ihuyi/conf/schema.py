"""The classes that describe ``IHUYI``: its options with types and defaults."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

from django_ihuyi.exceptions import InvalidMessage
from django_ihuyi.gateway.numbers import country_of
from django_ihuyi.gateway.products import SMS, Product, find

from .base import option
from .validators import (
    check_balance_low,
    check_concurrency,
    check_count,
    check_countries,
    check_flag,
    check_format,
    check_importable,
    check_matching,
    check_name_or_callable,
    check_name_or_callable_or_none,
    check_networks,
    check_numbers,
    check_positive,
    check_positive_or_none,
    check_price,
    check_product,
    check_purpose,
    check_queues,
    check_rate,
    check_retention,
    check_signature,
    check_text,
    check_texts,
    check_timeout,
    check_url,
    check_words,
)


@dataclass(frozen=True, kw_only=True)
class AccountSettings:
    """One APIID/APIKEY pair with how to talk to it. Times are in seconds, lengths in characters."""

    account: str = option(check_text)
    api_key: str = option(check_text, secret=True)
    signature: str = option(check_signature, default="互亿无线")
    product: str = option(check_product, default=SMS.name)
    countries: Sequence[str] | None = option(check_countries, default=None)
    base_url: str = option(check_url, default="")
    format: str = option(check_format, default="json")
    dynamic_password: bool = option(check_flag, default=True)
    timeout: tuple[float, float] = option(check_timeout, default=(3.05, 10))
    client: str = option(check_importable, default="django_ihuyi.gateway.Client")
    max_length: int = option(check_positive, default=300)
    max_variable_length: int = option(check_positive, default=8)
    template_matching: str = option(check_matching, default="off")
    max_attempts: int = option(check_positive, default=8)
    resend_unknown: bool = option(check_flag, default=False)
    concurrency: int = option(check_concurrency, default=16)
    rate_limit: float | None = option(check_rate, default=None)
    price: float | None = option(check_price, default=None)
    redirect_to: Sequence[str] = option(check_numbers, default=list)

    def __post_init__(self) -> None:
        """Fill in what depends on the product."""
        if not self.base_url:
            object.__setattr__(self, "base_url", self.sold_as.url)

    @cached_property
    def sold_as(self) -> Product:
        """What the account is of: it knows its numbers, texts and address."""
        return find(self.product)

    def normalise(self, mobile: object) -> str:
        """Turn a number as people write it into the one form that the record has.

        Raises:
            InvalidMessage: With code 403 if there is nothing, 406 if the account does not reach it or is not to
                (``COUNTRIES``).
        """
        number = self.sold_as.normalise(mobile)
        if self.countries is not None and country_of(number) not in self.countries:
            reason = "The number is of a country that this account does not send to (COUNTRIES in its settings)."
            raise InvalidMessage(406, reason)
        return number


@dataclass(frozen=True, kw_only=True)
class RegistrationSettings:
    """What a new user is sent: where the number is, a welcome text, a verification code, or both."""

    mobile: str | Callable[[Any], str | None] = option(check_name_or_callable)
    content: str | Callable[[Any], str] | None = option(check_name_or_callable_or_none, default=None)
    code: str | None = option(check_purpose, default=None)
    verified: str | Callable[[Any], object] | None = option(check_name_or_callable_or_none, default=None)
    account: str = option(check_text, default="default")


@dataclass(frozen=True, kw_only=True)
class IhuyiSettings:
    """All of ``IHUYI`` but its nested dicts, which have classes of their own; those of features are in their apps."""

    push_tokens: list[str] = option(check_texts, default=list)
    push_allowed_networks: list[str] | None = option(check_networks, default=None)
    trusted_proxies: int = option(check_count, default=0)
    queues: Mapping[str, str | None] = option(check_queues, default=dict)
    receipt_window_hours: int = option(check_positive, default=72)
    no_receipt_hours: int = option(check_positive, default=24)
    balance_low: int | Mapping[str, int] | None = option(check_balance_low, default=None)
    opt_out_words: Sequence[str] = option(check_words, default=lambda: ["T", "TD", "N", "退订"])
    opt_in_words: Sequence[str] = option(check_words, default=list)
    retention_days: int | Mapping[str, int | None] | None = option(check_retention, default=None)
    text_retention_days: int | None = option(check_positive_or_none, default=None)
    hash_mobiles_after_days: int | None = option(check_positive_or_none, default=None)
    metrics_tokens: list[str] = option(check_texts, default=list)

    def balance_low_of(self, alias: str) -> int | None:
        """How many messages an account should have left at least; None: any number will do."""
        return self.balance_low.get(alias) if isinstance(self.balance_low, Mapping) else self.balance_low

    def days_kept(self, kind: str) -> int | None:
        """Return for how many days a category's messages, or another kind of rows, are kept; None for ever.

        One number is for all kinds, also for those of features, which have options of their own for theirs.
        """
        days = self.retention_days
        return days.get(kind) if isinstance(days, Mapping) else days

    @property
    def no_receipt_after(self) -> timedelta:
        """How long after acceptance a missing receipt is worth staff's attention."""
        return timedelta(hours=self.no_receipt_hours)

    @property
    def receipt_window(self) -> timedelta:
        """How long after its Submit a message can be matched to a receipt by its number alone."""
        return timedelta(hours=self.receipt_window_hours)
