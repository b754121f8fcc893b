"""A site that has tokens for pushes and forgot their URLs is told; one that has them anywhere is not."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import run_checks
from django.http import HttpRequest, HttpResponseBase
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt
from pytest_django import Settings

from django_ihuyi.pushes.views import ReceiptPush

from .features import run_without


class OfTheSite(ReceiptPush):
    """A view of the site's own."""


def wrapped(request: HttpRequest, token: str) -> HttpResponseBase:
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


API = ["/ihuyi/api/v1/messages/", "/ihuyi/api/v1/schema/", "/ihuyi/api/v1/nowhere/"]
ADDRESSES = """
    import sys
    from django.urls import Resolver404, resolve
    import django_ihuyi.urls

    def is_there(address):
        try:
            resolve(address)
        except Resolver404:
            return False
        return True

    loaded = {"django_ihuyi.api.urls", "django_ihuyi.api.openapi.urls"} & sys.modules.keys()
    print([is_there(address) for address in {addresses}], sorted(loaded))
"""


@pytest.mark.parametrize(
    ("left_out", "there"),
    [((), True), (("django_ihuyi.api",), False), (("django_ihuyi.webhooks", "django_ihuyi.dashboard"), True)],
    ids=["nothing", "the API", "others"],
)
def test_urls__some_features_left_out__include_the_api_if_it_is_installed(
    left_out: tuple[str, ...], *, there: bool
) -> None:
    push = f"/ihuyi/push/{'t' * 20}/receipt/"
    script = ADDRESSES.replace("{addresses}", repr([*API, push, "/ihuyi/metrics/"]))
    loaded = ["django_ihuyi.api.openapi.urls", "django_ihuyi.api.urls"] if there else []
    assert run_without(*left_out, script=script) == f"{[*[there] * 3, True, True]} {loaded}\n"
