"""A site that has tokens for pushes and forgot their URLs is told; one that has them anywhere is not."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import run_checks
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt
from pytest_django import Settings

from django_ihuyi.inbound.views import ReceiptPush


class OfTheSite(ReceiptPush):
    """A view of the site's own."""


def wrapped(request: HttpRequest, token: str) -> HttpResponse:
    """A view that hides which one is behind it."""
    return ReceiptPush.as_view()(request, token=token)


class Urls:
    """A URLconf of its own for each case."""

    def __init__(self, *patterns: Any) -> None:
        self.urlpatterns = list(patterns)

    def __str__(self) -> str:
        return "shop.urls"


FORGOTTEN = Urls(path("shop/", include([path("push/<str:token>/", wrapped, name="push")])))


def found() -> list[str]:
    return [f"{one.id} {one.msg} {one.hint}" for one in run_checks(tags=["urls"]) if "django_ihuyi" in str(one.id)]


def test_urls_that_were_forgotten(settings: Settings) -> None:
    settings.ROOT_URLCONF = FORGOTTEN
    [told] = found()
    assert told.startswith("django_ihuyi.W002 ")
    assert "path('ihuyi/', include('django_ihuyi.urls')) in the urlpatterns of shop.urls." in told
    assert "SILENCED_SYSTEM_CHECKS" in told


@pytest.mark.parametrize(
    "urls",
    [
        Urls(path("ihuyi/", include("django_ihuyi.urls"))),
        Urls(path("x/", include([path("y/", include(("django_ihuyi.urls", "sms"), namespace="shop-sms"))]))),
        Urls(path("hooks/<str:token>/", csrf_exempt(OfTheSite.as_view()))),
        Urls(path("hooks/<str:token>/", wrapped, name="push-receipt")),
    ],
    ids=["ours", "in a namespace", "a view of the site's own", "by its name"],
)
def test_urls_that_are_there(urls: Urls, settings: Settings) -> None:
    settings.ROOT_URLCONF = urls
    assert found() == []


@pytest.mark.parametrize("name", ["ROOT_HOSTCONF", "SUBDOMAIN_URLCONFS", "PUBLIC_SCHEMA_URLCONF"])
def test_hosts_may_have_urls_of_their_own(name: str, settings: Settings) -> None:
    settings.ROOT_URLCONF = FORGOTTEN
    setattr(settings, name, "shop.hosts")
    assert found() == []


@pytest.mark.parametrize("raw", [{}, {"PUSH_TOKENS": []}, None], ids=["no tokens", "an empty list", "no settings"])
def test_nobody_pushes_without_a_token(raw: object, settings: Settings) -> None:
    settings.ROOT_URLCONF = FORGOTTEN
    settings.IHUYI = raw
    assert found() == []


def test_a_project_without_urls(settings: Settings) -> None:
    del settings.ROOT_URLCONF
    assert found() == []
