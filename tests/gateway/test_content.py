"""What is refused before it is recorded, and how many segments are billed."""

from __future__ import annotations

import pytest

from django_ihuyi.conf import AccountSettings
from django_ihuyi.exceptions import InvalidMessage
from django_ihuyi.gateway.content import check_params, check_text, count_segments

ACCOUNT = AccountSettings(account="cf_x", api_key="k", signature="互亿无线")

TEXTS = [
    ("plain", "您的验证码是:1234。", "您的验证码是:1234。"),
    ("own signature in front is taken off", "【互亿无线】您好", "您好"),
    ("white space stays", " 您好\n", " 您好\n"),
    ("exactly the limit", "字" * 300, "字" * 300),
    ("the signature does not count towards it", "【互亿无线】" + "字" * 300, "字" * 300),
    ("digits and signs are no emoji", "#1* 50%", "#1* 50%"),
    ("a rare character outside the BMP", "𠮷野家", "𠮷野家"),
]


@pytest.mark.parametrize(("content", "sent"), [row[1:] for row in TEXTS], ids=[row[0] for row in TEXTS])
def test_texts_that_pass(content: str, sent: str) -> None:
    assert check_text(content, ACCOUNT) == sent


REFUSED = [
    ("none", None, 404, "empty"),
    ("empty", "", 404, "empty"),
    ("blank", " \n　", 404, "empty"),
    ("only the signature", "【互亿无线】", 404, "empty"),
    ("too long", "字" * 301, 4073, "301"),
    ("another's signature", "【别家】您好", 4070, "position 1"),
    ("signature at the end", "您好【互亿无线】", 4070, "position 3"),
    ("signature twice", "【互亿无线】【互亿无线】您好", 4070, "position 1"),
    ("a lone bracket", "您】好", 4070, "position 2"),
    ("emoji", "您好😀", 4074, "position 3"),
    ("emoji of several code points", "家👨‍👩‍👧", 4074, "position 2"),
    ("keycap", "1️⃣", 4074, "position 1"),
    ("flag", "a🇨🇳", 4074, "position 2"),
    ("nul", "a\x00b", 407, "position 2"),
    ("lone surrogate", "ab\ud83d", 407, "position 3"),
]


@pytest.mark.parametrize(("content", "code", "where"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_texts_that_are_refused(content: str | None, code: int, where: str) -> None:
    with pytest.raises(InvalidMessage) as caught:
        check_text(content, ACCOUNT)
    assert caught.value.code == code
    assert where in str(caught.value)
    assert "您好" not in str(caught.value)


SHOWN_AS_TEXT = "®™©☎♂♀❤☀☁☺✔✖↔▶ℹ‼⁉〰〽㊗㊙Ⓜ🅰🏳♠♥←→★☆✓"


@pytest.mark.parametrize("character", SHOWN_AS_TEXT)
def test_character__that_unicode_shows_as_text__passes(character: str) -> None:
    for text in (f"Foo{character} 您好", f"Foo{character}\ufe0e", character * 2):
        assert check_text(text, ACCOUNT) == text
    assert check_params([character], ACCOUNT) == character


@pytest.mark.parametrize(
    "sequence",
    [
        *(f"{character}\ufe0f" for character in "®™☎♂❤🅰"),
        "⌚",
        "❗",
        "⭐",
        "🀄",
        "1\u20e3",
        "#\ufe0f\u20e3",
        "🇨",
        "🇨🇳",
        "🏽",
        "☝🏽",
        "👁\u200d🗨",
        "❤\u200d🔥",
        "🕵\u200d♂",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    ],
    ids=ascii,
)
def test_character__that_is_shown_as_an_emoji__is_refused_where_it_stands(sequence: str) -> None:
    with pytest.raises(InvalidMessage, match="an emoji at position 4") as caught:
        check_text(f"®a1{sequence} 🎉", ACCOUNT)
    assert caught.value.code == 4074


def test_emoji__with_the_selector_of_its_text_form__passes() -> None:
    assert check_text("⌚\ufe0e 1 # *", ACCOUNT) == "⌚\ufe0e 1 # *"


def test_limit_is_the_accounts() -> None:
    longer = AccountSettings(account="cf_x", api_key="k", max_length=500)
    assert len(check_text("字" * 500, longer)) == 500


PARAMS = [
    ("one", ["1234"], "1234"),
    ("two", ["1234", "5"], "1234|5"),
    ("numbers", [1234, 5], "1234|5"),
    ("a text alone", "1234", "1234"),
    ("a dict, in its order", {"code": "1234", "minutes": 5}, "1234|5"),
    ("exactly the limit", ["12345678"], "12345678"),
]


@pytest.mark.parametrize(("params", "sent"), [row[1:] for row in PARAMS], ids=[row[0] for row in PARAMS])
def test_params_that_pass(params: list[object] | dict[str, object], sent: str) -> None:
    assert check_params(params, ACCOUNT) == sent


WRONG_PARAMS = [
    ("none", None, 404, "params"),
    ("empty", [], 404, "params"),
    ("one is empty", ["1", " "], 404, "Variable 2"),
    ("too long", ["1", "123456789"], 40722, "Variable 2"),
    ("too long, by name", {"code": "123456789"}, 40722, "Variable 'code'"),
    ("separator", ["1|2"], 40722, "'|'"),
    ("emoji", ["😀"], 4074, "Variable 1"),
    ("bracket", ["【a】"], 4070, "Variable 1"),
    ("all together too long", ["12345678"] * 40, 4073, "359"),
]


@pytest.mark.parametrize(
    ("params", "code", "where"), [row[1:] for row in WRONG_PARAMS], ids=[row[0] for row in WRONG_PARAMS]
)
def test_params_that_are_refused(params: list[object] | dict[str, object] | None, code: int, where: str) -> None:
    with pytest.raises(InvalidMessage) as caught:
        check_params(params, ACCOUNT)
    assert caught.value.code == code
    assert where in str(caught.value)


@pytest.mark.parametrize(
    ("counted", "segments"),
    [(7, 1), (69, 1), (70, 1), (71, 2), (134, 2), (135, 3), (201, 3), (202, 4), (306, 5)],
)
def test_segments_count_text_and_signature(counted: int, segments: int) -> None:
    assert count_segments("字" * (counted - 6), "互亿无线") == segments
