"""Dynamic passwords, by the published check and by hand."""

from __future__ import annotations

import hashlib

import pytest

from django_ihuyi.gateway.client import dynamic_password

KEY = "1q784322ba1d9bb88d50cf5cdfd89k7d"


@pytest.mark.parametrize(
    ("mobile", "content", "plain"),
    [
        ("", "", "test1q784322ba1d9bb88d50cf5cdfd89k7d1451544941"),
        ("13800004085", "", "test1q784322ba1d9bb88d50cf5cdfd89k7d138000040851451544941"),
        (
            "13800004085",
            "您的验证码是：1234。",
            "test1q784322ba1d9bb88d50cf5cdfd89k7d13800004085您的验证码是：1234。1451544941",
        ),
        ("13800004085", "1234|5", "test1q784322ba1d9bb88d50cf5cdfd89k7d138000040851234|51451544941"),
    ],
    ids=["published check of GetNum", "without a text", "text in Chinese", "variables of a template"],
)
def test_password(mobile: str, content: str, plain: str) -> None:
    expected = hashlib.md5(plain.encode("utf-8")).hexdigest()
    assert dynamic_password("test", KEY, 1451544941, mobile, content) == expected


def test_published_check_to_the_letter() -> None:
    assert dynamic_password("test", KEY, 1451544941) == "73f6e7a36e0fd30ad7eea940ca1896b2"
