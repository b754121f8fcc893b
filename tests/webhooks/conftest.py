"""A receiver on loopback, the setting that lets events go there, and endpoints for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django import Settings

from django_ihuyi.gateway import ca_bundle
from django_ihuyi.webhooks.models import WebhookEndpoint
from django_ihuyi.webhooks.models.endpoint import WebhookEvent

from .receiver import ALLOWED, Receiver

Subscribe = Callable[..., WebhookEndpoint]


@pytest.fixture(autouse=True)
def _ask_anew() -> Iterator[None]:
    """What a test's process knew of endpoints ends with the test."""
    WebhookEndpoint.objects.forget()
    yield
    WebhookEndpoint.objects.forget()


@pytest.fixture(autouse=True)
def _own_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the machine trusts is no part of a test."""
    for name in ca_bundle.NAMES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that takes everything."""
    receiver = Receiver()
    yield receiver
    receiver.may_answer.set()
    receiver.stop()


@pytest.fixture
def use(settings: Settings) -> Callable[..., None]:
    """Switch webhooks on, with options."""

    def change(**options: Any) -> None:
        settings.IHUYI = {**settings.IHUYI, "WEBHOOKS": options}

    return change


@pytest.fixture
def subscribe(receiver: Receiver, use: Callable[..., None]) -> Subscribe:
    """Make endpoints at the receiver."""
    use(**ALLOWED, PORTS=[receiver.port])

    def make(**values: Any) -> WebhookEndpoint:
        number = WebhookEndpoint.objects.count()
        fields = {"name": f"shop-{number}", "url": receiver.url, "events": list(WebhookEvent.values)}
        return WebhookEndpoint.objects.create(**{**fields, **values})

    return make
