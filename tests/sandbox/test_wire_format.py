"""The bytes of requests and answers (PROTOCOL 1 and 2)."""

from __future__ import annotations

import re
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from django_ihuyi.sandbox.wire_format import FORM, read_form
from tests.sandbox.conftest import ACCOUNT, KEY, Customer

XML = (
    '<?xml version="1.0" encoding="utf-8"?>\n<SubmitResult xmlns="http://106.ihuyi.com/">\n'
    "<code>{code}</code>\n<msg>{msg}</msg>\n<smsid>{smsid}</smsid>\n</SubmitResult>\n"
)
JSON = '{{"code":{code},"msg":"{msg}","smsid":"{smsid}"}}'


@pytest.mark.parametrize("http_method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("path", "format_", "shape", "content_type"),
    [
        (None, None, XML, "text/xml; charset=utf-8"),
        (None, "xml", XML, "text/xml; charset=utf-8"),
        (None, "yaml", XML, "text/xml; charset=utf-8"),
        (None, "json", JSON, "application/json; charset=utf-8"),
        ("/sms/Submit.json", None, JSON, "application/json; charset=utf-8"),
        ("/sms/Submit.json", "xml", JSON, "application/json; charset=utf-8"),
    ],
)
def test_submit_shapes(
    customer: Customer, http_method: str, path: str | None, format_: str | None, shape: str, content_type: str
) -> None:
    fields = {"format": format_} if format_ else {}

    taken = customer.call("Submit", http_method, path, mobile="13712345678", content="验证码", **fields)
    refused = customer.call("Submit", http_method, path, mobile="13800004085", content="验证码", **fields)

    [message] = customer.sandbox.messages
    assert message.content == "验证码"
    assert taken.headers["Content-Type"] == content_type
    assert abs(parsedate_to_datetime(taken.headers["Date"]) - datetime.now(UTC)) < timedelta(seconds=5)
    assert taken.content.decode() == shape.format(code=2, msg="提交成功", smsid=message.smsid)
    msg = "同一手机号验证码短信发送超出【5】条"
    assert refused.content.decode() == shape.format(code=4085, msg=msg, smsid="0")


@pytest.mark.parametrize(
    ("method", "body"),
    [
        (
            "GetNum",
            (
                '<GetNumResult xmlns="http://106.ihuyi.com/">\n<code>2</code>\n<msg>查询成功</msg>\n'
                "<num>10000</num>\n</GetNumResult>\n"
            ),
        ),
        (
            "AddTemplate",
            (
                '<AddTemplateResult xmlns="http://106.ihuyi.com/">\n<code>2</code>\n<msg>提交成功</msg>\n'
                "<templateid>1001</templateid>\n</AddTemplateResult>\n"
            ),
        ),
    ],
)
def test_other_methods(customer: Customer, method: str, body: str) -> None:
    answer = customer.call(method, content="模板")
    assert answer.content.decode().partition("\n")[2] == body

    customer.sandbox.reset()
    pairs = re.findall(r"<(\w+)>([^<]*)</", body)
    newer = customer.call("", path=f"/sms/{method}.json", content="模板")
    assert newer.json() == {name: int(value) if value.isdigit() else value for name, value in pairs}


@pytest.mark.parametrize("method", ["", "submit", "Delete"])
def test_unknown_method(customer: Customer, method: str) -> None:
    assert customer.call(method).status_code == 404


def test_method_in_the_query_and_fields_in_the_body(customer: Customer) -> None:
    url = f"{customer.sandbox.base_url}?method=Submit&mobile=1&format=json"
    data = {"account": ACCOUNT, "password": KEY, "mobile": "13712345678", "content": "a&b=c|d"}

    assert customer.session.post(url, data=data, timeout=5).json()["code"] == 2
    assert customer.sandbox.messages[0].content == "a&b=c|d"


def headers(content_type: str | None) -> Message:
    message = Message()
    if content_type is not None:
        message["Content-Type"] = content_type
    return message


@pytest.mark.parametrize(
    ("query", "body", "fields"),
    [
        ("a=1", b"a=2&a=3", {"a": "3"}),
        ("a=%E4%BD%A0", b"b=%e5%a5%bd+x", {"a": "你", "b": "好 x"}),
        ("a=%FF", b"b=\xff", {"a": "\ufffd", "b": "\ufffd"}),
        ("", "b=好".encode(), {"b": "好"}),
        ("", b"\x00\xff\xfe", {"\x00\ufffd\ufffd": ""}),
        ("", b"a=%F0%9F%98%80", {"a": "😀"}),
        ("", b"", {}),
    ],
)
def test_read_form(query: str, body: bytes, fields: dict[str, str]) -> None:
    assert read_form(query, body, headers(FORM)) == fields


@pytest.mark.parametrize(
    ("content_type", "is_form"),
    [
        (FORM, True),
        (f"{FORM}; charset=UTF-8", True),
        (FORM.upper(), True),
        (None, False),
        ("", False),
        ("nothing", False),
        ("text/plain;charset=UTF-8", False),
        ("application/json", False),
        ("text/xml", False),
        ("multipart/form-data", False),
        ("multipart/mixed; boundary=x", False),
    ],
)
def test_read_form__with_content_type__reads_the_body_of_a_form_only(content_type: str | None, is_form: bool) -> None:
    assert read_form("a=1", b"b=2", headers(content_type)) == ({"a": "1", "b": "2"} if is_form else {"a": "1"})


def part(disposition: str, value: str = "1", *further: str) -> str:
    return "\r\n".join(["--x", f"Content-Disposition: {disposition}", *further, "", value, ""])


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (part('form-data; name="a"') + "--x--\r\n", {"a": "1"}),
        (part('form-data; name="a"') + "--x--", {"a": "1"}),
        ("preamble\r\n" + part("form-data; name=a") + "--x--\r\nepilogue", {"a": "1"}),
        (part('form-data; name="a"') + part('form-data; name="a"', "2") + "--x--", {"a": "2"}),
        (part('form-data; name="a"', "你好\r\n\r\n--y\r\n") + "--x--", {"a": "你好\r\n\r\n--y\r\n"}),
        (part('form-data; name="a"', "") + "--x--", {"a": ""}),
        (part('FORM-DATA;name="a"', "1", "Content-Type: text/plain", "Content-Length: 1") + "--x--", {"a": "1"}),
        (part('form-data; name="a"; filename="a.txt"') + "--x--", {}),
        (part("form-data; name=a; filename*=utf-8''a") + "--x--", {}),
        (part('form-data; filename="b; name=a"') + "--x--", {}),
        (part('attachment; name="a"') + part("form-data") + part("form-data; size=1") + "--x--", {}),
        ("--x\r\n\r\n1\r\n--x--", {}),
        (part('form-data; name="a"') + part('form-data; name="b"') + "--y--", {"a": "1"}),
        (part('form-data; name="a"')[:-2], {}),
        ("", {}),
    ],
)
def test_read_form__with_multipart_body__reads_the_fields_that_are_whole(body: str, fields: dict[str, str]) -> None:
    for boundary in ("boundary=x", 'charset=utf-8; boundary="x"', "BOUNDARY=x; charset=utf-8"):
        assert read_form("", body.encode(), headers(f"multipart/form-data; {boundary}")) == fields


@pytest.mark.parametrize(("number", "raises"), [(100, False), (101, True), (10_000, True)])
def test_read_form__with_many_parts__raises(number: int, raises: bool) -> None:
    body = (part('form-data; name="a"') * number + "--x--").encode()
    with pytest.raises(ValueError, match="Too many fields") if raises else nullcontext():
        assert read_form("", body, headers("multipart/form-data; boundary=x")) == {"a": "1"}


@pytest.mark.parametrize("how", ["params", "data", "files"])
def test_submit__with_too_many_fields__is_400(customer: Customer, how: str) -> None:
    fields = [(f"field{number}", "1") for number in range(200)]
    arguments: dict[str, Any] = {how: [(name, (None, value)) for name, value in fields] if how == "files" else fields}
    assert customer.session.post(customer.sandbox.base_url, timeout=5, **arguments).status_code == 400


@pytest.mark.parametrize("body", [b"\xff" * 50, b"%", b"&&&=", bytes(range(256))])
def test_bad_bytes_are_answered(customer: Customer, body: bytes) -> None:
    for _ in range(2):
        url = f"{customer.sandbox.base_url}?method=Submit"
        answer = customer.session.post(url, data=body, headers={"Content-Type": FORM}, timeout=5)
        assert b"<code>401</code>" in answer.content
