"""Pushes in the charsets of Chinese systems, declared, not declared and declared wrongly."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from django.test import Client

from django_ihuyi.models import OptOut, Receipt, Reply, TemplateReview
from tests.pushes.push_client import FORM, MULTIPART, RECEIPT, REPLY, REVIEW, multipart, push

pytestmark = pytest.mark.django_db(transaction=True)

JSON = "application/json"


def quoted(fields: dict[str, Any], charset: str) -> bytes:
    """A form, percent-encoded."""
    return "&".join(f"{name}={quote_from_bytes(str(value).encode(charset))}" for name, value in fields.items()).encode()


def raw(fields: dict[str, Any], charset: str) -> bytes:
    """A form whose bytes stand in it as they are."""
    return "&".join(f"{name}={value}" for name, value in fields.items()).encode(charset)


def in_json(fields: dict[str, Any], charset: str) -> bytes:
    """JSON without escapes."""
    return json.dumps(fields, ensure_ascii=False).encode(charset)


def in_multipart(fields: dict[str, Any], charset: str) -> bytes:
    """A multipart form."""
    return multipart(fields, charset=charset)


BODIES = {
    "form": (quoted, FORM),
    "raw form": (raw, FORM),
    "json": (in_json, JSON),
    "multipart": (in_multipart, MULTIPART),
}
CHARSETS = [
    ("utf-8", None),
    ("utf-8", "utf-8"),
    ("utf-8", "latin-1"),
    ("utf-8", "iso-8859-1"),
    ("gbk", "gbk"),
    ("gbk", "GBK"),
    ("gbk", '"gbk"'),
    ("gbk", "gb2312"),
    ("gbk", "gb18030"),
    ("gbk", None),
    ("gbk", "utf-8"),
    ("gbk", "latin-1"),
    ("gbk", "no-such"),
    ("gb18030", "gbk"),
    ("gb18030", None),
    ("big5", "big5"),
]


@pytest.mark.parametrize(("charset", "declared"), CHARSETS, ids=[f"{row[0]} as {row[1]}" for row in CHARSETS])
@pytest.mark.parametrize("body", BODIES)
def test_a_reply__in_a_chinese_charset__is_read_and_opts_out(
    client: Client, body: str, charset: str, declared: str | None
) -> None:
    write, content_type = BODIES[body]
    word = "退訂" if charset == "big5" else "退订"
    content_type += f"; charset={declared}" if declared else ""
    assert push(client, "reply", write({**REPLY, "content": word}, charset), content_type).content == b"success"
    assert Reply.objects.get().content == word
    assert OptOut.objects.exists() is (charset != "big5")


@pytest.mark.parametrize("body", BODIES)
def test_a_reply__with_a_character_of_gb18030_only__is_read(client: Client, body: str) -> None:
    write, content_type = BODIES[body]
    content = "㐀𠀀好"  # four bytes each in GB18030, and in no smaller charset
    push(client, "reply", write({**REPLY, "content": content}, "gb18030"), f"{content_type}; charset=gb2312")
    assert Reply.objects.get().content == content


@pytest.mark.parametrize("body", BODIES)
def test_words__in_gbk__are_read_in_receipts_and_reviews(client: Client, body: str) -> None:
    write, content_type = BODIES[body]
    push(client, "receipt", write({**RECEIPT, "msg": "空号"}, "gbk"), content_type)
    push(client, "template", write({**REVIEW, "msg": "含有广告"}, "gbk"), content_type)
    assert (Receipt.objects.get().msg, TemplateReview.objects.get().msg) == ("空号", "含有广告")


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_json__in_an_encoding_of_unicode__is_read(client: Client, charset: str) -> None:
    push(client, "reply", in_json(REPLY, charset), JSON)
    assert Reply.objects.get().content == "退订"


@pytest.mark.parametrize("declared", ["", "; charset=gbk", "; charset=utf-8"])
@pytest.mark.parametrize("body", ["form", "raw form", "multipart", "json"])
def test_bytes__of_no_charset__are_replaced(client: Client, body: str, declared: str) -> None:
    write, content_type = BODIES[body]
    wrong = write({**REPLY, "content": "ab?c"}, "ascii").replace(b"?", b"\xff").replace(b"%3F", b"%FF")
    assert push(client, "reply", wrong, content_type + declared).content == b"success"
    assert Reply.objects.get().content == "ab\ufffdc"


def test_a_form__of_repeated_names__counts_the_last(client: Client) -> None:
    push(client, "reply", b"content=a&" + raw(REPLY, "utf-8") + b"&content=b+c&content&content=%E5%A5%BD+d")
    assert Reply.objects.get().content == "好 d"
