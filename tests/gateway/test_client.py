"""What the client sends, what it makes of its arguments, and what it shows of itself."""

from __future__ import annotations

import copy
import hashlib
import logging
import pickle
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from django_ihuyi import __version__
from django_ihuyi.gateway import Client, SubmitRefused, SubmitResult, Uncertain

from .socket_server import StandIn, answers

KEY = "1q784322ba1d9bb88d50cf5cdfd89k7d"
MOBILE = "13800004085"
CONTENT = "您的验证码是：1234。请不要把验证码泄露给其他人。&=+ %"
Start = Callable[..., StandIn]


def test_submit_by_dynamic_password(stand_in: Start) -> None:
    server = stand_in(answers())
    before = int(time.time())
    result = Client("cf_test", KEY, base_url=server.url).submit(MOBILE, CONTENT)
    assert result == SubmitResult(code=2, msg="提交成功", smsid="16165686731585006595")
    (request,) = server.requests
    assert request.line == "POST /webservice/sms.php?method=Submit HTTP/1.1"
    moment = request.form["time"]
    assert re.fullmatch(r"\d{10}", moment)
    assert before <= int(moment) <= time.time()
    password = hashlib.md5(f"cf_test{KEY}{MOBILE}{CONTENT}{moment}".encode()).hexdigest()
    assert request.form == {
        "account": "cf_test",
        "password": password,
        "time": moment,
        "mobile": MOBILE,
        "content": CONTENT,
        "format": "json",
    }
    assert request.headers == {
        "host": f"127.0.0.1:{server.port}",
        "user-agent": f"django-ihuyi/{__version__} (+python-requests/{requests.__version__})",
        "accept": "*/*",
        "accept-encoding": "identity",
        "content-type": "application/x-www-form-urlencoded",
        "content-length": request.headers["content-length"],
    }


def test_submit_by_plain_key_with_template_in_xml(stand_in: Start) -> None:
    xml = b'<SubmitResult xmlns="106.ihuyi.com"><code>2</code><smsid>14745625541233112231</smsid></SubmitResult>'
    server = stand_in(answers(xml, "200 OK", "Date: Sun, 06 Nov 2016 08:49:37 GMT"))
    client = Client("cf_test", KEY, base_url=server.url, dynamic_password=False, format="xml", timeout=5)
    result = client.submit(MOBILE, "1234", template=1)
    assert result.smsid == "14745625541233112231"
    assert result.server_time == datetime(2016, 11, 6, 8, 49, 37, tzinfo=UTC)
    assert server.requests[0].form == {
        "account": "cf_test",
        "password": KEY,
        "mobile": MOBILE,
        "content": "1234",
        "templateid": "1",
        "format": "xml",
    }


@pytest.mark.parametrize("code", [0, 405, 4085, 40501, 4086])
def test_submit_returns_refusals(stand_in: Start, code: int) -> None:
    server = stand_in(answers(f'{{"code":"{code}","msg":"words","smsid":"0"}}'.encode()))
    result = Client("cf_test", KEY, base_url=server.url).submit(MOBILE, CONTENT)
    assert (result, result.accepted) == (SubmitResult(code, "words", None), False)


def test_get_balance(stand_in: Start) -> None:
    server = stand_in(answers(b'{"code":2,"msg":"ok","num":"1024"}'))
    assert Client("cf_test", KEY, base_url=server.url).get_balance() == 1024
    (request,) = server.requests
    assert request.line == "POST /webservice/sms.php?method=GetNum HTTP/1.1"
    password = hashlib.md5(f"cf_test{KEY}{request.form['time']}".encode()).hexdigest()
    assert request.form == {
        "account": "cf_test",
        "password": password,
        "time": request.form["time"],
        "format": "json",
    }


def test_add_template_sends_the_key_itself(stand_in: Start) -> None:
    server = stand_in(answers(b'{"code":2,"msg":"ok","templateid":77}'))
    assert Client("cf_test", KEY, base_url=server.url).add_template("您的验证码是：【变量】。") == 77
    (request,) = server.requests
    assert request.line == "POST /webservice/sms.php?method=AddTemplate HTTP/1.1"
    assert request.form == {
        "account": "cf_test",
        "password": KEY,
        "content": "您的验证码是：【变量】。",
        "format": "json",
    }


@pytest.mark.parametrize("ask", [Client.get_balance, lambda client: client.add_template("【变量】")])
def test_balance_and_templates_raise_refusals(stand_in: Start, ask: Callable[[Client], int]) -> None:
    server = stand_in(answers('{"code":4050,"msg":"账号被冻结"}'.encode()))
    with pytest.raises(SubmitRefused) as caught:
        ask(Client("cf_test", KEY, base_url=server.url))
    assert (caught.value.code, caught.value.msg) == (4050, "账号被冻结")


def test_a_balance_without_a_number_is_uncertain(stand_in: Start) -> None:
    server = stand_in(answers(b'{"code":2,"msg":"ok"}'))
    with pytest.raises(Uncertain, match="no readable num"):
        Client("cf_test", KEY, base_url=server.url).get_balance()


def test_the_newer_endpoint_names_the_method_in_its_path(stand_in: Start) -> None:
    server = stand_in(answers(b'{"code":2,"num":1,"templateid":1}'))
    client = Client("cf_test", KEY, base_url=f"http://127.0.0.1:{server.port}/sms/Submit.json")
    client.submit(MOBILE, CONTENT)
    client.get_balance()
    client.add_template("【变量】")
    assert [request.line for request in server.requests] == [
        "POST /sms/Submit.json HTTP/1.1",
        "POST /sms/GetNum.json HTTP/1.1",
        "POST /sms/AddTemplate.json HTTP/1.1",
    ]


ARGUMENTS: dict[str, dict[str, Any]] = {
    "account is empty": {"account": ""},
    "account is empty ": {"account": "  "},
    "account is empty or no text": {"account": 12345},
    "account has white space": {"account": "cf_test "},
    "api_key is empty": {"api_key": ""},
    "api_key is empty or no text": {"api_key": None},
    "api_key has white space": {"api_key": KEY + "\n"},
    "write 'json' or 'xml'": {"format": "JSON"},
    "base_url is empty": {"base_url": ""},
    "base_url is no web address": {"base_url": "106.ihuyi.com/webservice/sms.php"},
    "write one such as https": {"base_url": "ftp://106.ihuyi.com/"},
    "such as https": {"base_url": "https:///webservice/sms.php"},
    "Port": {"base_url": "https://106.ihuyi.com:port/"},
    "without user name": {"base_url": f"https://cf_test:{KEY}@106.ihuyi.com/webservice/sms.php"},
    "'\\?' and '#'": {"base_url": "https://106.ihuyi.com/webservice/sms.php?method=Submit"},
    "and '#'": {"base_url": "https://106.ihuyi.com/webservice/sms.php#x"},
    "two numbers of seconds": {"timeout": 0},
    "numbers of seconds above 0": {"timeout": (3, -1)},
    "of seconds": {"timeout": (1, 2, 3)},
    "seconds above 0": {"timeout": None},
    "seconds": {"timeout": float("nan")},
    "above 0": {"timeout": float("inf")},
    "such as \\(3.05, 10\\)": {"timeout": "soon"},
}


@pytest.mark.parametrize(("words", "wrong"), ARGUMENTS.items(), ids=[str(value)[:60] for value in ARGUMENTS.values()])
def test_wrong_arguments_are_told_what_to_write(words: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        Client(**{"account": "cf_test", "api_key": KEY, **wrong})
    assert KEY not in str(caught.value)


def test_half_a_character_is_a_value_error_without_the_text() -> None:
    for dynamic in (True, False):
        client = Client("cf_test", KEY, base_url="http://127.0.0.1:9/", dynamic_password=dynamic)
        with pytest.raises(ValueError, match="half a character") as caught:
            client.submit(MOBILE, f"{CONTENT}\ud83d")
        assert caught.value.__context__ is None
        assert CONTENT not in repr(caught.value)


@pytest.mark.parametrize(
    ("key", "shown"),
    [(KEY, "1q…9k7d"), ("123456789012", "12…9012"), ("12345678901", "…"), ("1", "…")],
)
def test_repr_masks_the_key(key: str, shown: str) -> None:
    client = Client("cf_test", key)
    assert repr(client) == f"<Client cf_test {shown}>"


@pytest.mark.parametrize("duplicate", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_client_is_neither_pickled_nor_copied(duplicate: Callable[[Client], object]) -> None:
    with pytest.raises(TypeError, match="make a new one"):
        duplicate(Client("cf_test", KEY))


def test_longest_call() -> None:
    assert Client("cf_test", KEY).longest_call == pytest.approx(23.05)
    assert Client("cf_test", KEY, timeout=(1, 2)).longest_call == pytest.approx(5)
    assert Client("cf_test", KEY, timeout=2).longest_call == pytest.approx(6)


def test_one_log_line_a_call_and_no_secret_in_any(stand_in: Start, caplog: pytest.LogCaptureFixture) -> None:
    server = stand_in(answers(b'{"code":4085,"msg":"words"}'))
    with caplog.at_level(logging.DEBUG):
        Client("cf_test", KEY, base_url=server.url).submit(MOBILE, CONTENT)
    lines = [record.getMessage() for record in caplog.records if record.name == "django_ihuyi.gateway"]
    assert len(lines) == 1
    assert re.fullmatch(r"Submit 127\.0\.0\.1: 4085, \d+ ms", lines[0])
    assert "urllib3" in {record.name.partition(".")[0] for record in caplog.records}
    for secret in (KEY, CONTENT, MOBILE, "1234", "words", server.requests[0].form["password"]):
        assert secret not in caplog.text
