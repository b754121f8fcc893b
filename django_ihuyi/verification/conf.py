"""Settings of ``IHUYI["VERIFICATION"]``: options, defaults, problems."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.apps import apps
from django.db import connections, router

from django_ihuyi import conf, needed_apps
from django_ihuyi.conf.base import option, read_section, section_problems
from django_ihuyi.conf.validators import (
    validate_count,
    validate_flag,
    validate_importable_or_none,
    validate_numbers,
    validate_positive,
    validate_product,
)
from django_ihuyi.gateway.products import SMS, get_product
from django_ihuyi.hooks import Problem

PLACES = frozenset({"code", "minutes"})
"""What a text or a template's variable may name in braces."""
CAPTCHA_TIMES = ("never", "threshold", "always")
SECOND_FACTORS = frozenset({"otp", "two-factor"})
"""The purposes of our adapters to packages that ask for a password first (:mod:`django_ihuyi.contrib`)."""
_WHERE = "IHUYI['VERIFICATION']"
_CAPTCHAS = {"django_ihuyi.contrib.simple_captcha.check": "captcha"}
"""Our adapters to captchas, with the apps that they import only when they are used."""


def _named(text: str) -> set[str] | None:
    """The names in a text's braces, or None if it is no format."""
    try:
        return {name for _literal, name, _spec, _conversion in string.Formatter().parse(text) if name is not None}
    except ValueError:
        return None


def validate_code_text(value: object) -> str | None:
    names = _named(value) if isinstance(value, str) else None
    right = names is not None and "code" in names and names <= PLACES
    return None if right else "a text with {code} and perhaps {minutes} in it, for example '您的验证码是：{code}。'"


def _validate_own_text(value: object) -> str | None:
    return None if value is None else validate_code_text(value)


def validate_template(value: object) -> str | None:
    right = value is None or (isinstance(value, str | int) and not isinstance(value, bool) and bool(str(value).strip()))
    return None if right else "None, or the template's id as ihuyi's console shows it, for example 1"


def validate_params(value: object) -> str | None:
    texts = isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)
    names = [_named(item) for item in value] if texts else [None]  # type: ignore[attr-defined]  # a list, says the line above
    right = bool(names) and all(one is not None and one <= PLACES for one in names)
    right = right and any(one and "code" in one for one in names)
    return None if right else "a list of the template's variables with {code} in one of them, for example ['{code}']"


def validate_code_length(value: object) -> str | None:
    right = isinstance(value, int) and not isinstance(value, bool) and 4 <= value <= 8
    return None if right else "a whole number from 4 to 8"


def validate_limit(value: object) -> str | None:
    return None if value is None or validate_positive(value) is None else "a whole number above 0, or None for no limit"


def validate_share(value: object) -> str | None:
    right = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1
    return None if right else "a number between 0 and 1, for example 0.2"


def validate_captcha_time(value: object) -> str | None:
    return None if value in CAPTCHA_TIMES else f"one of {', '.join(map(repr, CAPTCHA_TIMES))}"


def _validate_own_captcha_time(value: object) -> str | None:
    return None if value is None else validate_captcha_time(value)


def _validate_own_flag(value: object) -> str | None:
    return None if value is None or isinstance(value, bool) else "True, False or None"


def validate_purposes(value: object) -> str | None:
    right = isinstance(value, Mapping) and all(isinstance(key, str) and 1 <= len(key) <= 32 for key in value)
    return None if right else "a dict from a purpose of 1 to 32 characters to its options, such as {'sign-up': {...}}"


@dataclass(frozen=True, kw_only=True)
class PurposeSettings:
    """What one purpose does otherwise than ``VERIFICATION`` says for all; None: the same."""

    text: str | None = option(_validate_own_text, default=None)
    template: str | int | None = option(validate_template, default=None)
    params: list[str] = option(validate_params, default=lambda: ["{code}"])
    captcha: str | None = option(_validate_own_captcha_time, default=None)
    behind_password: bool | None = option(_validate_own_flag, default=None)


@dataclass(frozen=True, kw_only=True)
class VerificationSettings:
    """All of ``VERIFICATION``. Times are in seconds unless a name says otherwise; limits count codes."""

    text: str = option(validate_code_text, default="您的验证码是：{code}。请不要把验证码泄露给其他人。")
    purposes: dict[str, Any] = option(validate_purposes, default=dict)
    code_length: int = option(validate_code_length, default=6)
    lifetime: int = option(validate_positive, default=300)
    max_tries: int = option(validate_positive, default=5)
    repeat_code: bool = option(validate_flag, default=False)
    interval: int = option(validate_count, default=60)
    number_per_day: int | None = option(validate_limit, default=5)
    number_reserved: int = option(validate_count, default=2)
    address_per_hour: int | None = option(validate_limit, default=20)
    address_per_day: int | None = option(validate_limit, default=60)
    prefix_per_hour: int | None = option(validate_limit, default=50)
    prefix_per_day: int | None = option(validate_limit, default=300)
    country_per_hour: int | None = option(validate_limit, default=50)
    country_per_day: int | None = option(validate_limit, default=200)
    site_per_hour: int | None = option(validate_limit, default=1000)
    site_per_day: int | None = option(validate_limit, default=10000)
    test_numbers: Sequence[str] = option(validate_numbers, default=list)
    dry_run: bool = option(validate_flag, default=False)
    captcha: str | None = option(validate_importable_or_none, default=None)
    captcha_when: str = option(validate_captcha_time, default="threshold")
    captcha_address_after: int = option(validate_count, default=3)
    captcha_site_after: int = option(validate_count, default=100)
    watch: bool = option(validate_flag, default=True)
    watch_share: float = option(validate_share, default=0.2)
    watch_at_least: int = option(validate_positive, default=30)
    watch_factor: float = option(validate_share, default=0.05)
    keep_days: int = option(validate_positive, default=30)
    by_purpose: Mapping[str, PurposeSettings] = field(default_factory=dict, metadata={"derived": True})

    def of(self, purpose: str) -> PurposeSettings:
        """Return what a purpose does otherwise; for one that is not named, nothing."""
        return self.by_purpose.get(purpose) or PurposeSettings()

    def is_behind_password(self, purpose: str) -> bool:
        """Whether only somebody who has given a password can ask for its codes."""
        own = self.of(purpose).behind_password
        return purpose in SECOND_FACTORS if own is None else own

    def number_per_day_for(self, purpose: str) -> int | None:
        """Return how many codes a number may have had in a day for one more of a purpose; None: any number.

        Anybody can ask for codes of most purposes, and would use up the whole day of a number. So where the settings
        name purposes behind a password, the day's last codes are theirs. Whether this very number ever had one makes no
        difference: that would tell strangers who has a second factor.
        """
        most = self.number_per_day
        if most is None or self.is_behind_password(purpose) or not any(map(self.is_behind_password, self.by_purpose)):
            return most
        return max(1, most - self.number_reserved)


@conf.cached
def get_verification() -> VerificationSettings:
    """Read ``IHUYI['VERIFICATION']``; without it, every option has its default.

    Raises:
        ImproperlyConfigured: If a name is unknown or a value has the wrong form.
    """
    read = read_section(conf.get_section("VERIFICATION", {}), VerificationSettings, _WHERE)
    purposes = {
        name: read_section(purpose, PurposeSettings, f"{_WHERE}['PURPOSES'][{name!r}]")
        for name, purpose in read.purposes.items()
    }
    return replace(read, by_purpose=purposes)


def setting_problems(raw: Mapping[str, Any]) -> Iterator[Problem]:
    """Find what is wrong with purposes, what needs an app, and accounts that cannot carry the site's codes.

    Args:
        raw: ``IHUYI`` as it stands in the settings; its sections may have any form.
    """
    section = raw.get("VERIFICATION", {})
    if not isinstance(section, Mapping):
        return
    purposes = section.get("PURPOSES")
    for name, purpose in purposes.items() if isinstance(purposes, Mapping) else ():
        yield from section_problems(purpose, PurposeSettings, f"{_WHERE}['PURPOSES'][{name!r}]")
    yield from needed_apps.problems(f"{_WHERE}['CAPTCHA']", section.get("CAPTCHA"), _missing_app)
    yield from _length_problems(section.get("CODE_LENGTH", VerificationSettings.code_length), raw.get("ACCOUNTS"))


def _missing_app(path: str) -> str | None:
    needed = _CAPTCHAS.get(path)
    if needed is None:
        return needed_apps.missing_app(path)
    return None if apps.is_installed(needed) else needed


def _length_problems(length: Any, accounts: object) -> Iterator[Problem]:  # noqa: ANN401  what the site has
    """Find accounts that cannot carry the site's codes, such as one of voice codes and codes of 8 digits."""
    if validate_code_length(length) or not isinstance(accounts, Mapping):
        return
    for alias, account in accounts.items():
        name = account.get("PRODUCT", SMS.name) if isinstance(account, Mapping) else SMS.name
        product = SMS if validate_product(name) else get_product(name)
        if not product.carries_code("0" * length):
            yield Problem(
                "E014",
                f"{_WHERE}['CODE_LENGTH'] is {length}: account {alias!r}, "
                f"of the product {product.name!r}, carries no such code.",
                "Write a smaller number.",
            )


def production_problems() -> Iterator[Problem]:
    """Find that the tries of verification codes can be undone with a request."""
    from .models import VerificationCode  # settings are read before models are loaded

    alias = router.db_for_write(VerificationCode)
    if connections.settings[alias].get("ATOMIC_REQUESTS"):
        yield Problem(
            "W025",
            f"ATOMIC_REQUESTS of the database {alias!r} is True: where a view raises an error after verify_code, the "
            "try that was spent is undone with all else, and a code can be guessed as often as one likes.",
            f"Decorate views that call verify_code with django.db.transaction.non_atomic_requests(using={alias!r}), or "
            "have them answer a wrong code instead of raising an error. Where all of them do so, add "
            "'django_ihuyi.W025' to SILENCED_SYSTEM_CHECKS.",
        )
