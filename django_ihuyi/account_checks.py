"""What is wrong with accounts beyond the form of their values: nobody's key, a wrong address, a product's limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from .gateway.products import PRODUCTS, SMS, find
from .options import check_product, check_url, is_loopback
from .sections import Problem
from .verification.settings import VerificationSettings, check_code_length, check_numbers

TEST_KEY = "1q784322ba1d9bb88d50cf5cdfd89k7d"
"""The key that the vendor prints in its document: nobody's account."""


def account_problems(alias: str, raw: Mapping[str, Any]) -> Iterator[Problem]:
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
    yield from _product_problems(where, raw)
    url = raw.get("BASE_URL")
    if url and not check_url(url) and urlsplit(url).scheme == "http" and not is_loopback(urlsplit(url).hostname or ""):
        yield Problem(
            "E008",
            f"{where}['BASE_URL'] sends texts and numbers in clear over http://.",
            "Write https:// instead; http:// is for a stand-in gateway on this machine only.",
        )


def _product_problems(where: str, raw: Mapping[str, Any]) -> Iterator[Problem]:
    """Find what does not go with the account's product."""
    if check_product(raw.get("PRODUCT", SMS.name)):
        return
    product = find(raw.get("PRODUCT", SMS.name))
    others = {other.url: name for name, other in PRODUCTS.items() if other is not product}
    if raw.get("BASE_URL") in others:
        yield Problem(
            "E012",
            f"{where}['BASE_URL'] is the address of another product, {others[raw['BASE_URL']]!r}.",
            "Leave BASE_URL out: each product has its own address. Or write the right PRODUCT.",
        )
    numbers = raw.get("REDIRECT_TO", [])
    if not check_numbers(numbers) and any(product.find(number) != number for number in numbers):
        yield Problem(
            "E013",
            f"{where}['REDIRECT_TO'] has a number that the product {product.name!r} does not reach.",
            "Write numbers as messages of this account have them.",
        )


def code_problems(raw: Mapping[str, Any]) -> Iterator[Problem]:
    """Find accounts for codes that cannot carry the site's codes, such as one of voice codes of 8 digits.

    Args:
        raw: ``IHUYI``.
    """
    accounts, verification = raw.get("ACCOUNTS"), raw.get("VERIFICATION", {})
    length = (
        verification.get("CODE_LENGTH", VerificationSettings.code_length) if isinstance(verification, Mapping) else 0
    )
    if check_code_length(length) or not isinstance(accounts, Mapping):
        return
    for alias, account in accounts.items():
        name = account.get("PRODUCT", SMS.name) if isinstance(account, Mapping) else SMS.name
        product = SMS if check_product(name) else find(name)
        if not product.carries_code("0" * length):
            yield Problem(
                "E014",
                f"IHUYI['VERIFICATION']['CODE_LENGTH'] is {length}: account {alias!r}, "
                f"of the product {product.name!r}, carries no such code.",
                "Write a smaller number.",
            )
