"""The client's address, as servers and proxies write it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.test import Client, RequestFactory
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from django_ihuyi import client_ip
from django_ihuyi.client_ip import client_address, client_key
from django_ihuyi.models import Message
from django_ihuyi.verification.models import VerificationCode
from tests.log_records import events, package_records

PEER = "198.51.100.1"

WRITTEN = [
    ("203.0.113.7", "203.0.113.7"),
    (" 203.0.113.7 ", "203.0.113.7"),
    ("203.0.113.7:54321", "203.0.113.7"),
    ("203.0.113.7:", "203.0.113.7"),
    ('"203.0.113.7:54321"', "203.0.113.7"),
    ("::ffff:203.0.113.7", "203.0.113.7"),
    ("[::ffff:203.0.113.7]:443", "203.0.113.7"),
    ("2001:db8::1", "2001:db8::1"),
    ("2001:0DB8:0::1", "2001:db8::1"),
    ("[2001:db8::1]", "2001:db8::1"),
    ("[2001:db8::1]:443", "2001:db8::1"),
    ('"[2001:db8::1]:443"', "2001:db8::1"),
    ("fe80::1%eth0", "fe80::1"),
    ("[fe80::1%25eth0]:443", "fe80::1"),
]

NO_ADDRESSES = [
    "unknown",
    "_hidden",
    "-",
    "localhost",
    "unix:",
    "203.0.113",
    "203.0.113.7.8",
    "203.0.113.07",
    "203.0.113.7:54321:1",
    "203.0.113.7/24",
    "[203.0.113.7",
    "2001:db8::1::2",
    "[2001:db8::1",
    "[]",
    "%eth0",
    "１９２.0.2.1",
    "\x00",
    "\ud800",
    "'); DROP TABLE",
    "1" * 10_000,
]


@pytest.fixture(autouse=True)
def _not_told_yet() -> Iterator[None]:
    client_ip._warn_of_no_address.cache_clear()
    yield
    client_ip._warn_of_no_address.cache_clear()


@pytest.mark.parametrize(("written", "address"), WRITTEN)
def test_address__however_a_proxy_or_a_server_writes_it__is_read(
    settings: Settings, written: str, address: str
) -> None:
    assert client_address(RequestFactory().get("/", REMOTE_ADDR=written)) == address
    settings.IHUYI = {**settings.IHUYI, "TRUSTED_PROXIES": 2}
    request = RequestFactory().get("/", REMOTE_ADDR=PEER, HTTP_X_FORWARDED_FOR=f"192.0.2.1, {written} ,10.0.0.1:80")
    assert client_address(request) == address
    assert client_key(written) == client_key(address)


@pytest.mark.parametrize("written", NO_ADDRESSES, ids=lambda written: ascii(written)[:20])
def test_what_is_no_address__in_the_header__gives_the_peers(settings: Settings, written: str) -> None:
    settings.IHUYI = {**settings.IHUYI, "TRUSTED_PROXIES": 1}
    request = RequestFactory().get("/", REMOTE_ADDR=f"{PEER}:8000", HTTP_X_FORWARDED_FOR=f"203.0.113.7, {written}")
    assert client_address(request) == PEER
    assert client_address(RequestFactory().get("/", REMOTE_ADDR=written)) == ""
    with pytest.raises(ValueError, match="no IPv4 or IPv6 address"):
        client_key(written)


@given(st.text(), st.text())
def test_any_text__is_an_address_or_none(remote: str, forwarded: str) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR=remote, HTTP_X_FORWARDED_FOR=forwarded)
    address = client_address(request)
    assert address == "" or client_key(address)


def test_request_without_an_address__is_warned_of_once(caplog: pytest.LogCaptureFixture, settings: Settings) -> None:
    for _request in range(3):
        assert client_address(RequestFactory().get("/", REMOTE_ADDR="")) == ""
    assert events(caplog) == ["address.unknown"]
    assert "TRUSTED_PROXIES" in package_records(caplog)[0].getMessage()


def test_request_by_a_unix_socket__behind_a_proxy_that_is_set__is_not_warned_of(
    caplog: pytest.LogCaptureFixture, settings: Settings
) -> None:
    settings.IHUYI = {**settings.IHUYI, "TRUSTED_PROXIES": 1}
    request = RequestFactory().get("/", REMOTE_ADDR="", HTTP_X_FORWARDED_FOR="203.0.113.7:1")
    assert client_address(request) == "203.0.113.7"
    assert package_records(caplog) == []


@pytest.mark.django_db
@pytest.mark.urls("tests.verification.pages")
@pytest.mark.usefixtures("broker")
@pytest.mark.parametrize(
    ("written", "kept"),
    [("203.0.113.7:54321", "203.0.113.7"), ("[2001:db8::1]:443", "2001:db8::/64"), ("unknown", "127.0.0.1")],
)
def test_sign_up_page__behind_a_proxy_that_adds_ports__counts_the_address(
    client: Client, settings: Settings, written: str, kept: str
) -> None:
    settings.IHUYI = {**settings.IHUYI, "TRUSTED_PROXIES": 1}
    answer = client.post("/open/", {"mobile": "13800138000", "send_code": "1"}, headers={"x-forwarded-for": written})
    assert answer.status_code == 200
    assert VerificationCode.objects.get().address == kept
    assert Message.objects.count() == 1


def test_module__when_imported__needs_no_rest_framework() -> None:
    code = "import sys, django_ihuyi.client_ip; sys.exit('rest_framework.request' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
