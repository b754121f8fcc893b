"""Access to the settings ``IHUYI``. They are read once and again after ``setting_changed``.

Nothing else in the package reads ``django.conf.settings.IHUYI``, but for :mod:`django_ihuyi.testing`, which changes it.
What can be wrong with it is in :mod:`django_ihuyi.conf.problems`; the system checks and the errors at run time say
the same words, because both come from :func:`~django_ihuyi.conf.base.section_problems`.
"""

from __future__ import annotations

import difflib
import functools
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, ParamSpec, TypeVar, cast

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

from django_ihuyi.gateway.products import PRODUCTS, SMS, Product
from django_ihuyi.gateway.result_codes import Code, lookup
from django_ihuyi.hooks import Problem, features

from .base import did_you_mean, read_section
from .schema import AccountSettings, IhuyiSettings, RegistrationSettings

__all__ = ["AccountSettings", "IhuyiSettings", "RegistrationSettings"]

_P = ParamSpec("_P")
_Read = TypeVar("_Read")

FEATURE_SECTIONS: Mapping[str, str] = {
    "API": "django_ihuyi.api",
    "VERIFICATION": "django_ihuyi.verification",
    "WEBHOOKS": "django_ihuyi.webhooks",
}
"""The sections of this package's feature apps, with the apps: known also where an app is not installed, so that the
system check can say what to add."""
EXAMPLE = "{'default': {'ACCOUNT': '<APIID>', 'API_KEY': '<APIKEY>', 'SIGNATURE': '<签名>'}}"
"""``ACCOUNTS`` with what is required."""


_caches: list[Callable[[], None]] = []
"""What empties the cache of each function that :func:`cached` decorates."""


def cached(read: Callable[_P, _Read]) -> Callable[_P, _Read]:
    """Keep what a function reads from the settings until they change. An exception is not kept.

    Args:
        read: Takes hashable arguments; what it returns is shared, so that nobody may change it.
    """
    # A stranger's request may name any account: what is kept has to end somewhere.
    kept = functools.lru_cache(maxsize=1000)(read)
    _caches.append(kept.cache_clear)
    # functools.lru_cache does not tell of the arguments' types.
    return cast("Callable[_P, _Read]", kept)


def _forget(*, setting: str, **_kwargs: Any) -> None:  # noqa: ANN401  what Django sends
    """Read anew what tests override: ``IHUYI``, or the apps that its sections belong to."""
    if setting in ("IHUYI", "INSTALLED_APPS"):
        for clear in _caches:
            clear()


setting_changed.connect(_forget, dispatch_uid="django_ihuyi.conf")


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


@cached
def get_settings() -> IhuyiSettings:
    """Read the options that stand directly in ``IHUYI``.

    Raises:
        ImproperlyConfigured: If a name is unknown or a value has the wrong form.
    """
    return read_section(_raw(), IhuyiSettings, "IHUYI", section_names())


@cached
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


@cached
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


@cached
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
    return [alias for alias, numbers in _redirections() if mobile in numbers]


@cached
def _redirections() -> tuple[tuple[str, frozenset[str]], ...]:
    """Return the accounts that redirect messages, each with the numbers that they go to."""
    accounts = _raw().get("ACCOUNTS") or {}
    redirecting = ((alias, frozenset(account.get("REDIRECT_TO", ()))) for alias, account in accounts.items())
    return tuple((alias, numbers) for alias, numbers in redirecting if numbers)


@cached
def get_registration() -> RegistrationSettings | None:
    """Read ``IHUYI['REGISTRATION']``, or None where new users are sent nothing."""
    raw = _raw().get("REGISTRATION")
    return None if raw is None else read_section(raw, RegistrationSettings, "IHUYI['REGISTRATION']")


@cached
def has_push_tokens() -> bool:
    """Whether a push can be received at all."""
    return bool(_raw().get("PUSH_TOKENS"))
