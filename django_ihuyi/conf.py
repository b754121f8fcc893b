"""The one dict ``IHUYI``: its options with types and defaults, read live.

Nothing else in the package reads ``django.conf.settings.IHUYI``, but for :mod:`django_ihuyi.testing`, which changes it.
What can be wrong with it is in :mod:`django_ihuyi.setting_problems`; the system checks and the errors at run time say
the same words, because both come from :func:`~django_ihuyi.sections.section_problems`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured

from .exceptions import InvalidMessage
from .gateway.codes import Code, lookup
from .gateway.numbers import country_of
from .gateway.products import PRODUCTS, SMS, Product, find
from .hooks import features
from .options import (
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
    option,
)
from .sections import Problem, did_you_mean, read_section


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

    @property
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


FEATURE_SECTIONS: Mapping[str, str] = {
    "API": "django_ihuyi.api",
    "VERIFICATION": "django_ihuyi.verification",
    "WEBHOOKS": "django_ihuyi.webhooks",
}
"""The sections of this package's feature apps, with the apps: known also where an app is not installed, so that the
system check can say what to add."""
EXAMPLE = "{'default': {'ACCOUNT': '<APIID>', 'API_KEY': '<APIKEY>', 'SIGNATURE': '<签名>'}}"
"""``ACCOUNTS`` with what is required."""


def get_raw() -> object:
    """Return ``IHUYI`` as it stands in the settings, right or wrong; None if it does not."""
    return getattr(django_settings, "IHUYI", None)


def is_silenced(check: str) -> bool:
    """Whether the site wants to hear nothing of a system check, such as ``W001``."""
    return f"django_ihuyi.{check}" in django_settings.SILENCED_SYSTEM_CHECKS


def explain_missing() -> Problem:
    """Say what to write where there is no ``IHUYI``, and which setting was probably meant to be it."""
    names = difflib.get_close_matches("IHUYI", dir(django_settings), n=5)
    meant = next((name for name in names if isinstance(getattr(django_settings, name), Mapping)), None)
    hint = f"Did you mean {meant}? Call it IHUYI." if meant else f"Write IHUYI = {{'ACCOUNTS': {EXAMPLE}}}."
    return Problem("E001", "The settings have no IHUYI.", hint)


def _raw() -> Mapping[str, Any]:
    raw = get_raw()
    if raw is None:
        problem = explain_missing()
        raise ImproperlyConfigured(f"{problem.text} {problem.hint}")
    if not isinstance(raw, Mapping):
        raise ImproperlyConfigured("IHUYI is not a dict. Write IHUYI = {...} in the settings.")
    return raw


def section_names() -> tuple[str, ...]:
    """Return the options of ``IHUYI`` that are dicts with classes of their own: the core's and the features'."""
    installed = {name for config in features() for name in config.settings_sections}
    return ("ACCOUNTS", "REGISTRATION", *sorted(installed | FEATURE_SECTIONS.keys()))


def get_section(name: str, default: object = None) -> object:
    """Return a feature's section of ``IHUYI`` as it stands in the settings, right or wrong.

    Args:
        name: The section's name, such as ``"WEBHOOKS"``.
        default: What to return if the settings have no such section, or its app is not installed.

    Raises:
        ImproperlyConfigured: If the settings have no ``IHUYI``, or it is not a dict.
    """
    is_installed = any(name in config.settings_sections for config in features())
    return _raw().get(name, default) if is_installed else default


def get_settings() -> IhuyiSettings:
    """Read the options that stand directly in ``IHUYI``.

    Raises:
        ImproperlyConfigured: If a name is unknown or a value has the wrong form.
    """
    return read_section(_raw(), IhuyiSettings, "IHUYI", section_names())


def get_account(alias: str) -> AccountSettings:
    """Read one account.

    Args:
        alias: The account's name in ``IHUYI['ACCOUNTS']``.

    Raises:
        ImproperlyConfigured: If there is no such account or it is not complete.
    """
    accounts = _raw().get("ACCOUNTS") or {}
    if alias not in accounts:
        raise ImproperlyConfigured(f"IHUYI['ACCOUNTS'] has no account {alias!r}. {did_you_mean(alias, list(accounts))}")
    return read_section(accounts[alias], AccountSettings, f"IHUYI['ACCOUNTS'][{alias!r}]")


def get_account_aliases() -> list[str]:
    """Return the aliases of all accounts, in the settings' order."""
    return list(_raw().get("ACCOUNTS") or {})


def get_product(alias: str) -> Product | None:
    """Return what an account is of; None where the settings have no such account or product."""
    account = (_raw().get("ACCOUNTS") or {}).get(alias)
    return None if account is None else PRODUCTS.get(account.get("PRODUCT", SMS.name))


def lookup_code(number: int, alias: str) -> Code:
    """Return what is known of a code that the gateway answered to an account.

    Args:
        number: The code.
        alias: The account's name; one that is not in the settings any more counts as of SMS.
    """
    return lookup(number, (get_product(alias) or SMS).name)


def get_price(alias: str) -> Decimal | None:
    """Return what one segment costs with an account, in yuan.

    Returns:
        The price; None where the settings have none, or no such account.
    """
    try:
        price = get_account(alias).price
    except ImproperlyConfigured:
        return None
    # By its digits: exactly 0.03, not the nearest binary fraction.
    return None if price is None else Decimal(str(price))


def get_aliases_of(fits: Callable[[Product], bool]) -> list[str]:
    """Return the aliases of the accounts whose product fits, in the settings' order."""
    sold = ((alias, get_product(alias)) for alias in get_account_aliases())
    return [alias for alias, product in sold if product is not None and fits(product)]


def get_aliases_without_receipts() -> list[str]:
    """Return the aliases of the accounts whose messages miss nothing if no receipt comes."""
    return get_aliases_of(lambda product: not product.promises_receipts)


def get_redirecting(mobile: str) -> list[str]:
    """Return the aliases of the accounts that redirect messages to a number. Cheap, since every push asks."""
    accounts = _raw().get("ACCOUNTS") or {}
    return [alias for alias, account in accounts.items() if mobile in account.get("REDIRECT_TO", ())]


def get_registration() -> RegistrationSettings | None:
    """Read ``IHUYI['REGISTRATION']``, or None where new users are sent nothing."""
    raw = _raw().get("REGISTRATION")
    return None if raw is None else read_section(raw, RegistrationSettings, "IHUYI['REGISTRATION']")


def has_push_tokens() -> bool:
    """Whether a push can be received at all."""
    return bool(_raw().get("PUSH_TOKENS"))
