"""Addresses: nothing inside a network is reached."""

from __future__ import annotations

import ipaddress
import socket
import threading
from typing import Any

import pytest

from django_ihuyi.webhooks import ssrf

# The first and last address of each network, or one of them where the network is a single address.
NOT_PUBLIC = {
    # IANA's IPv4 special-purpose registry: what is not globally reachable.
    "this network": ["0.0.0.0", "0.255.255.255"],
    "private, class A": ["10.0.0.0", "10.255.255.255"],
    "shared": ["100.64.0.0", "100.127.255.255"],
    "loopback": ["127.0.0.0", "127.255.255.255"],
    "link-local": ["169.254.0.0", "169.254.255.255"],
    "private, class B": ["172.16.0.0", "172.31.255.255"],
    "protocol assignments": ["192.0.0.0", "192.0.0.9", "192.0.0.255"],
    "documentation 1": ["192.0.2.0", "192.0.2.255"],
    "6to4 relays": ["192.88.99.0", "192.88.99.255"],
    "private, class C": ["192.168.0.0", "192.168.255.255"],
    "benchmarks": ["198.18.0.0", "198.19.255.255"],
    "documentation 2": ["198.51.100.0", "198.51.100.255"],
    "documentation 3": ["203.0.113.0", "203.0.113.255"],
    "multicast": ["224.0.0.0", "239.255.255.255"],
    "reserved, broadcast": ["240.0.0.0", "255.255.255.255"],
    # IANA's IPv6 special-purpose registry.
    "unspecified, loopback": ["::", "::1"],
    "IPv4-compatible": ["::7f00:1", "::808:808"],
    "IPv4-mapped": ["::ffff:10.0.0.1", "::ffff:127.0.0.1", "::ffff:168.63.129.16"],
    "IPv4-translated": ["::ffff:0:10.0.0.1"],
    "NAT64": ["64:ff9b::a00:1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"],
    "NAT64, local": ["64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff"],
    "discard only": ["100::", "100::ffff:ffff:ffff:ffff", "100:0:0:1::1"],
    "IETF protocols": ["2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"],
    "Teredo": ["2001:0:a00:1::", "2001:0:1::1"],
    "benchmarks, IPv6": ["2001:2::1"],
    "ORCHID": ["2001:10::1", "2001:20::1"],
    "drone ids": ["2001:30::1"],
    "documentation, old": ["2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"],
    "6to4": ["2002:7f00:1::1", "2002:808:808::1"],
    "documentation, new": ["3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"],
    "segment routing": ["5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
    "unique local": ["fc00::1", "fd00::1"],
    "link-local, IPv6": ["fe80::1", "febf::1"],
    "site-local": ["fec0::1", "feff::1"],
    "multicast, IPv6": ["ff02::1", "ff0e::1"],
    "not assigned": ["1fff::1", "4000::1", "e000::1"],
    # What clouds give each machine about itself.
    "AWS, Google, Azure, Huawei, Tencent": ["169.254.169.254", "169.254.0.23"],
    "Alibaba": ["100.100.100.200", "100.100.2.136"],
    "Oracle": ["192.0.0.192"],
    "Azure's platform": ["168.63.129.16"],
    "AWS, IPv6": ["fd00:ec2::254"],
    "Google, IPv6": ["fd20:ce::254"],
}
PUBLIC = {
    "IPv4": ["1.0.0.1", "8.8.8.8", "223.255.255.255"],
    "next to refused networks": ["9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.32.0.0"],
    "next to Azure's platform": ["168.63.129.15", "168.63.129.17"],
    "IPv4-mapped": ["::ffff:8.8.8.8"],
    "IPv6": ["2400:3200::1", "2001:200::1", "2606:4700::1111"],
    "next to documentation": ["3ffe:ffff::1", "3fff:1000::1", "2001:db7::1", "2001:db9::1"],
}


@pytest.mark.parametrize("texts", NOT_PUBLIC.values(), ids=NOT_PUBLIC)
def test_address__of_a_special_purpose__is_not_public(texts: list[str]) -> None:
    assert [text for text in texts if ssrf.is_public(ipaddress.ip_address(text))] == []


@pytest.mark.parametrize("texts", PUBLIC.values(), ids=PUBLIC)
def test_address__of_the_internet__is_public(texts: list[str]) -> None:
    assert [text for text in texts if not ssrf.is_public(ipaddress.ip_address(text))] == []


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
        ("https://168.63.129.16/", "not public"),
        ("https://[3fff::1]/", "not public"),
    ],
)
def test_refused(url: str, why: str) -> None:
    with pytest.raises(ssrf.AddressError, match=why):
        ssrf.resolve(url)


def _answer(monkeypatch: pytest.MonkeyPatch, *found: str) -> None:
    infos = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in found]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: infos)


def test_one_inner_address_among_public_ones_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    _answer(monkeypatch, "8.8.8.8", "10.0.0.1")
    with pytest.raises(ssrf.AddressError, match="not public"):
        ssrf.resolve("https://hooks.example/")


def test_an_allowed_network_and_a_query(monkeypatch: pytest.MonkeyPatch) -> None:
    _answer(monkeypatch, "10.1.0.7")
    target = ssrf.resolve("https://hooks.example/in?a=1", allowed=["10.1.0.0/16"])
    assert target == ssrf.Target("https", "hooks.example", 443, ("10.1.0.7",), "/in?a=1")


def test_a_name_that_cannot_be_resolved_is_no_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "try again")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(OSError, match="try again"):
        ssrf.resolve("https://hooks.example/")


def test_the_first_addresses_of_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    _answer(monkeypatch, *(f"8.8.8.{number}" for number in range(9)))
    assert ssrf.resolve("https://hooks.example/").addresses == ("8.8.8.0", "8.8.8.1", "8.8.8.2", "8.8.8.3")


def test_a_bad_address_beyond_those_kept_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    _answer(monkeypatch, *(f"8.8.8.{number}" for number in range(9)), "10.0.0.1")
    with pytest.raises(ssrf.AddressError, match="not public"):
        ssrf.resolve("https://hooks.example/")


def test_a_look_up_that_hangs_is_walked_away_from(monkeypatch: pytest.MonkeyPatch) -> None:
    let_go, ended = threading.Event(), threading.Event()

    def hang(*_args: Any, **_kwargs: Any) -> list[Any]:
        let_go.wait(30)
        ended.set()
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 443))]

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    try:
        with pytest.raises(OSError, match="not resolved in time"):
            ssrf.resolve("https://hooks.example/", patience=0.05)
    finally:
        let_go.set()
    assert ended.wait(30)


@pytest.mark.parametrize("url", ["https://hooks.example/", "https://8.8.8.8/", "https://[2400:3200::1]/"])
def test_without_a_look_up_a_name_is_neither_right_nor_wrong(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", None)
    ssrf.check(url)
