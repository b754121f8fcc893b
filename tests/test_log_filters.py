"""No log has the push token, whichever server or handler writes it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import pytest
from django.test import Client
from gunicorn.glogging import SafeAtoms
from uvicorn.logging import AccessFormatter

from django_ihuyi.log_filters import PATH_LOGGERS, HidePushTokens
from tests.pushes.push_client import RECEIPT, TOKEN

PATH = f"/ihuyi/push/{TOKEN}/receipt/"
HIDDEN = "/ihuyi/push/***/receipt/"
ATOMS = {"r": f"POST {PATH} HTTP/1.1", "U": PATH, "s": "200", "D": 17, "f": f"https://x.example{PATH}"}


@pytest.mark.parametrize(
    ("message", "arguments", "written"),
    [
        ('"%s" %s %s', (f"POST {PATH} HTTP/1.1", "200", "7"), f'"POST {HIDDEN} HTTP/1.1" 200 7'),
        ("Not Found: %s", (PATH[:-1],), f"Not Found: {HIDDEN[:-1]}"),
        ("Not Found: %s", (f"/ihuyi/push/{TOKEN}",), "Not Found: /ihuyi/push/***"),
        ("Not Found: %s", (f"//ihuyi/push/{TOKEN[:-1]}x?a=b",), "Not Found: //ihuyi/push/***?a=b"),
        (f"Not Found: {PATH}", (), f"Not Found: {HIDDEN}"),
        ("%(r)s %(s)s %(D)d", ({**ATOMS},), f"POST {HIDDEN} HTTP/1.1 200 17"),
        ("%(U)s of %(f)s, %(x)s", (SafeAtoms(ATOMS),), f"{HIDDEN} of https://x.example{HIDDEN}, -"),
        ("%(s)s, %(x)s", (SafeAtoms({"s": "200"}),), "200, -"),
        ("%(U)s", (MappingProxyType({"U": PATH}),), HIDDEN),
        ("Not Found: %s", ("/orders/7/",), "Not Found: /orders/7/"),
        ("Not Found: %s", ("/blog/push/short/",), "Not Found: /blog/push/short/"),
        ("100 % sure", (), "100 % sure"),
        ("%s after %.1f s", (404, 0.25), "404 after 0.2 s"),
        (LookupError(PATH), (), PATH),
    ],
    ids=[
        *("development server", "without a slash", "nothing behind", "doubled slash", "no arguments", "mapping"),
        *(
            "gunicorn",
            "gunicorn, other",
            "read-only mapping",
            "other path",
            "other push",
            "per cent",
            "numbers",
            "object",
        ),
    ],
)
def test_a_record__of_a_pushs_path__is_written_without_the_token(
    message: str, arguments: tuple[Any, ...], written: str
) -> None:
    record = logging.LogRecord("x", logging.INFO, __file__, 1, message, arguments, None)
    assert HidePushTokens().filter(record)
    assert record.getMessage() == written


def test_the_arguments_of_somebody_elses_record__are_not_changed() -> None:
    atoms = SafeAtoms(ATOMS)
    record = logging.LogRecord("x", logging.INFO, __file__, 1, "%(U)s", (atoms,), None)
    HidePushTokens().filter(record)
    assert atoms == ATOMS
    assert isinstance(record.args, SafeAtoms)


@pytest.mark.parametrize("colours", [True, False])
def test_uvicorns_formatter__of_a_pushs_path__writes_its_line(colours: bool) -> None:
    arguments = ("127.0.0.1:50000", "POST", PATH, "1.1", 200)
    record = logging.LogRecord("uvicorn.access", logging.INFO, "", 1, '%s - "%s %s HTTP/%s" %d', arguments, None)
    assert HidePushTokens().filter(record)
    line = AccessFormatter('%(client_addr)s - "%(request_line)s" %(status_code)s', use_colors=colours).format(record)
    assert HIDDEN in line
    assert TOKEN not in line
    assert "200 OK" in line


@pytest.mark.parametrize("name", PATH_LOGGERS)
def test_a_logger_of_paths__without_any_configuration__hides_the_token(
    name: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = logging.getLogger(name)
    monkeypatch.setattr(logger, "propagate", True)
    logger.warning("Not Found: %s", PATH)
    assert caplog.messages[-1] == f"Not Found: {HIDDEN}"


ADDRESSES = [
    "nothing/",
    "nothing",
    "",
    "receipt/more/",
    "receip",
    "sms/template/",
    "x/y/z/receipt/",
    "%0Areceipt/",
    "é/",
]


@pytest.mark.parametrize("rest", ADDRESSES)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
def test_any_other_address_below_push__by_any_verb__is_404_and_in_no_log(
    caplog: pytest.LogCaptureFixture, method: str, rest: str
) -> None:
    client = Client(enforce_csrf_checks=True)
    path = f"/ihuyi/push/{TOKEN}/{rest}" if rest else f"/ihuyi/push/{TOKEN}"
    answer = client.generic(method, path, b"a=b", content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 404
    assert TOKEN not in answer.content.decode()
    assert caplog.records == []


@pytest.mark.parametrize(
    ("ask", "status"),
    [
        (lambda client: client.get(PATH), 405),
        (lambda client: client.get(PATH[:-1]), 405),
        (lambda client: client.post(PATH), 400),
        (lambda client: client.post(PATH, RECEIPT, headers={"host": "other.example"}), 400),
        (lambda client: client.post(f"/{PATH}", RECEIPT), 404),
        (lambda client: client.post(f"/wrong{PATH}", RECEIPT), 404),
        (lambda client: client.post(PATH.replace("ihuyi", "wrong")[:-1], RECEIPT), 404),
    ],
    ids=["get", "get without a slash", "empty", "wrong host", "doubled slash", "wrong prefix", "no prefix"],
)
def test_a_push__that_is_refused_anywhere__is_logged_without_the_token(
    client: Client,
    settings: Any,
    caplog: pytest.LogCaptureFixture,
    ask: Callable[[Client], Any],
    status: int,
) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]
    caplog.set_level(logging.DEBUG)
    assert ask(client).status_code == status
    assert TOKEN not in "\n".join(caplog.messages)
