"""HTTP on the socket: requests that no client library offers, half of one, too much of one, and who else waits."""

from __future__ import annotations

import logging
import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from django_ihuyi.sandbox import bodies
from django_ihuyi.sandbox.bodies import MAX_BODY
from django_ihuyi.sandbox.server import Handler
from django_ihuyi.sandbox.wire_format import FORM
from tests.sandbox.conftest import ACCOUNT, KEY, Customer, eventually

MOBILE = "13712345678"
TEXT = "您的验证码是：1234。请不要把验证码泄露给其他人。"
FIELDS = {
    "method": "Submit",
    "account": ACCOUNT,
    "password": KEY,
    "mobile": MOBILE,
    "content": "您好",
    "format": "json",
}
BODY = urlencode(FIELDS)
PATH = "/webservice/sms.php"
FORM_LINE = f"Content-Type: {FORM}"


@pytest.fixture(autouse=True)
def _nothing_is_logged_that_should_not_be(customer: Customer, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever comes, no thread of the sandbox fails, and no line tells what was in it."""
    caplog.set_level(logging.DEBUG, "django_ihuyi.sandbox")
    yield
    customer.submit("13712345679", "后来")
    lines = [record.getMessage() for record in caplog.records]
    assert not [record for record in caplog.records if record.levelno > logging.INFO]
    assert not [line for line in lines if any(secret in line for secret in (ACCOUNT, KEY, MOBILE, "您", "%"))]


def post(body: str | bytes, *headers: str, target: str = PATH, version: str = "HTTP/1.1") -> bytes:
    lines = [f"POST {target} {version}", "Host: 127.0.0.1", FORM_LINE, *headers, "", ""]
    return "\r\n".join(lines).encode() + (body.encode() if isinstance(body, str) else body)


def get(target: str, *headers: str, version: str = "HTTP/1.1") -> bytes:
    return "\r\n".join([f"GET {target} {version}", "Host: 127.0.0.1", *headers, "", ""]).encode()


def sized(body: str = BODY, **options: Any) -> bytes:
    return post(body, f"Content-Length: {len(body.encode())}", **options)


def chunked(*chunks: str, end: str = "0\r\n\r\n", headers: tuple[str, ...] = ()) -> bytes:
    body = "".join(f"{len(chunk.encode()):x}\r\n{chunk}\r\n" for chunk in chunks)
    return post(body + end, "Transfer-Encoding: chunked", *headers)


def connect(customer: Customer) -> socket.socket:
    host, port = customer.sandbox.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=10)


def read_all(line: socket.socket) -> bytes:
    return b"".join(iter(lambda: line.recv(65536), b""))


def ask(customer: Customer, request: bytes) -> bytes:
    """Send a request, say that nothing more comes, and return all that comes back."""
    with connect(customer) as line:
        line.sendall(request)
        line.shutdown(socket.SHUT_WR)
        return read_all(line)


def raw_query(content: str) -> str:
    return "&".join(f"{name}={value}" for name, value in (FIELDS | {"content": content}).items())


def contents(customer: Customer) -> list[str]:
    return [message.content for message in customer.sandbox.messages]


@pytest.mark.parametrize(
    "content",
    [TEXT, "先…", "\u00a0您\u0085好\u2028", "\x1c\x1d您好\x7f", "码" * 300],
    ids=["default", "85", "spaces", "controls", "long"],
)
def test_get__with_raw_utf8_in_the_target__takes_the_text_to_the_letter(customer: Customer, content: str) -> None:
    answer = ask(customer, get(f"{PATH}?{raw_query(content)}"))

    assert b'{"code":2,' in answer
    assert contents(customer) == [content]


def test_get__with_bytes_that_are_no_utf8__is_answered(customer: Customer) -> None:
    answer = ask(customer, get(f"{PATH}?{BODY}&content=").replace(b"content= ", b"content=\x85\xa0\xc4\xe3 "))

    assert b'{"code":2,' in answer
    assert contents(customer) == ["\ufffd" * 4]


WHOLE: dict[str, bytes] = {
    "absolute POST": sized(target=f"http://106.ihuyi.com{PATH}"),
    "absolute GET": get(f"HTTP://106.ihuyi.com:80{PATH}?{BODY}"),
    "absolute https": sized(target=f"https://106.ihuyi.com{PATH}"),
    "two slashes": sized(target=f"/{PATH}"),
    "newer absolute": sized(target="http://api.ihuyi.com/sms/Submit.json"),
    "HTTP/1.0": sized(version="HTTP/1.0"),
    "bare line ends": sized().replace(b"\r\n", b"\n"),
    "one chunk": chunked(BODY),
    "chunks": chunked(*BODY),
    "chunk extension": chunked().replace(b"0\r\n\r\n", f"{len(BODY):X} ;a=b\r\n{BODY}\r\n0;c\r\n\r\n".encode()),
    "trailers": chunked(BODY, end="0\r\nDigest: a\r\nOther: b\r\n\r\n"),
    "Chunked": sized().replace(f"Content-Length: {len(BODY)}\r\n\r\n".encode(), b"transfer-encoding: Chunked\r\n\r\n")
    .replace(BODY.encode(), f"{len(BODY):x}\r\n{BODY}\r\n0\r\n\r\n".encode()),
    "equal lengths": post(BODY, f"Content-Length: {len(BODY)}", f"Content-Length: {len(BODY)}"),
    "many headers": post(BODY, *(f"X-{number}: {number}" for number in range(90)), f"Content-Length: {len(BODY)}"),
    "large header": post(BODY, f"X-Large: {'x' * 60_000}", f"Content-Length: {len(BODY)}"),
    "large body": sized(f"{BODY}&more={'x' * 1_000_000}"),
}  # fmt: skip


@pytest.mark.parametrize("request_", WHOLE.values(), ids=WHOLE)
def test_submit__on_the_socket__is_taken(customer: Customer, request_: bytes) -> None:
    answer = ask(customer, request_)

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b'{"code":2,' in answer
    assert contents(customer) == ["您好"]


BAD: dict[str, tuple[bytes, int]] = {
    "blank in the target": (get(f"{PATH}?{raw_query('您 好')}"), 400),
    "bad version": (get(f"{PATH}?{BODY}", version="HTTP/x"), 400),
    "HTTP/0.9": (f"GET {PATH}?{BODY}\r\n\r\n".encode(), 400),
    "HTTP/0.9 POST": (f"POST {PATH}?{BODY}\r\n\r\n".encode(), 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "number as method": (f"{MOBILE} {PATH}?{BODY} HTTP/1.1\r\nHost: a\r\n\r\n".encode(), 501),
    "PUT": (sized().replace(b"POST", b"PUT"), 501),
    "long target": (get(f"{PATH}?{BODY}&more={'x' * 70_000}"), 414),
    "long header": (get(f"{PATH}?{BODY}", f"X: {'x' * 70_000}"), 431),
    "too many headers": (get(f"{PATH}?{BODY}", *(f"X-{number}: {KEY}" for number in range(200))), 431),
    "two lengths": (post(BODY, f"Content-Length: {len(BODY)}", "Content-Length: 1"), 400),
    "negative length": (post(BODY, "Content-Length: -1"), 400),
    "no number": (post(BODY, "Content-Length: many"), 400),
    "length and chunks": (chunked(BODY, headers=(f"Content-Length: {len(BODY)}",)), 400),
    "gzip": (post(BODY, "Transfer-Encoding: gzip, chunked"), 501),
    "large": (sized("x" * (MAX_BODY + 1)), 413),
    "very large": (sized("x" * (8 * MAX_BODY)), 413),
    "large in chunks": (chunked(*["x" * 65536] * 17), 413),
    "no chunk": (post(f"{BODY}\r\n", "Transfer-Encoding: chunked"), 400),
    "chunk of no size": (post(f"\r\n{BODY}", "Transfer-Encoding: chunked"), 400),
    "negative chunk": (post("-5\r\nabcde\r\n0\r\n\r\n", "Transfer-Encoding: chunked"), 400),
    "short chunk": (post(f"5\r\n{BODY}\r\n0\r\n\r\n", "Transfer-Encoding: chunked"), 400),
    "huge chunk": (post(f"{'f' * 8}\r\n{BODY}", "Transfer-Encoding: chunked"), 413),
    "long chunk line": (post(f"5;{'x' * 2000}\r\n", "Transfer-Encoding: chunked"), 400),
    "many trailers": (chunked(BODY, end="0\r\n" + "a: b\r\n" * 200 + "\r\n"), 400),
}


@pytest.mark.parametrize(("request_", "status"), BAD.values(), ids=BAD)
def test_bad_request__on_the_socket__is_refused_in_words_that_quote_nothing(
    customer: Customer, request_: bytes, status: int
) -> None:
    head, _, body = ask(customer, request_).partition(b"\r\n\r\n")

    assert re.match(rb"HTTP/1\.1 %d [A-Za-z -]+\r\n" % status, head)
    assert b"Connection: close" in head
    assert f"Content-Length: {len(body)}".encode() in head
    assert re.fullmatch(rb"[A-Za-z -]+\n", body)
    assert contents(customer) == []


HALF: dict[str, bytes] = {
    "request line": get(f"{PATH}?{BODY}").partition(b" HTTP")[0],
    "request line without end": get(f"{PATH}?{BODY}").partition(b"\r\n")[0],
    "headers": get(f"{PATH}?{BODY}", "X: y")[:-4],
    "headers without blank line": get(f"{PATH}?{BODY}")[:-2],
    "body": sized()[:-5],
    "no body": sized()[: -len(BODY)],
    "chunk": chunked(BODY)[:-20],
    "chunks without end": chunked(BODY, end=""),
    "last chunk without blank line": chunked(BODY, end="0\r\n"),
    "size of a chunk": chunked(BODY, end="0"),
    "nothing": b"",
}


@pytest.mark.parametrize("request_", HALF.values(), ids=HALF)
def test_half_a_request__whose_client_goes__takes_nothing(customer: Customer, request_: bytes) -> None:
    assert ask(customer, request_) == b""
    assert contents(customer) == []


@pytest.mark.parametrize("request_", HALF.values(), ids=HALF)
def test_half_a_request__whose_client_stays__ends_in_time_and_holds_up_nobody(
    customer: Customer, monkeypatch: pytest.MonkeyPatch, request_: bytes
) -> None:
    monkeypatch.setattr(Handler, "timeout", 0.5)
    with ExitStack() as stack:
        # The customer's own connection would end in time as well, perhaps while the next request uses it.
        stack.callback(customer.session.close)
        lines = [stack.enter_context(connect(customer)) for _ in range(20)]
        for line in lines:
            line.sendall(request_)
        assert customer.submit()["code"] == 2
        assert [read_all(line) for line in lines] == [b""] * 20
    assert contents(customer) == ["您好"]


def test_slow_request__byte_by_byte__is_taken(customer: Customer) -> None:
    request = sized()
    with connect(customer) as line:
        for position in range(len(request)):
            line.sendall(request[position : position + 1])
            time.sleep(0.0005)
        line.shutdown(socket.SHUT_WR)
        assert b'{"code":2,' in read_all(line)
    assert contents(customer) == ["您好"]


def test_requests__pipelined_in_all_forms__are_answered_in_their_order(customer: Customer) -> None:
    texts = ["一", "二", "三", "四"]
    fields = [
        urlencode(FIELDS | {"content": text, "mobile": f"1371234567{text and i}"}) for i, text in enumerate(texts)
    ]
    requests = [sized(fields[0]), chunked(fields[1]), get(f"{PATH}?{fields[2]}"), sized(fields[3])]

    answer = ask(customer, b"".join(requests) + b"\r\n\r\n")

    assert contents(customer) == texts
    smsids = re.findall(rb'"smsid":"(\d+)"', answer)
    assert smsids == [message.smsid.encode() for message in customer.sandbox.messages]


def test_early_answer__to_a_client_that_has_sent_more__leaves_the_next_client_alone(customer: Customer) -> None:
    """What follows a refused request is not read as a request."""
    answer = ask(customer, BAD["two lengths"][0] + sized())

    assert answer.count(b"HTTP/1.1 ") == 1
    assert contents(customer) == []


@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/1.0"])
def test_expect_100__from_a_client_that_waits__is_answered_before_the_body(customer: Customer, version: str) -> None:
    request = sized(version=version).replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")
    with connect(customer) as line:
        line.sendall(request[: -len(BODY)])
        if version == "HTTP/1.1":
            assert line.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        line.sendall(BODY.encode())
        line.shutdown(socket.SHUT_WR)
        assert b'{"code":2,' in read_all(line)


@pytest.mark.parametrize("ends", ["time", "amount", "reset"])
def test_early_answer__to_a_client_that_never_stops__ends(
    customer: Customer, monkeypatch: pytest.MonkeyPatch, ends: str
) -> None:
    monkeypatch.setattr(bodies, "DRAIN_TIME", 0.3 if ends == "time" else 60)
    monkeypatch.setattr(bodies, "MAX_DRAIN", 10**6 if ends == "amount" else 10**12)
    with connect(customer) as line:
        line.sendall(post("", "Content-Length: 999999999999"))
        if ends == "reset":
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            return
        assert line.recv(65536).startswith(b"HTTP/1.1 413 ")

        def is_cut_off() -> bool:
            try:
                line.sendall(b"x" * 65536)
            except OSError:
                return True
            return False

        eventually(is_cut_off)


@pytest.mark.parametrize(
    ("target", "headers", "status"),
    [
        ("http://127.0.0.1/sandbox/messages", (), 200),
        ("http://localhost:8106/sandbox/messages", ("Host: evil.example",), 200),
        ("http://evil.example/sandbox/messages", (), 403),
        ("http://evil.example/", (), 403),
        ("http://127.0.0.1", (), 200),
        ("http://127.0.0.1?lang=en", (), 200),
        ("http://", (), 403),
        ("ftp://127.0.0.1/", (), 404),
        ("*", (), 404),
    ],
)
def test_page__with_absolute_target__is_for_this_machine_only(
    customer: Customer, target: str, headers: tuple[str, ...], status: int
) -> None:
    assert ask(customer, get(target, *headers)).startswith(f"HTTP/1.1 {status} ".encode())


def test_get__with_a_body__has_the_fields_of_its_target_only(customer: Customer) -> None:
    """As PHP has it, which reads the bodies of POSTs."""
    answer = ask(customer, sized(target=f"{PATH}?method=Submit&format=json").replace(b"POST", b"GET"))

    assert b'{"code":401,' in answer


@pytest.mark.parametrize("path", [PATH, "/sms/Submit.json", "/webservice/voice.php", "/webservice/isms.php"])
def test_head__of_the_gateway__takes_nothing_and_has_no_body(customer: Customer, path: str) -> None:
    answer = ask(customer, get(f"{path}?{quote(BODY, safe='=&')}").replace(b"GET", b"HEAD", 1))

    assert answer.startswith(b"HTTP/1.1 405 ")
    assert answer.endswith(b"\r\n\r\n")
    assert contents(customer) == []
