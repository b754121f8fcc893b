"""The bytes of requests and answers (PROTOCOL 1 and 2)."""

from __future__ import annotations

import http.client
import re
import socket
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode

import pytest

from django_ihuyi.sandbox.formats import read_form
from tests.sandbox.conftest import ACCOUNT, KEY, Customer

XML = (
    '<?xml version="1.0" encoding="utf-8"?>\n'
    '<SubmitResult xmlns="106.ihuyi.com"><code>{code}</code><msg>{msg}</msg><smsid>{smsid}</smsid></SubmitResult>'
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
            '<GetNumResult xmlns="106.ihuyi.com"><code>2</code><msg>查询成功</msg><num>10000</num></GetNumResult>',
        ),
        (
            "AddTemplate",
            (
                '<AddTemplateResult xmlns="106.ihuyi.com"><code>2</code><msg>提交成功</msg>'
                "<templateid>1001</templateid></AddTemplateResult>"
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


@pytest.mark.parametrize(
    ("query", "body", "fields"),
    [
        ("a=1", b"a=2&a=3", {"a": "3"}),
        ("a=%E4%BD%A0", b"b=%e5%a5%bd+x", {"a": "你", "b": "好 x"}),
        ("a=\xe4\xbd\xa0", "b=好".encode(), {"a": "你", "b": "好"}),
        ("a=%FF", b"b=\xff", {"a": "\ufffd", "b": "\ufffd"}),
        ("", b"\x00\xff\xfe", {"\x00\ufffd\ufffd": ""}),
        ("", b"a=%F0%9F%98%80", {"a": "😀"}),
        ("a=\u4f60", b"", {"a": "?"}),
        ("", b"", {}),
    ],
)
def test_read_form(query: str, body: bytes, fields: dict[str, str]) -> None:
    assert read_form(query, body) == fields


def test_too_many_fields(customer: Customer) -> None:
    assert customer.session.post(customer.sandbox.base_url, data="a=1&" * 200, timeout=5).status_code == 400


@pytest.mark.parametrize("body", [b"\xff" * 50, b"%", b"&&&=", bytes(range(256))])
def test_bad_bytes_are_answered(customer: Customer, body: bytes) -> None:
    for _ in range(2):
        answer = customer.session.post(f"{customer.sandbox.base_url}?method=Submit", data=body, timeout=5)
        assert b"<code>401</code>" in answer.content


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Length": str(1024 * 1024 + 1)}, 413),
        ({"Content-Length": "-1"}, 400),
        ({"Content-Length": "many"}, 400),
        ({"Transfer-Encoding": "chunked"}, 411),
    ],
    ids=str,
)
def test_bodies_that_are_not_read(customer: Customer, headers: dict[str, str], status: int) -> None:
    connection = http.client.HTTPConnection(customer.sandbox.url.removeprefix("http://"), timeout=5)
    connection.putrequest("POST", "/webservice/sms.php")
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()

    answer = connection.getresponse()

    assert answer.status == status
    assert answer.getheader("Connection") == "close"
    answer.read()
    connection.close()


def test_half_a_request_takes_nothing(customer: Customer) -> None:
    body = urlencode({"account": ACCOUNT, "password": KEY, "mobile": "13712345678", "content": "您好，再见"})
    head = f"POST /webservice/sms.php?method=Submit HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n"
    host, port = customer.sandbox.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as line:
        line.sendall((head + body[:-18]).encode())
        line.shutdown(socket.SHUT_WR)
        assert line.recv(4096) == b""

    assert customer.sandbox.messages == []
