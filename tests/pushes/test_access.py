"""Who may push: every token of the list, from an allowed network, by POST."""

from __future__ import annotations

import pytest
from django.conf import settings as django_settings
from django.test import Client
from pytest_django import Settings

from tests.pushes.push_client import RECEIPT, TOKEN, url

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("token", [TOKEN, django_settings.OLD_PUSH_TOKEN])
def test_every_token_of_the_list_opens(client: Client, token: str) -> None:
    assert client.post(url("receipt", token), RECEIPT).content == b"success"


@pytest.mark.parametrize("token", ["wrong", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "é", "%00", "a" * 5000])
@pytest.mark.parametrize("kind", ["receipt", "reply", "template"])
@pytest.mark.parametrize("method", ["get", "post", "put", "head", "options"])
def test_any_other_token_finds_no_page(client: Client, token: str, kind: str, method: str) -> None:
    response = getattr(client, method)(url(kind, token))
    assert response.status_code == 404
    assert TOKEN not in response.content.decode()


def test_no_tokens_no_pushes(client: Client, settings: Settings) -> None:
    settings.IHUYI = {**settings.IHUYI, "PUSH_TOKENS": []}
    assert client.post(url("receipt"), RECEIPT).status_code == 404


@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete", "options"])
def test_only_post(client: Client, method: str) -> None:
    assert getattr(client, method)(url("receipt")).status_code == 405


NETWORKS = [
    ("inside", ["203.0.113.0/24"], 0, "203.0.113.9", "", 200),
    ("outside", ["203.0.113.0/24"], 0, "198.51.100.1", "", 404),
    ("forged header, no proxy", ["203.0.113.0/24"], 0, "198.51.100.1", "203.0.113.9", 404),
    ("behind one proxy", ["203.0.113.0/24"], 1, "10.0.0.1", "203.0.113.9", 200),
    ("forged left of the proxy's", ["203.0.113.0/24"], 1, "10.0.0.1", "203.0.113.9, 198.51.100.1", 404),
    ("behind two proxies", ["203.0.113.0/24"], 2, "10.0.0.1", "203.0.113.9, 10.0.0.2", 200),
    ("fewer than the proxies", ["203.0.113.0/24"], 2, "10.0.0.1", "203.0.113.9", 404),
    ("with a port", ["203.0.113.0/24"], 1, "10.0.0.1", "203.0.113.9:54321", 200),
    ("with a port, outside", ["203.0.113.0/24"], 1, "10.0.0.1", "198.51.100.1:54321", 404),
    ("ipv6 in brackets", ["2001:db8::/32"], 1, "10.0.0.1", "[2001:db8::7]:443", 200),
    ("unknown", ["203.0.113.0/24"], 1, "10.0.0.1", "unknown", 404),
    ("unknown, by a proxy that is allowed", ["10.0.0.0/8"], 1, "10.0.0.1", "unknown", 200),
    ("mapped", ["203.0.113.0/24"], 0, "::ffff:203.0.113.9", "", 200),
    ("ipv6", ["2001:db8::/32"], 0, "2001:db8::7", "", 200),
    ("no address", ["203.0.113.0/24"], 0, "unix:", "", 404),
]


@pytest.mark.parametrize(
    ("networks", "proxies", "remote", "forwarded", "status"),
    [row[1:] for row in NETWORKS],
    ids=[row[0] for row in NETWORKS],
)
def test_allowed_networks(
    client: Client, settings: Settings, networks: list[str], proxies: int, remote: str, forwarded: str, status: int
) -> None:
    settings.IHUYI = {**settings.IHUYI, "PUSH_ALLOWED_NETWORKS": networks, "TRUSTED_PROXIES": proxies}
    response = client.post(
        url("receipt"), RECEIPT, REMOTE_ADDR=remote, headers={"x-forwarded-for": forwarded} if forwarded else {}
    )
    assert response.status_code == status
