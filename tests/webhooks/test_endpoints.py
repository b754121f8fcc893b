"""Endpoints: secrets that no dump shows, rotation, rest."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.core import serializers
from django.utils import timezone
from pytest_django import Settings

from django_ihuyi.webhooks import signatures
from django_ihuyi.webhooks.models import WebhookEndpoint

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def make(name: str = "shop") -> WebhookEndpoint:
    return WebhookEndpoint.objects.create(name=name, url="https://hooks.example/in?token=of-the-hook", events=["ping"])


def fits(secret: str, endpoint: WebhookEndpoint, *, later: timedelta = timedelta()) -> bool:
    headers = signatures.sign(endpoint.secrets(timezone.now() + later), "evt_1", int(time.time()), b"{}")
    try:
        signatures.verify([secret], headers, b"{}", now=time.time())
    except signatures.SignatureError:
        return False
    return True


def test_no_secret_stands_in_the_table_or_is_printed() -> None:
    endpoint = make()
    raw = endpoint.secret.removeprefix(signatures.PREFIX)
    dumped = serializers.serialize("json", WebhookEndpoint.objects.all())
    assert raw not in dumped
    assert signatures.PREFIX not in dumped
    assert endpoint.secret not in f"{endpoint} {endpoint!r}"
    assert "of-the-hook" not in f"{endpoint} {endpoint!r}"


def test_secrets_differ_and_stay() -> None:
    one, other = make(), make("other")
    assert one.secret != other.secret
    secret = one.secret
    one.save()
    assert WebhookEndpoint.objects.get(pk=one.pk).secret == secret


def test_while_it_is_changed_both_secrets_fit() -> None:
    endpoint = make()
    old = endpoint.secret
    assert endpoint.rotate(now=timezone.now(), overlap=DAY)
    new = endpoint.secret
    assert new != old
    assert fits(old, endpoint)
    assert fits(new, endpoint)
    assert not fits(old, endpoint, later=DAY * 1.01)
    assert fits(new, endpoint, later=DAY * 1.01)


def test_of_two_who_rotate_at_once_one_wins() -> None:
    endpoint = make()
    stale = WebhookEndpoint.objects.get()
    assert endpoint.rotate(now=timezone.now(), overlap=DAY)
    assert not stale.rotate(now=timezone.now(), overlap=DAY)
    assert WebhookEndpoint.objects.get().secret == endpoint.secret


def test_a_changed_key_of_the_site_keeps_the_old_secret_by_its_fallback(settings: Settings) -> None:
    endpoint = make()
    old = endpoint.secret
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", [settings.SECRET_KEY]
    assert endpoint.secret != old
    assert fits(old, endpoint)
    assert fits(endpoint.secret, endpoint)
    settings.SECRET_KEY_FALLBACKS = []
    assert not fits(old, endpoint)


def test_rests_get_longer_up_to_five_minutes_and_end() -> None:
    endpoint, rests = make(), []
    for _ in range(9):
        endpoint.refresh_from_db()
        now = timezone.now()
        endpoint.pause(now=now)
        endpoint.pause(now=now + DAY)  # another worker that read the same row
        endpoint.refresh_from_db()
        assert endpoint.rests_until is not None
        rests.append((endpoint.rests_until - now).total_seconds())
    assert rests == [5, 10, 20, 40, 80, 160, 300, 300, 300]
    endpoint.recover()
    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.rests_until) == (0, None)
