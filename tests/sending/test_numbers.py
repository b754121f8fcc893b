"""Numbers as people write them."""

from __future__ import annotations

import pickle
from decimal import Decimal

import phonenumbers
import pytest
from django.utils.functional import SimpleLazyObject, lazystr
from django.utils.safestring import mark_safe
from hypothesis import given
from hypothesis import strategies as st
from phonenumber_field.phonenumber import PhoneNumber

from django_ihuyi.exceptions import ArgumentTypeError, InvalidMessage
from django_ihuyi.gateway.products import normalize_any, normalize_mobile, normalize_pushed

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
    assert normalize_mobile(written) == "13800138000"


INVISIBLE = {
    "direction override": "\u202d13800138000\u202c",
    "direction marks": "\u200e138\u200f00138000",
    "isolate": "\u206613800138000\u2069",
    "zero-width spaces": "138\u200b0013\u200b8000",
    "word joiner": "13800\u2060138000",
    "byte order mark": "\ufeff13800138000",
    "soft hyphens": "138\u00ad0013\u00ad8000",
    "around a country code": "\u202d+86\u00a0138 0013 8000\u202c ",
}


@pytest.mark.parametrize("written", INVISIBLE.values(), ids=INVISIBLE)
def test_number__with_invisible_characters__is_read_without_them(written: str) -> None:
    assert normalize_mobile(written) == normalize_any(written) == "13800138000"


ABROAD = [
    "+852 6123 4567",
    "(+852) 6123 4567",
    "（＋852）6123 4567",
    "( +852 ) 6123-4567",
    "+(852) 6123 4567",
    "00852 6123 4567",
    "(00852) 6123 4567",
    "+852-6123-4567",
    "+85261234567.0",
    "\u202a+852 6123 4567\u202c",
]


@pytest.mark.parametrize("written", ABROAD)
def test_number_abroad__in_any_spelling__is_read(written: str) -> None:
    assert normalize_any(written) == "+85261234567"


DECIMALS = [
    ("13900139000.0", "13900139000"),
    ("13900139000.00", "13900139000"),
    ("+8613900139000.0", "13900139000"),
    ("139-0013-9000.0", "13900139000"),
    (" １３９００１３９０００．０ ", "13900139000"),
    ("139.0013.9000", "13900139000"),
    ("139.0013.0000", "13900130000"),
    ("(139) 0013.0000", "13900130000"),
    # A digit too few: the zero behind the dot must not become the last one.
    ("1380013800.0", None),
    ("1380013800.00", None),
    ("138001380.00", None),
    ("13800138.000", None),
    ("138 001 3800.0", None),
    ("138.0013.800.0", None),
    ("1380013800 .0", None),
    ("+861380013800.0", None),
    ("861380013800.0", None),
    ("1.3800138E+10", None),
    ("1.3800138e10", None),
    ("13,800,138,000", None),
    ("13800138000,0", None),
    ("13800138000.5", None),
    ("13800138000²", None),
    ("1380013800²", None),
]


@pytest.mark.parametrize(("written", "kept"), DECIMALS)
def test_number__as_spreadsheets_write_it__is_its_digits_or_refused(written: str, kept: str | None) -> None:
    if kept is None:
        with pytest.raises(InvalidMessage) as caught:
            normalize_mobile(written)
        assert caught.value.code == 406
    else:
        assert normalize_mobile(written) == normalize_any(written) == kept


@pytest.mark.parametrize("prefix", range(130, 200))
def test_number__with_any_mobile_prefix__is_taken(prefix: int) -> None:
    for rest in ("00005678", "12345678", "99999999"):
        number = f"{prefix}{rest}"
        for written in (number, f"{prefix} {rest[:4]} {rest[4:]}", f"+86 {number}", f"86{number}", f"0{number}"):
            assert normalize_mobile(written) == number


@pytest.mark.parametrize("written", ["+1 380 013 8000", "0013800138000", "+13800138000"])
def test_number_abroad__with_eleven_digits_behind_the_plus__is_not_in_china(written: str) -> None:
    with pytest.raises(InvalidMessage):
        normalize_mobile(written)


OBJECTS = {
    "int": (13800138000, "13800138000"),
    "int with a country code": (8613800138000, "13800138000"),
    "PhoneNumber": (phonenumbers.parse("+8613800138000"), "13800138000"),
    "PhoneNumber abroad": (phonenumbers.parse("+85261234567"), "+85261234567"),
    "PhoneNumber of django-phonenumber-field": (PhoneNumber.from_string("+8613800138000"), "13800138000"),
    "PhoneNumber that could not be parsed": (PhoneNumber(raw_input="138 0013 8000"), "13800138000"),
    "lazy text": (lazystr("138 0013 8000"), "13800138000"),
    "lazy object": (SimpleLazyObject(lambda: "138 0013 8000"), "13800138000"),
    "lazy object of plain digits": (SimpleLazyObject(lambda: "13800138000"), "13800138000"),
    "lazy int": (SimpleLazyObject(lambda: 13800138000), "13800138000"),
    "lazy PhoneNumber": (SimpleLazyObject(lambda: phonenumbers.parse("+8613800138000")), "13800138000"),
    "safe text": (mark_safe("138 0013 8000"), "13800138000"),
}


@pytest.mark.parametrize(("mobile", "kept"), OBJECTS.values(), ids=OBJECTS)
def test_number__of_another_type_than_text__is_read(mobile: object, kept: str) -> None:
    assert normalize_any(mobile) == kept


@pytest.mark.parametrize(
    ("mobile", "code"),
    [
        (PhoneNumber(), 403),
        (PhoneNumber(raw_input="12345"), 406),
        (phonenumbers.parse("+86 138 0013 8000 ext. 5"), 406),
        (phonenumbers.parse("+86 10 6234 5678"), 406),
        (lazystr(""), 403),
        ("\u200b", 403),
    ],
    ids=["empty PhoneNumber", "PhoneNumber of no number", "extension", "fixed line", "lazy empty", "invisible"],
)
def test_number__of_another_type__that_is_none__is_refused(mobile: object, code: int) -> None:
    with pytest.raises(InvalidMessage) as caught:
        normalize_any(mobile)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "mobile",
    [True, b"13800138000", 13800138000.0, float("nan"), Decimal(13800138000), ["13800138000"], {}, object()],
    ids=lambda mobile: type(mobile).__name__,
)
def test_number__of_a_wrong_type__is_a_type_error_that_names_it(mobile: object) -> None:
    with pytest.raises(ArgumentTypeError, match=f"of the type {type(mobile).__name__}: it must be a text") as caught:
        normalize_any(mobile)
    assert caught.value.code == 406
    assert "1380" not in str(caught.value)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize("mobile", ["19912345678", "16612345678", "17012345678", "14712345678", "15912345678"])
def test_mobile_prefixes(mobile: str) -> None:
    assert normalize_mobile(mobile) == mobile


REFUSED = [
    ("", 403),
    ("   ", 403),
    (None, 403),
    (1380013800, 406),
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
        normalize_mobile(mobile)
    assert caught.value.code == code
    assert "number" in str(caught.value)


# Of any texts at all, hardly one is a number.
@given(st.text() | st.from_regex(r"(\+?86[ -]?)?1[3-9](\d[ -]?){9}", fullmatch=True))
def test_anything_is_eleven_digits_or_refused(text: str) -> None:
    try:
        number = normalize_mobile(text)
    except InvalidMessage:
        return
    assert len(number) == 11
    assert number.isascii()
    assert number.isdecimal()
    assert normalize_mobile(number) == number


@pytest.mark.parametrize(
    ("pushed", "kept"),
    [("8613800138000", "13800138000"), ("13800138000", "13800138000"), ("+852 9123 4567", "+852 9123 4567"), ("", "")],
)
def test_pushed_numbers_are_never_refused(pushed: str, kept: str) -> None:
    assert normalize_pushed(pushed) == kept
