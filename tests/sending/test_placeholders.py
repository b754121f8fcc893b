"""Texts filled and recognised: punctuation exact, as a regular expression would have it, in linear time."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_ihuyi.sending.template_registry import PLACEHOLDER, fill, has_extra_bracket, matches

CASES = [
    ("no variable", "您好。", "您好。", True),
    ("no variable, another sign", "您好。", "您好.", False),
    ("one", "码：【变量】。", "码：1234。", True),
    ("half-width colon", "码：【变量】。", "码:1234。", False),
    ("nothing in its place", "码：【变量】。", "码：。", False),
    ("something behind", "码：【变量】。", "码：1234。!", False),
    ("something in front", "码：【变量】。", "!码：1234。", False),
    ("the text between comes twice", "a【变量】b【变量】c", "axbxbxc", True),
    ("the last piece is wanted twice", "【变量】ab【变量】ab", "xabab", False),
    ("pieces must not overlap", "aa【变量】aa", "aaa", False),
    ("two in a row", "【变量】【变量】", "ab", True),
    ("two in a row, one character", "【变量】【变量】", "a", False),
    ("a line break in a variable", "码：【变量】。", "码：1\n2。", True),
    ("signs of regular expressions", "(【变量】)*", "(1)*", True),
]


@pytest.mark.parametrize(("text", "content", "wanted"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_fits(text: str, content: str, wanted: bool) -> None:
    assert matches(text, content) is wanted


letters = st.text("ab", max_size=5)


@given(st.lists(letters, min_size=1, max_size=5), st.text("ab", max_size=14))
def test_fits_as_a_regular_expression_does(pieces: list[str], content: str) -> None:
    pattern = ".+".join(map(re.escape, pieces))
    assert matches(PLACEHOLDER.join(pieces), content) is bool(re.fullmatch(pattern, content, re.DOTALL))


@given(st.data(), st.lists(letters, min_size=1, max_size=5))
def test_what_was_filled_fits(data: st.DataObject, pieces: list[str]) -> None:
    text = PLACEHOLDER.join(pieces)
    values = [data.draw(st.text(min_size=1, max_size=8)) for _ in pieces[1:]]
    assert matches(text, fill(text, values))


def test_many_variables_take_no_longer() -> None:
    text = PLACEHOLDER.join(["a"] * 60) + "b"
    began = time.perf_counter()
    assert not matches(text, "a" * 500)
    assert time.perf_counter() - began < 0.5


@pytest.mark.parametrize(
    ("text", "stray"), [("a【变量】b", False), ("a【 变量】b", True), ("【签名】a", True), ("a】", True), ("a", False)]
)
def test_brackets_of_no_placeholder(text: str, stray: bool) -> None:
    assert has_extra_bracket(text) is stray
