"""HTTP clients that nobody here wrote, each as customers' programs use it: what arrives, and what is answered."""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
import requests
import urllib3

from django_ihuyi.sandbox.wire_format import FORM
from tests.sandbox.conftest import ACCOUNT, KEY, Customer

MOBILE = "13712345678"
TEXT = "您的验证码是：1234。请不要把验证码泄露给其他人。"
"""The vendor's own text, which has the bytes 85 and A0 in UTF-8."""
FIELDS = {"account": ACCOUNT, "password": KEY, "mobile": MOBILE, "content": TEXT}
RAW = "&".join(f"{name}={value}" for name, value in FIELDS.items())
AWAY = "http://106.ihuyi.com/webservice/sms.php?method=Submit"
"""Asked through a proxy only, and the sandbox is the proxy."""
JSON_TYPE = {"Content-Type": "application/json"}
FORM_TYPE = {"Content-Type": FORM}

Client = Callable[[str], bytes]
"""Asks the sandbox, whose address without a path it gets, and returns the body of the answer."""


def gateway(root: str, **query: str) -> str:
    return f"{root}/webservice/sms.php?{urlencode({'method': 'Submit'} | query)}"


def chunks() -> Iterator[bytes]:
    body = urlencode(FIELDS).encode()
    yield body[:10]
    yield body[10:]


def by_http_client(root: str, body: bytes | Iterator[bytes], headers: dict[str, str]) -> bytes:
    connection = http.client.HTTPConnection(root.removeprefix("http://"), timeout=10)
    try:
        connection.request("POST", "/webservice/sms.php?method=Submit", body, headers)
        return connection.getresponse().read()
    finally:
        connection.close()


def by_urllib(url: str, data: bytes | None = None, proxy: str | None = None) -> bytes:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": proxy} if proxy else {}))
    with opener.open(url, data, timeout=10) as answer:
        content: bytes = answer.read()
    return content


def by_urllib3(root: str, *, multipart: bool) -> bytes:
    with urllib3.PoolManager() as pool:
        return pool.request("POST", gateway(root), fields=FIELDS, encode_multipart=multipart, timeout=10.0).data


PYTHON: dict[str, tuple[Client, int]] = {
    "requests data": (lambda root: requests.post(gateway(root), data=FIELDS, timeout=10).content, 2),
    "requests params": (lambda root: requests.get(gateway(root, **FIELDS), timeout=10).content, 2),
    "requests files": (
        lambda root: (
            requests.post(
                gateway(root), files={name: (None, value) for name, value in FIELDS.items()}, timeout=10
            ).content
        ),
        2,
    ),
    "requests generator": (
        lambda root: requests.post(gateway(root), data=chunks(), headers=FORM_TYPE, timeout=10).content,
        2,
    ),
    "requests proxy": (
        lambda root: requests.post(AWAY, data=FIELDS, proxies={"http": root}, timeout=10).content,
        2,
    ),
    "requests proxy params": (
        lambda root: requests.get(AWAY, params=FIELDS, proxies={"http": root}, timeout=10).content,
        2,
    ),
    "requests json": (lambda root: requests.post(gateway(root), json=FIELDS, timeout=10).content, 401),
    "requests text": (lambda root: requests.post(gateway(root), data=urlencode(FIELDS), timeout=10).content, 401),
    "requests upload": (
        lambda root: requests.post(gateway(root), files={"content": TEXT.encode()}, timeout=10).content,
        401,
    ),
    "urllib data": (lambda root: by_urllib(gateway(root), urlencode(FIELDS).encode()), 2),
    "urllib get": (lambda root: by_urllib(gateway(root, **FIELDS)), 2),
    "urllib proxy": (lambda root: by_urllib(AWAY, urlencode(FIELDS).encode(), proxy=root), 2),
    "http.client form": (lambda root: by_http_client(root, urlencode(FIELDS).encode(), FORM_TYPE), 2),
    "http.client chunks": (lambda root: by_http_client(root, chunks(), FORM_TYPE), 2),
    "http.client no type": (lambda root: by_http_client(root, urlencode(FIELDS).encode(), {}), 401),
    "http.client json": (lambda root: by_http_client(root, json.dumps(FIELDS).encode(), JSON_TYPE), 401),
    "urllib3 multipart": (lambda root: by_urllib3(root, multipart=True), 2),
    "urllib3 form": (lambda root: by_urllib3(root, multipart=False), 2),
}

URL = "{root}/webservice/sms.php?method=Submit"
CURL: dict[str, tuple[list[str], int]] = {
    "-d": (["-d", urlencode(FIELDS), URL], 2),
    "-d raw": (["-d", RAW, URL], 2),
    "-F": ([word for name, value in FIELDS.items() for word in ("-F", f"{name}={value}")] + [URL], 2),
    "--data-urlencode": (
        [word for name, value in FIELDS.items() for word in ("--data-urlencode", f"{name}={value}")] + [URL],
        2,
    ),
    "-G --data-urlencode": (
        ["-G", *(word for name, value in FIELDS.items() for word in ("--data-urlencode", f"{name}={value}")), URL],
        2,
    ),
    "raw address": ([f"{URL}&{RAW}"], 2),
    "-x": (["-x", "{root}", "-d", urlencode(FIELDS), AWAY], 2),
    "-x get": (["-x", "{root}", f"{AWAY}&{RAW}"], 2),
    "--http1.0": (["--http1.0", "-d", urlencode(FIELDS), URL], 2),
    "chunked": (["-H", "Transfer-Encoding: chunked", "-d", urlencode(FIELDS), URL], 2),
    "chunked -F": (
        ["-H", "Transfer-Encoding: chunked"]
        + [word for name, value in FIELDS.items() for word in ("-F", f"{name}={value}")]
        + [URL],
        2,
    ),
    "expect": (["-H", "Expect: 100-continue", "--expect100-timeout", "60", "-d", urlencode(FIELDS), URL], 2),
    "json": (["-H", "Content-Type: application/json", "-d", json.dumps(FIELDS), URL], 401),
    "text": (["-H", "Content-Type: text/plain", "-d", urlencode(FIELDS), URL], 401),
    "no type": (["-H", "Content-Type:", "-d", urlencode(FIELDS), URL], 401),
    "-F file": (["-F", "content=@-", URL], 401),
}

PHP = {
    "curl-array": 2,
    "curl-query": 2,
    "curl-joined": 2,
    "curl-raw-get": 2,
    "curl-proxy": 2,
    "curl-json": 401,
    "stream": 2,
    "stream-raw-get": 2,
    "socket": 2,
}


def check_taken(customer: Customer, code: int) -> None:
    contents = [(message.mobile, message.content) for message in customer.sandbox.messages]
    assert contents == ([(MOBILE, TEXT)] if code == 2 else [])


def check_xml(customer: Customer, answer: bytes, code: int) -> None:
    check_taken(customer, code)
    msg, smsid = ("提交成功", customer.sandbox.messages[0].smsid) if code == 2 else ("帐号不能为空", "0")
    assert answer.decode() == (
        '<?xml version="1.0" encoding="utf-8"?>\n<SubmitResult xmlns="http://106.ihuyi.com/">\n'
        f"<code>{code}</code>\n<msg>{msg}</msg>\n<smsid>{smsid}</smsid>\n</SubmitResult>\n"
    )


def run_curl(customer: Customer, *arguments: str) -> str:
    program = shutil.which("curl") or ""
    words = [word.replace("{root}", customer.sandbox.url) for word in arguments]
    command = [program, "--disable", "--silent", "--show-error", "--max-time", "10", "--noproxy", "", *words]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", stdin=subprocess.DEVNULL, check=True)
    return done.stdout


@pytest.mark.parametrize(("client", "code"), PYTHON.values(), ids=PYTHON)
def test_submit__from_a_python_client__is_answered(customer: Customer, client: Client, code: int) -> None:
    check_xml(customer, client(customer.sandbox.url), code)


@pytest.mark.service("curl")
@pytest.mark.parametrize(("arguments", "code"), CURL.values(), ids=CURL)
def test_submit__from_curl__is_answered(customer: Customer, arguments: list[str], code: int) -> None:
    check_xml(customer, run_curl(customer, *arguments).encode(), code)


@pytest.mark.service("php")
@pytest.mark.parametrize(("way", "code"), PHP.items(), ids=PHP)
def test_submit__from_php__is_answered_in_xml_that_php_programs_read(customer: Customer, way: str, code: int) -> None:
    script = Path(__file__).parent / "php" / "client.php"
    command = ["php", "-d", "display_errors=stderr", str(script), way, customer.sandbox.base_url]
    done = subprocess.run([*command, ACCOUNT, KEY, MOBILE, TEXT], capture_output=True, encoding="utf-8", check=True)

    assert done.stderr == ""
    check_taken(customer, code)
    smsid = customer.sandbox.messages[0].smsid if code == 2 else "0"
    read = [str(code), "提交成功" if code == 2 else "帐号不能为空", smsid]
    assert json.loads(done.stdout) == {
        "simplexml": read,
        "regex": read,
        "namespaces": {"": "http://106.ihuyi.com/"},
    }


@pytest.mark.service("curl")
@pytest.mark.parametrize("arguments", [["-G"], [], ["-x", "{root}"]], ids=["GET", "POST", "proxy"])
@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/sms/Submit.json", '{{"code":2,"msg":"提交成功","smsid":"{smsid}"}}'),
        ("/sms/GetNum.json", '{{"code":2,"msg":"查询成功","num":10000}}'),
    ],
)
def test_newer_address__from_curl__answers_json(
    customer: Customer, arguments: list[str], path: str, answer: str
) -> None:
    root = "http://api.ihuyi.com" if "-x" in arguments else "{root}"
    told = run_curl(customer, *arguments, "-d", urlencode(FIELDS), f"{root}{path}")

    smsid = customer.sandbox.messages[0].smsid if "Submit" in path else ""
    assert told == answer.format(smsid=smsid)


@pytest.mark.service("curl")
@pytest.mark.parametrize(
    ("arguments", "status", "length"),
    [
        (["--head", "{root}/"], 200, True),
        (["--head", "{root}/sandbox/messages"], 200, True),
        (["--head", f"{URL}&{RAW}"], 405, False),
        (["--request", "OPTIONS", URL], 501, True),
        (["--upload-file", str(Path(__file__)), URL], 501, True),
        (["--request", "DELETE", "-d", RAW, URL], 501, True),
        (["--proxytunnel", "-x", "{root}", AWAY], 501, True),
    ],
    ids=["HEAD page", "HEAD control", "HEAD gateway", "OPTIONS", "PUT", "DELETE", "CONNECT"],
)
def test_other_method__from_curl__is_answered_and_takes_nothing(
    customer: Customer, arguments: list[str], status: int, length: bool
) -> None:
    write_out = "%{http_code} %{http_connect} %header{content-length}"
    if "-x" in arguments:
        with pytest.raises(subprocess.CalledProcessError):
            run_curl(customer, *arguments)
    else:
        told = run_curl(
            customer, *arguments, "--output", "-" if "--head" in arguments else "/dev/null", "-w", write_out
        )
        code, _, told_length = told.rpartition("\n")[2].split(" ")
        assert (int(code), int(told_length) > 0) == (status, length)
    assert customer.sandbox.messages == []
