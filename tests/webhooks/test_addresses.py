"""Addresses: nothing inside a network is reached."""

from __future__ import annotations

import ipaddress
import socket
import threading
from typing import Any

import pytest

from django_ihuyi.webhooks import addresses


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.100.100.200",
        "192.0.0.192",
        "192.88.99.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "fd00:ec2::254",
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::1",
        "2001:0:1::1",
        "2001:db8::1",
        "::7f00:1",
    ],
)
def test_not_public(text: str) -> None:
    assert not addresses.is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", ["8.8.8.8", "::ffff:8.8.8.8", "2400:3200::1"])
def test_public(text: str) -> None:
    assert addresses.is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://8.8.8.8/", "https"),
        ("ftp://8.8.8.8/", "https"),
        ("https:///x", "host"),
        ("https://me@8.8.8.8/", "user"),
        ("https://8.8.8.8:22/", "its port"),
        ("https://8.8.8.8:0/", "its port"),
        ("https://8.8.8.8:x/", "malformed"),
        ("https://[::1/", "malformed"),
        ("https://a..b/", "malformed"),
        ("https://127.1/", "not public"),
        ("https://2130706433/", "not public"),
        ("https://[::ffff:127.0.0.1]/", "not public"),
    ],
)
def test_refused(url: str, why: str) -> None:
    with pytest.raises(addresses.AddressError, match=why):
        addresses.resolve(url)


def _answer(monkeypatch: pytest.MonkeyPatch, *found: str) -> None:
    infos = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in found]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: infos)


def test_one_inner_address_among_public_ones_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    _answer(monkeypatch, "8.8.8.8", "10.0.0.1")
    with pytest.raises(addresses.AddressError, match="not public"):
        addresses.resolve("https://hooks.example/")


def test_an_allowed_network_and_a_query(monkeypatch: pytest.MonkeyPatch) -> None:
    _answer(monkeypatch, "10.1.0.7")
    target = addresses.resolve("https://hooks.example/in?a=1", allowed=["10.1.0.0/16"])
    assert target == addresses.Target("https", "hooks.example", 443, ("10.1.0.7",), "/in?a=1")


def test_a_name_that_cannot_be_resolved_is_no_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "try again")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(OSError, match="try again"):
        addresses.resolve("https://hooks.example/")


def test_the_first_addresses_of_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    _answer(monkeypatch, *(f"8.8.8.{number}" for number in range(9)))
    assert addresses.resolve("https://hooks.example/").addresses == ("8.8.8.0", "8.8.8.1", "8.8.8.2", "8.8.8.3")


def test_a_bad_address_beyond_those_kept_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    _answer(monkeypatch, *(f"8.8.8.{number}" for number in range(9)), "10.0.0.1")
    with pytest.raises(addresses.AddressError, match="not public"):
        addresses.resolve("https://hooks.example/")


def test_a_look_up_that_hangs_is_walked_away_from(monkeypatch: pytest.MonkeyPatch) -> None:
    let_go, ended = threading.Event(), threading.Event()

    def hang(*_args: Any, **_kwargs: Any) -> list[Any]:
        let_go.wait(30)
        ended.set()
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 443))]

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    monkeypatch.setattr(addresses, "PATIENCE", 0.05)
    try:
        with pytest.raises(OSError, match="not resolved in time"):
            addresses.resolve("https://hooks.example/")
    finally:
        let_go.set()
    assert ended.wait(30)


@pytest.mark.parametrize("url", ["https://hooks.example/", "https://8.8.8.8/", "https://[2400:3200::1]/"])
def test_without_a_look_up_a_name_is_neither_right_nor_wrong(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", None)
    addresses.check(url)
