"""The table of codes: what PROTOCOL 3 and customers' programs know, and what the package does about each."""

from __future__ import annotations

import pytest

from django_ihuyi.gateway import CODES, Retry, Scope, SubmitRefused, SubmitResult, lookup
from django_ihuyi.gateway.products import PRODUCTS
from django_ihuyi.gateway.result_codes import PRODUCT_CODES

DEFAULT = lookup(4999)

KNOWN_FROM_PROGRAMS: list[tuple[int, Scope, Retry, int, bool]] = [
    (4010, Scope.MESSAGE, Retry.NEVER, 0, False),
    (40505, Scope.ACCOUNT, Retry.AFTER_FIX, 0, False),
    (4054, Scope.ACCOUNT, Retry.AFTER_FIX, 0, False),
    (4077, Scope.MESSAGE, Retry.NEVER, 0, False),
    (4081, Scope.RECIPIENT, Retry.NEVER, 60, False),
    (4083, Scope.RECIPIENT, Retry.NEVER, 60, False),
    (4084, Scope.RECIPIENT, Retry.NEVER, 0, True),
    (4086, Scope.RECIPIENT, Retry.NEVER, 120, False),
]


@pytest.mark.parametrize(
    ("number", "scope", "again", "waits", "not_today"),
    KNOWN_FROM_PROGRAMS,
    ids=[str(row[0]) for row in KNOWN_FROM_PROGRAMS],
)
def test_code__known_from_programs_only__has_a_row_with_advice(
    number: int, scope: Scope, again: Retry, waits: int, not_today: bool
) -> None:
    code = lookup(number)
    assert (code.number, code.scope, code.retry) == (number, scope, again)
    assert (code.number_wait, code.not_today) == (waits, not_today)
    assert code.meaning != DEFAULT.meaning
    assert CODES[number] is code


def test_codes__that_hold_for_a_number__are_about_numbers() -> None:
    holding = [code for code in CODES.values() if code.number_wait or code.not_today]
    assert {code.scope for code in holding} == {Scope.RECIPIENT}
    assert {code.number for code in holding if code.not_today} == {4030, 408, 4082, 4084, 4085}


def test_codes__that_a_balance_tells__are_about_the_account() -> None:
    told = {code.number for code in CODES.values() if code.probed_by_balance}
    assert told == {400, 401, 402, 405, 4050, 4051}
    assert {CODES[number].scope for number in told} == {Scope.ACCOUNT}


@pytest.mark.parametrize(
    ("product", "scope", "again"),
    [
        ("sms", Scope.RECIPIENT, Retry.NEVER),
        ("international", Scope.RECIPIENT, Retry.NEVER),
        ("voice", Scope.ACCOUNT, Retry.AFTER_FIX),
        ("no such product", Scope.RECIPIENT, Retry.NEVER),
    ],
)
def test_code_408__by_product__is_about_the_number_or_the_account(product: str, scope: Scope, again: Retry) -> None:
    assert (lookup(408, product).scope, lookup(408, product).retry) == (scope, again)
    with pytest.raises(SubmitRefused) as caught:
        SubmitResult(408, "", None, product=product).raise_for_code()
    assert str(caught.value) == f"code 408: {lookup(408, product).meaning}"


@pytest.mark.parametrize("number", [2, 405, 4085, 4999])
def test_other_codes__are_the_same_for_every_product(number: int) -> None:
    assert {lookup(number, product) for product in PRODUCTS} == {lookup(number)}


def test_products_with_codes_of_their_own__exist() -> None:
    assert set(PRODUCT_CODES) <= set(PRODUCTS)
