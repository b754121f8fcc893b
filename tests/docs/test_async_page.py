"""The page on async views: its snippets answer under ASGI, and a call in the event loop is refused, as it says."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.exceptions import SynchronousOnlyOperation
from django.db import transaction
from django.test import AsyncClient
from django.urls import path
from pytest_django import Settings

from django_ihuyi import send_sms
from django_ihuyi.models import Message, OptOut
from django_ihuyi.testing import Outbox, latest_code

from .markdown_reader import blocks

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "docs/async.md"
MOBILE = "13800138000"


@pytest.fixture
def page(settings: Settings) -> Iterator[dict[str, Any]]:
    """The names of the page's snippets, its views at addresses of a site."""
    urls = ModuleType("urls_of_the_async_page")
    names: dict[str, Any] = {"__name__": urls.__name__}
    for block in blocks(PAGE, "python"):
        exec(block.text, names)
    urls.urlpatterns = [  # type: ignore[attr-defined]  # a module made here
        path("ask/", names["ask_for_code"]),
        path("enter/", names["enter_code"]),
        path("ship/<int:order>/", names["ship"]),
    ]
    sys.modules[urls.__name__] = urls
    settings.ROOT_URLCONF = urls.__name__
    yield names
    del sys.modules[urls.__name__]


def post(address: str, **fields: str) -> tuple[int, dict[str, Any]]:
    """Post to the site under ASGI. Returns status and body."""
    answer = async_to_sync(AsyncClient(raise_request_exception=True).post)(address, fields)
    return answer.status_code, answer.json()


def test_views__under_asgi__send_and_check_codes_and_messages(page: dict[str, Any], ihuyi_outbox: Outbox) -> None:
    assert post("/ask/", mobile="1") == (400, {"error": "number"})
    assert post("/ask/", mobile=MOBILE) == (200, {"error": None})
    status, body = post("/ask/", mobile=MOBILE)
    assert (status, body["error"]) == (429, "later")
    assert 0 < body["retry_after"] <= 60
    code = latest_code(MOBILE)
    assert [post("/enter/", mobile=MOBILE, code=code)[1] for _time in range(2)] == [{"right": True}, {"right": False}]
    first, again = (post("/ship/7/", mobile=MOBILE) for _time in range(2))
    assert first == again == (200, {"message": Message.objects.get(idempotency_key="order-7-shipped").pk})
    assert [sent.content for sent in ihuyi_outbox.to(MOBILE)][-1] == "您的订单 7 已发货。"


def test_function_with_a_transaction__through_sync_to_async__is_published_after_its_commit(
    page: dict[str, Any], ihuyi_outbox: Outbox
) -> None:
    OptOut.objects.create(mobile=MOBILE)
    pk = async_to_sync(page["come_back"])(MOBILE)
    assert [sent.content for sent in ihuyi_outbox] == ["欢迎回来。"]
    assert (Message.objects.get().pk, OptOut.objects.exists()) == (pk, False)


def test_models__with_the_async_methods__are_read(page: dict[str, Any]) -> None:
    message = Message.objects.create(mobile=MOBILE, content="您好")

    async def read() -> tuple[int, int]:
        return (await Message.objects.aget(pk=message.pk)).pk, await Message.objects.acount()

    assert async_to_sync(read)() == (message.pk, 1)


def test_call__in_the_event_loop__is_refused() -> None:
    async def call() -> None:
        send_sms(MOBILE, "您好")

    with pytest.raises(SynchronousOnlyOperation):
        async_to_sync(call)()

    async def hold() -> None:
        with transaction.atomic():
            pass

    with pytest.raises(SynchronousOnlyOperation):
        async_to_sync(hold)()
    assert not Message.objects.exists()
