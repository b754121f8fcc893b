"""Ordering and shipping, the home page, and who may see what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from django_ihuyi.models import Message
from example_project.orders.models import Order
from example_project.users.models import Person

LogIn = Callable[[Person], None]

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> Person:
    return Person.objects.create_user("13712345678")


@pytest.fixture
def order(person: Person) -> Order:
    return Order.objects.create(person=person)


def test_order_and_ship(log_in: LogIn, client: Client, person: Person) -> None:
    log_in(person)
    assert client.post(reverse("orders"), {"goods": "cups"}).status_code == 302
    order = Order.objects.get()
    assert (order.person, order.goods, order.shipped_at) == (person, "cups", None)
    assert "data-status" not in client.get(reverse("orders")).content.decode()
    assert client.post(reverse("ship", args=[order.pk])).status_code == 302
    notice = Message.objects.get()
    assert (notice.mobile, notice.category, notice.metadata) == (person.mobile, "notification", {"order": order.pk})
    page = client.get(reverse("orders")).content.decode()
    assert f'id="order-{notice.pk}"' in page
    assert 'data-status="queued"' in page


def test_an_order_is_shipped_once(log_in: LogIn, client: Client, order: Order) -> None:
    assert [order.ship(), order.ship()] == [True, False]
    assert order.shipped_at is not None
    log_in(order.person)
    page = client.post(reverse("ship", args=[order.pk]), follow=True).content.decode()
    assert "was shipped before" in page
    assert Message.objects.count() == 1
    assert Message.objects.count() == 1


def test_what_cannot_be_sent_is_not_shipped(order: Order, settings: Any) -> None:
    settings.IHUYI = {
        **settings.IHUYI,
        "ACCOUNTS": {"default": {**settings.IHUYI["ACCOUNTS"]["default"], "MAX_LENGTH": 3}},
    }
    with pytest.raises(ValueError, match="MAX_LENGTH"):
        order.ship()
    order.refresh_from_db()
    assert order.shipped_at is None


@pytest.mark.parametrize(
    ("who", "status"),
    [
        pytest.param("owner", 302, id="owner"),
        pytest.param("staff", 302, id="staff"),
        pytest.param("stranger", 404, id="stranger"),
    ],
)
def test_who_may_ship(log_in: LogIn, client: Client, order: Order, who: str, status: int) -> None:
    people = {
        "owner": order.person,
        "staff": Person.objects.create_user("13800138000", is_staff=True),
        "stranger": Person.objects.create_user("13812345678"),
    }
    log_in(people[who])
    assert client.post(reverse("ship", args=[order.pk])).status_code == status
    assert Message.objects.exists() is (status == 302)
    assert (f'action="{reverse("ship", args=[order.pk])}"' in client.get(reverse("orders")).content.decode()) is False


def test_staff_see_whose_order_it_is_and_strangers_see_none(log_in: LogIn, client: Client, order: Order) -> None:
    log_in(Person.objects.create_user("13800138000", is_staff=True))
    assert "137******78" in client.get(reverse("orders")).content.decode()
    log_in(Person.objects.create_user("13812345678"))
    assert "No orders yet." in client.get(reverse("orders")).content.decode()


def test_nobody_ships_without_logging_in_or_by_a_link(log_in: LogIn, client: Client, order: Order) -> None:
    ship = reverse("ship", args=[order.pk])
    assert client.post(ship).headers["Location"].startswith(reverse("log-in"))
    log_in(order.person)
    assert client.get(ship).status_code == 405
    client.handler.enforce_csrf_checks = True
    assert client.post(ship).status_code == 403
    assert not Message.objects.exists()


def test_orders_in_the_admin(log_in: LogIn, client: Client, order: Order) -> None:
    log_in(Person.objects.create_superuser("13800138000"))
    for url in (reverse("admin:orders_order_changelist"), reverse("admin:orders_order_change", args=[order.pk])):
        assert client.get(url).status_code == 200


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        pytest.param({"status": "queued"}, ["data-waiting"], id="queued"),
        pytest.param(
            {"status": "queued", "code": 0, "msg": "提交失败"}, ["data-waiting", "0 提交失败", "sent again"], id="again"
        ),
        pytest.param({"status": "submitting"}, ["data-waiting"], id="submitting"),
        pytest.param({"status": "accepted", "code": 2}, ["data-waiting"], id="accepted"),
        pytest.param({"status": "delivered", "code": 2}, [], id="delivered"),
        pytest.param({"status": "undelivered", "code": 2, "receipt_msg": "UNDELIV"}, ["UNDELIV"], id="undelivered"),
        pytest.param({"status": "rejected", "code": 407, "msg": "敏感"}, ["407 敏感"], id="rejected"),
        pytest.param({"status": "unknown"}, ["no answer"], id="unknown"),
    ],
)
def test_the_home_page_tells_how_a_text_stands(
    log_in: LogIn, client: Client, person: Person, fields: dict[str, Any], shown: list[str]
) -> None:
    Message.objects.create(mobile=person.mobile, content="您好", **fields)
    log_in(person)
    page = client.get("/").content.decode()
    assert f'data-status="{fields["status"]}"' in page
    assert all(text in page for text in shown)
    assert ("data-waiting" in page) is ("data-waiting" in shown)


def test_the_home_page_for_anybody(client: Client, settings: Any) -> None:
    assert "Numbers that go wrong" in client.get("/").content.decode()
    settings.PHONE_PAGE = None
    assert "Numbers that go wrong" not in client.get("/").content.decode()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_each_language_is_named_in_its_own_words(client: Client, language: str) -> None:
    client.post(reverse("set_language"), {"language": language})
    page = client.get("/").content.decode()
    assert f'<html lang="{language}">' in page
    assert ">English</button>" in page
    assert ">简体中文</button>" in page
