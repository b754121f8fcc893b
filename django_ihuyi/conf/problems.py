"""Problems of ``IHUYI``: wrong options, wrong combinations, and what is unsafe in production.

The installed features say what is wrong with their sections.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.utils.module_loading import import_string

from django_ihuyi import needed_apps
from django_ihuyi.gateway.products import PRODUCTS, SMS, Product, get_product
from django_ihuyi.hooks import Problem, features

from . import EXAMPLE, FEATURE_SECTIONS, explain_missing, section_names
from .base import section_problems
from .schema import AccountSettings, IhuyiSettings, RegistrationSettings
from .validators import is_loopback, validate_numbers, validate_product, validate_queues, validate_texts, validate_url

TEST_KEY = "1q784322ba1d9bb88d50cf5cdfd89k7d"
"""The key that the vendor prints in its document: nobody's account."""
_FOR_TESTS = "django_ihuyi.testing."
_MIN_TOKEN = 20
_IN_A_PATH = re.compile(r"[A-Za-z0-9_-]+")


def problems(raw: object) -> Iterator[Problem]:
    """Find everything that is wrong with a value of ``IHUYI``, in an order in which to mend it.

    Args:
        raw: The setting's value; None if there is none.

    Yields:
        What is wrong, where, and what to write. No value is repeated, since it may be a key.
    """
    if raw is None:
        yield explain_missing()
        return
    yield from section_problems(raw, IhuyiSettings, "IHUYI", section_names())
    if not isinstance(raw, Mapping):
        return
    accounts = raw.get("ACCOUNTS")
    if not isinstance(accounts, Mapping) or not accounts:
        yield Problem("E005", "IHUYI['ACCOUNTS'] names no account.", f"Write {EXAMPLE}.")
        accounts = {}
    elif "default" not in accounts:
        yield Problem(
            "E006",
            "IHUYI['ACCOUNTS'] has no account with the alias 'default'.",
            f"Call one of {', '.join(map(repr, accounts))} 'default': calls that name no account use it.",
        )
    for alias, account in accounts.items():
        yield from section_problems(account, AccountSettings, f"IHUYI['ACCOUNTS'][{alias!r}]")
        if isinstance(account, Mapping):
            yield from _account_problems(alias, account)
    yield from _token_problems(raw)
    yield from _registration_problems(raw.get("REGISTRATION"))
    yield from _queue_problems(raw)
    yield from _feature_problems(raw)


def _feature_problems(raw: Mapping[str, Any]) -> Iterator[Problem]:
    """Let the installed features judge their sections, and name the sections of features that are not installed."""
    for config in features():
        for name, path in config.settings_sections.items():
            is_off = name in config.optional_sections and raw.get(name) is None
            if not is_off:
                yield from section_problems(raw.get(name, {}), import_string(path), f"IHUYI[{name!r}]")
        yield from config.setting_problems(raw, deploy=False)
    for name, app in FEATURE_SECTIONS.items():
        if raw.get(name) is not None and not apps.is_installed(app):
            yield Problem(
                "W010",
                f"IHUYI[{name!r}] is set, and its app {app!r} is not in INSTALLED_APPS: the section has no effect.",
                f"Add {app!r} to INSTALLED_APPS and run migrate, or remove {name!r} from IHUYI.",
            )


def _account_problems(alias: str, raw: Mapping[str, Any]) -> Iterator[Problem]:
    """Find what is wrong with one account though each of its values has the right form.

    Args:
        alias: Its alias.
        raw: Its dict as it stands in the settings.
    """
    where = f"IHUYI['ACCOUNTS'][{alias!r}]"
    if raw.get("API_KEY") == TEST_KEY:
        yield Problem(
            "E007",
            f"{where}['API_KEY'] is the key printed in the vendor's document.",
            "Write the APIKEY that ihuyi's console shows for your APIID; keep it in an environment variable.",
        )
    yield from needed_apps.problems(f"{where}['CLIENT']", raw.get("CLIENT"))
    yield from _product_problems(where, raw)
    url = raw.get("BASE_URL")
    if url and not validate_url(url):
        name = raw.get("PRODUCT", SMS.name)
        yield from _address_problems(f"{where}['BASE_URL']", url, SMS if validate_product(name) else get_product(name))


def _address_problems(where: str, url: str, product: Product) -> Iterator[Problem]:
    """Find what is wrong with an account's address though it has the form of one."""
    parts = urlsplit(url)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        yield Problem(
            "E008",
            f"{where} sends texts and numbers in clear over http://.",
            "Write https:// instead; http:// is for a stand-in gateway on this machine only.",
        )
    if parts.path in ("", "/"):
        yield Problem(
            "W003",
            f"{where} has no path: the gateway answers nothing there, and every message becomes unknown.",
            f"Write it with its path, {urlsplit(product.url).path!r}; the sandbox has the same.",
        )


def _product_problems(where: str, raw: Mapping[str, Any]) -> Iterator[Problem]:
    """Find what does not go with the account's product."""
    if validate_product(raw.get("PRODUCT", SMS.name)):
        return
    product = get_product(raw.get("PRODUCT", SMS.name))
    others = {other.url: name for name, other in PRODUCTS.items() if other is not product}
    if raw.get("BASE_URL") in others:
        yield Problem(
            "E012",
            f"{where}['BASE_URL'] is the address of another product, {others[raw['BASE_URL']]!r}.",
            "Leave BASE_URL out: each product has its own address. Or write the right PRODUCT.",
        )
    numbers = raw.get("REDIRECT_TO", [])
    if not validate_numbers(numbers) and any(product.parse(number) != number for number in numbers):
        yield Problem(
            "E013",
            f"{where}['REDIRECT_TO'] has a number that the product {product.name!r} does not reach.",
            "Write numbers as messages of this account have them.",
        )
    yield from _country_problems(where, raw, product)


def _country_problems(where: str, raw: Mapping[str, Any], product: Product) -> Iterator[Problem]:
    """Find that an account has countries and goes to none, or goes to all of them."""
    countries = raw.get("COUNTRIES")
    if countries is not None and not product.goes_abroad:
        yield Problem(
            "E015",
            f"{where}['COUNTRIES'] is for accounts of international SMS, and this one is of {product.name!r}.",
            "Leave COUNTRIES out, or write the right PRODUCT.",
        )
    if countries is None and product.goes_abroad:
        yield Problem(
            "W006",
            f"{where} has no COUNTRIES: whoever types numbers into a form has codes sent to the dearest of them all.",
            "Write the calling codes of the countries that your people are in, such as 'COUNTRIES': ['852', '853']. If "
            "it has to be all of them, add 'django_ihuyi.W006' to SILENCED_SYSTEM_CHECKS.",
        )


def _queue_problems(raw: Mapping[str, Any]) -> Iterator[Problem]:
    """Find what verification codes wait behind in a queue that they share."""
    queues = raw.get("QUEUES", {})
    if validate_queues(queues) or not isinstance(queues, Mapping):
        return
    of_codes, of_campaigns = queues.get("verification"), queues.get("marketing")
    if queues and of_codes in (None, of_campaigns):
        yield Problem(
            "W009",
            "IHUYI['QUEUES'] has no queue for verification codes alone: they wait behind the tasks that share theirs.",
            "Write 'verification': 'codes', or another name that no other category has, and run a worker for it.",
        )


def _token_problems(raw: Mapping[str, Any]) -> Iterator[Problem]:
    tokens = raw.get("PUSH_TOKENS", [])
    if validate_texts(tokens):
        return
    make = 'python -c "import secrets; print(secrets.token_urlsafe(32))"'
    if not tokens:
        yield Problem(
            "W001",
            "IHUYI['PUSH_TOKENS'] is empty, so no receipt or reply can be received.",
            f"Write a list with one long random token, made for example by: {make}",
        )
    metrics = raw.get("METRICS_TOKENS", [])
    named = [("PUSH_TOKENS", *item) for item in enumerate(tokens)]
    if not validate_texts(metrics):
        named += [("METRICS_TOKENS", *item) for item in enumerate(metrics)]
    for name, index, token in named:
        if len(token) < _MIN_TOKEN or not _IN_A_PATH.fullmatch(token):
            yield Problem(
                "E009",
                f"IHUYI[{name!r}][{index}] is shorter than {_MIN_TOKEN} characters, or has others than letters, "
                "digits, - and _, which an address does not carry as they are.",
                f"Whoever guesses it can forge receipts, or read the figures. Make a long one: {make}",
            )


def _registration_problems(raw: object) -> Iterator[Problem]:
    if raw is None:
        return
    yield from section_problems(raw, RegistrationSettings, "IHUYI['REGISTRATION']")
    if not isinstance(raw, Mapping):
        return
    if raw.get("CONTENT") is None and raw.get("CODE") is None:
        yield Problem(
            "E011",
            "IHUYI['REGISTRATION'] says neither which text nor which code a new user gets.",
            "Write CONTENT, a text or a callable that takes the user, or CODE, a verification code's purpose.",
        )
    app = FEATURE_SECTIONS["VERIFICATION"]
    for name in ("CODE", "VERIFIED"):
        if raw.get(name) is not None and not apps.is_installed(app):
            yield Problem(
                "E019",
                f"IHUYI['REGISTRATION'][{name!r}] needs the app {app!r}, which is not in INSTALLED_APPS: "
                "no code is sent to new users.",
                f"Add {app!r} to INSTALLED_APPS and run migrate, or leave {name} out.",
            )


def production_problems(raw: object) -> Iterator[Problem]:
    """Find what keeps messages from the people they are for, or shows them to others.

    Args:
        raw: ``IHUYI`` as it stands in the settings; what is wrong with its form is told elsewhere.
    """
    accounts = raw.get("ACCOUNTS") if isinstance(raw, Mapping) else None
    for alias, account in accounts.items() if isinstance(accounts, Mapping) else ():
        if isinstance(account, Mapping):
            yield from _production_problems_of(f"IHUYI['ACCOUNTS'][{alias!r}]", account)
    for config in features():
        yield from config.setting_problems(raw if isinstance(raw, Mapping) else {}, deploy=True)


def _production_problems_of(where: str, account: Mapping[str, Any]) -> Iterator[Problem]:
    if str(account.get("CLIENT", "")).startswith(_FOR_TESTS):
        yield Problem(
            "W020",
            f"{where}['CLIENT'] is a client for tests and development: nothing is sent.",
            "Leave CLIENT out in production; the default is 'django_ihuyi.gateway.Client'.",
        )
    if account.get("REDIRECT_TO"):
        yield Problem(
            "W021",
            f"{where}['REDIRECT_TO'] sends every message to test numbers.",
            "Leave REDIRECT_TO out in production.",
        )
    try:
        host = urlsplit(str(account.get("BASE_URL", ""))).hostname or ""
    except ValueError:
        return  # which is an error of its own
    if is_loopback(host):
        yield Problem(
            "W022",
            f"{where}['BASE_URL'] is an address of this machine, as the sandbox gateway's.",
            "Leave BASE_URL out in production; the default is the real gateway.",
        )
