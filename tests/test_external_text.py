"""What the gateway and carriers say is stored and shown without the numbers and codes that they quote."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_ihuyi.external_text import clean, without_quoted_text
from django_ihuyi.masking import HIDDEN

MOBILE = "13800138000"
MASKED = "138******00"
STATUSES = [
    *("DELIVRD", "UNDELIV", "EXPIRED", "REJECTD", "ACCEPTD", "UNKNOWN", "BLACK", "BLACK-Y", "MK:0001", "MN:0012"),
    *("MA:0054", "ID:0076", "MK0001", "ID0076", "IB:0011", "REJECT:12", "DB:0309", "空号", "关机", "提交成功", ""),
]


@pytest.mark.parametrize("status", STATUSES)
def test_a_carriers_status__is_kept_as_it_came(status: str) -> None:
    assert clean(status, mobile=MOBILE, about_code=True, text="您的验证码是：482913。") == status
    assert not status.isascii() or without_quoted_text(status, f"{status}：DELIVRD") == status


WRITINGS = [
    *("13800138000", "+8613800138000", "+86 138-0013-8000", "0086 13800138000", "86138.0013.8000", "138 0013 8000"),
    *("138-0013-8000", "138.0013.8000", "138_0013_8000", "(+86)138 0013 8000", "１３８００１３８０００"),
    *(
        "１３８．００１３．８０００",
        "＋８６　１３８－００１３－８０００",
        "138\u200b0013\u200b8000",
        "\u202a13800138000\u202c",
    ),
    *("①③⑧00138000", "1 3 8 0 0 1 3 8 0 0 0", "1/3800/138000", "138·0013·8000"),
]


@pytest.mark.parametrize("around", ["{}", "{} 超限", "号码{}，错误", "FAILED {}", "mobile={};code=1", "【{}】"])
@pytest.mark.parametrize("about_code", [False, True])
@pytest.mark.parametrize("written", WRITINGS)
@pytest.mark.parametrize("mobile", [MOBILE, "", "13900139000"], ids=["its own", "of nobody", "another's"])
def test_a_number__in_any_writing__is_masked(mobile: str, written: str, about_code: bool, around: str) -> None:
    cleaned = clean(around.format(written), mobile=mobile, about_code=about_code)
    assert MASKED in cleaned
    assert sum(map(str.isdigit, cleaned)) <= 6


@pytest.mark.parametrize(
    ("mobile", "written", "masked"),
    [
        ("+85291234567", "+852 9123 4567", "+85*******67"),
        ("+85291234567", "0085291234567", "+85*******67"),
        ("+85291234567", "9123-4567", "+85*******67"),
        ("+19785550100", "1 9785550100", "+19*******00"),
        ("+19785550100", "(978) 555-0100", "+19*******00"),
        ("138******00#0123456789abcdef0123", "138******00#0123456789abcdef0123", "138******00"),
        ("no number", "no number", "no ****er"),
    ],
    ids=["abroad", "00", "without country", "as submitted", "as written there", "hashed", "unreadable"],
)
def test_a_number__of_another_form__is_masked(mobile: str, written: str, masked: str) -> None:
    cleaned = clean(f"失败：{written}。", mobile=mobile)
    assert cleaned.replace("(", "") == f"失败：{masked}。"


@pytest.mark.parametrize(
    "words", ["15870246956696820530", "45", "2026-11-22 12:00:00", "错误 10023", "【5】条", "１２３", "1.2.3.4", "1e10"]
)
@pytest.mark.parametrize("mobile", [MOBILE, "12345", "+85291234567", "5", ""])
def test_other_digits__of_no_verification_message__are_kept(words: str, mobile: str) -> None:
    assert clean(words, mobile=mobile) == words


TEXT = "您的验证码是：482913，5 分钟内有效。"


@pytest.mark.parametrize("text", [TEXT, "您的验证码是：•••••，5 分钟内有效。", ""], ids=["known", "masked", "emptied"])
@pytest.mark.parametrize(
    "quote",
    [
        *("482913", "４８２９１３", "4 8 2 9 1 3", "482-913", "482 913", "4.8.2.9.1.3", "④⑧②⑨①③", "48\u200b2913"),
        *("482913", "code482913", "482913x", "0482913", "48291", "4829"),
    ],
)
@pytest.mark.parametrize("around", ["{}", "短信内容【您的验证码是：{}】含有敏感字符", "UNDELIV {}", "ID:76 {}"])
def test_a_code__in_any_writing__is_hidden(around: str, quote: str, text: str) -> None:
    words = around.format(quote)
    cleaned = clean(words, mobile=MOBILE, about_code=True, text=text)
    assert HIDDEN in cleaned
    assert set(filter(str.isdigit, cleaned)) <= set(filter(str.isdigit, around))
    assert cleaned.count("含有敏感字符") == words.count("含有敏感字符")


@pytest.mark.parametrize(
    ("text", "template", "words", "cleaned"),
    [
        ("验证码：A7k9", False, "错【A7k9】", f"错【{HIDDEN}】"),
        ("验证码：7KQ", False, "错【7KQ】", f"错【{HIDDEN}】"),
        ("KQXW|5", True, "错【KQXW】，【5】条", f"错【{HIDDEN}】，【5】条"),
        ("一二三四|5", True, "错【一二三四】", f"错【{HIDDEN}】"),
        ("", False, "错【A7k9】", f"错【{HIDDEN}】"),
        ("", False, "错【KQXW】", "错【KQXW】"),
        ("码12和1234", False, "码1234错，【5】条", f"码{HIDDEN}错，【5】条"),
    ],
    ids=[
        "letters",
        "short",
        "variable",
        "variable in Chinese",
        "text gone",
        "letters alone, text gone",
        "longest first",
    ],
)
def test_a_code__of_other_characters__is_hidden_as_far_as_it_can_be_known(
    text: str, template: bool, words: str, cleaned: str
) -> None:
    assert clean(words, about_code=True, text=text, template=template) == cleaned


def test_the_text_of_an_error__of_our_own__loses_the_code_only() -> None:
    error = "127.0.0.1 answered 482913 with HTTP status 5021"
    cleaned = clean(error, about_code=True, text=TEXT, any_run=False)
    assert cleaned == f"127.0.0.1 answered {HIDDEN} with HTTP status 5021"


@given(st.text(max_size=300), st.sampled_from([MOBILE, "+85291234567", "", "x"]), st.booleans(), st.text(max_size=80))
def test_any_words__are_cleaned_once_and_fit_their_column(words: str, mobile: str, about: bool, text: str) -> None:
    cleaned = clean(words, mobile=mobile, about_code=about, text=text)
    assert cleaned == words or len(cleaned) <= 255
    assert clean(cleaned, mobile=mobile, about_code=about) == cleaned


def test_words_full_of_codes__fit_their_column() -> None:
    assert len(clean("1234 " * 51, about_code=True)) <= 255


@pytest.mark.parametrize(
    ("words", "text", "left"),
    [
        ("失败【您的订单已发货】", "您的订单已发货。", f"失败【{HIDDEN}】"),
        ("您的订单 和 已经发货", "您的订单已经发货", f"{HIDDEN} 和 {HIDDEN}"),
        ("空号", "空号检测", "空号"),
        ("DELIVRD", "DELIVRD", "DELIVRD"),
        ("失败", "", "失败"),
    ],
    ids=["quoted", "twice", "a word", "status", "no text"],
)
def test_quotes_of_a_text__are_left_out(words: str, text: str, left: str) -> None:
    assert without_quoted_text(words, text) == left
