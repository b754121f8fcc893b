"""Numbers as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_ihuyi.exceptions import InvalidMessage
from django_ihuyi.outbound.numbers import normalise, normalise_pushed

WRITTEN = [
    "13800138000",
    "+8613800138000",
    "+86 138 0013 8000",
    "008613800138000",
    "0086 138-0013-8000",
    "8613800138000",
    "138-0013-8000",
    "138 0013 8000",
    "(138) 0013.8000",
    "  13800138000\t",
    "１３８００１３８０００",
    "＋８６　１３８００１３８０００",
]


@pytest.mark.parametrize("written", WRITTEN)
def test_spellings_of_one_number(written: str) -> None:
    assert normalise(written) == "13800138000"


def test_a_whole_number_is_taken_by_its_digits() -> None:
    assert normalise(13800138000) == "13800138000"


@pytest.mark.parametrize("mobile", ["19912345678", "16612345678", "17012345678", "14712345678", "15912345678"])
def test_mobile_prefixes(mobile: str) -> None:
    assert normalise(mobile) == mobile


REFUSED = [
    ("", 403),
    ("   ", 403),
    (None, 403),
    (1380013800, 406),
    (True, 403),
    ("1380013800", 406),
    ("138001380001", 406),
    ("12800138000", 406),
    ("010-62345678", 406),
    ("95588", 406),
    ("+852 9123 4567", 406),
    ("+1 415 555 2671", 406),
    ("13800138000x12", 406),
    ("13800138000 ext. 5", 406),
    ("1380013800O", 406),
    ("tel:13800138000", 406),
    ("13800138000,13900139000", 406),
    ("++++", 406),
    ("1" * 500, 406),
]


@pytest.mark.parametrize(("mobile", "code"), REFUSED)
def test_refused(mobile: object, code: int) -> None:
    with pytest.raises(InvalidMessage) as caught:
        normalise(mobile)
    assert caught.value.code == code
    assert "number" in str(caught.value)


# Of any texts at all, hardly one is a number.
@given(st.text() | st.from_regex(r"(\+?86[ -]?)?1[3-9](\d[ -]?){9}", fullmatch=True))
def test_anything_is_eleven_digits_or_refused(text: str) -> None:
    try:
        number = normalise(text)
    except InvalidMessage:
        return
    assert len(number) == 11
    assert number.isascii()
    assert number.isdecimal()
    assert normalise(number) == number


@pytest.mark.parametrize(
    ("pushed", "kept"),
    [("8613800138000", "13800138000"), ("13800138000", "13800138000"), ("+852 9123 4567", "+852 9123 4567"), ("", "")],
)
def test_pushed_numbers_are_never_refused(pushed: str, kept: str) -> None:
    assert normalise_pushed(pushed) == kept
