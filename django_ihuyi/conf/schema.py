"""Settings sections of the core: options with types and defaults."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

from django_ihuyi.gateway.products import SMS, Product, get_product

from .base import option
from .validators import (
    validate_balance_low,
    validate_concurrency,
    validate_count,
    validate_countries,
    validate_flag,
    validate_format,
    validate_importable,
    validate_matching,
    validate_name_or_callable,
    validate_name_or_callable_or_none,
    validate_networks,
    validate_numbers,
    validate_positive,
    validate_positive_or_none,
    validate_price,
    validate_product,
    validate_purpose,
    validate_queues,
    validate_rate,
    validate_retention,
    validate_signature,
    validate_text,
    validate_texts,
    validate_timeout,
    validate_url,
    validate_words,
)


@dataclass(frozen=True, kw_only=True)
class AccountSettings:
    """One APIID/APIKEY pair with how to talk to it. Times are in seconds, lengths in characters."""

    account: str = option(validate_text)
    api_key: str = option(validate_text, secret=True)
    signature: str = option(validate_signature, default="互亿无线")
    product: str = option(validate_product, default=SMS.name)
    countries: Sequence[str] | None = option(validate_countries, default=None)
    base_url: str = option(validate_url, default="")
    format: str = option(validate_format, default="json")
    dynamic_password: bool = option(validate_flag, default=True)
    timeout: tuple[float, float] = option(validate_timeout, default=(3.05, 10))
    client: str = option(validate_importable, default="django_ihuyi.gateway.Client")
    max_length: int = option(validate_positive, default=300)
    max_variable_length: int = option(validate_positive, default=8)
    template_matching: str = option(validate_matching, default="off")
    max_attempts: int = option(validate_positive, default=8)
    resend_unknown: bool = option(validate_flag, default=False)
    concurrency: int = option(validate_concurrency, default=16)
    rate_limit: float | None = option(validate_rate, default=None)
    price: float | None = option(validate_price, default=None)
    redirect_to: Sequence[str] = option(validate_numbers, default=list)

    def __post_init__(self) -> None:
        """Fill in what depends on the product."""
        if not self.base_url:
            object.__setattr__(self, "base_url", self.product_spec.url)

    @cached_property
    def product_spec(self) -> Product:
        """What the account is of: it knows its numbers, texts and address."""
        return get_product(self.product)


@dataclass(frozen=True, kw_only=True)
class RegistrationSettings:
    """What a new user is sent: where the number is, a welcome text, a verification code, or both."""

    mobile: str | Callable[[Any], str | None] = option(validate_name_or_callable)
    content: str | Callable[[Any], str] | None = option(validate_name_or_callable_or_none, default=None)
    code: str | None = option(validate_purpose, default=None)
    verified: str | Callable[[Any], object] | None = option(validate_name_or_callable_or_none, default=None)
    account: str = option(validate_text, default="default")


@dataclass(frozen=True, kw_only=True)
class IhuyiSettings:
    """All of ``IHUYI`` but its nested dicts, which have classes of their own; those of features are in their apps."""

    push_tokens: list[str] = option(validate_texts, default=list)
    push_allowed_networks: list[str] | None = option(validate_networks, default=None)
    trusted_proxies: int = option(validate_count, default=0)
    queues: Mapping[str, str | None] = option(validate_queues, default=dict)
    receipt_window_hours: int = option(validate_positive, default=72)
    no_receipt_hours: int = option(validate_positive, default=24)
    balance_low: int | Mapping[str, int] | None = option(validate_balance_low, default=None)
    opt_out_words: Sequence[str] = option(validate_words, default=lambda: ["T", "TD", "N", "退订"])
    opt_in_words: Sequence[str] = option(validate_words, default=list)
    retention_days: int | Mapping[str, int | None] | None = option(validate_retention, default=None)
    text_retention_days: int | None = option(validate_positive_or_none, default=None)
    hash_mobiles_after_days: int | None = option(validate_positive_or_none, default=None)
    metrics_tokens: list[str] = option(validate_texts, default=list)

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
