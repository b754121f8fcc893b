"""The outbox holds what workers would have sent, whether or not anything is committed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings as live
from django.db import transaction
from django.test import TestCase
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from django_ihuyi import send_bulk, send_sms
from django_ihuyi.models import Message
from django_ihuyi.testing import Outbox, OutboxMixin, outbox, use_outbox
from tests.fakes import FakeBroker

pytestmark = pytest.mark.django_db

MOBILE = "13712345678"


def test_what_is_sent_is_in_it(ihuyi_outbox: Outbox) -> None:
    message = send_sms("+86 137 1234 5678", "您的订单已发货。")
    [sent] = ihuyi_outbox
    assert (sent.apiid, sent.mobile, sent.content, sent.template) == ("cf_tests", MOBILE, "您的订单已发货。", None)
    message.refresh_from_db()
    assert (message.status, message.smsid) == ("accepted", sent.smsid)


def test_templates_bulks_slices_and_numbers(ihuyi_outbox: Outbox) -> None:
    send_sms(MOBILE, template=1, params=["1234"])
    send_bulk([("13712345679", "一"), ("13712345680", "二")])
    assert [sent.content for sent in ihuyi_outbox[1:]] == ["一", "二"]
    assert [(sent.content, sent.template) for sent in ihuyi_outbox.to(MOBILE)] == [("1234", "1")]


def test_what_is_rolled_back_or_not_due_is_not_in_it(ihuyi_outbox: Outbox) -> None:
    with transaction.atomic():
        send_sms(MOBILE, "您好")
        transaction.set_rollback(True)
    send_sms(MOBILE, "您好", send_at=timezone.now() + timedelta(hours=1))
    assert len(ihuyi_outbox) == 0


@pytest.mark.parametrize(("code", "status"), [(4030, "rejected"), (0, "queued"), (4051, "queued")])
def test_refusals(ihuyi_outbox: Outbox, code: int, status: str) -> None:
    ihuyi_outbox.refuse(code)
    message = send_sms(MOBILE, "您好")
    assert list(ihuyi_outbox) == []
    message.refresh_from_db()
    assert (message.status, message.code) == (status, code)


def test_to_clear_it_forgets_refusals_too(ihuyi_outbox: Outbox) -> None:
    send_sms(MOBILE, "您好")
    assert len(ihuyi_outbox) == 1
    ihuyi_outbox.refuse(4030)
    ihuyi_outbox.clear()
    send_sms(MOBILE, "再见")
    assert [sent.content for sent in ihuyi_outbox] == ["再见"]


def test_to_show_it_sends_nothing(ihuyi_outbox: Outbox, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    send_sms(MOBILE, "您好")
    with django_assert_num_queries(0):
        assert repr(ihuyi_outbox) == "<Outbox []>"
    assert "您好" in repr(list(ihuyi_outbox))
    with django_assert_num_queries(1):
        assert len(ihuyi_outbox) == 1


@pytest.mark.django_db(transaction=True)
def test_outside_of_a_transaction_it_is_filled_at_once_and_nothing_is_published(broker: FakeBroker) -> None:
    with use_outbox() as own:
        later = send_sms(MOBILE, "您好")
        assert "您好" in repr(own)
        own.refuse(0)
        again = send_sms(MOBILE, "再见")
    assert broker.take() == []
    # Put back for later: it neither goes out now nor is it lost.
    assert Message.objects.get(pk=again.pk).status == "queued"
    assert Message.objects.get(pk=later.pk).status == "accepted"
    send_sms(MOBILE, "您好")
    assert len(broker.take()) == 1


@pytest.mark.django_db
def test_every_account_sends_to_it_and_the_settings_come_back(settings: Settings) -> None:
    account = {"ACCOUNT": "cf_shop", "API_KEY": "k" * 32, "REDIRECT_TO": ["13900139000"]}
    before = {"ACCOUNTS": {"default": account, "shop": account}}
    settings.IHUYI = before

    @use_outbox()
    def fail() -> None:
        send_sms(MOBILE, "您好", account="shop")
        assert [(sent.apiid, sent.mobile) for sent in outbox] == [("cf_shop", MOBILE)]
        assert live.IHUYI["PUSH_TOKENS"]
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert before == live.IHUYI
    assert repr(outbox) == "<Outbox []>"


@pytest.mark.django_db
def test_a_site_without_settings_gets_some(delete_ihuyi: Callable[[], None]) -> None:
    delete_ihuyi()
    with use_outbox() as own:
        send_sms(MOBILE, "您好")
        assert [sent.apiid for sent in own] == ["tests"]


class TestOfDjango(OutboxMixin, TestCase):
    """The mixin empties the outbox before each test."""

    def test_first(self) -> None:
        send_sms(MOBILE, "您好")
        assert len(self.ihuyi_outbox) == 1

    def test_second(self) -> None:
        send_sms(MOBILE, "您好")
        assert len(self.ihuyi_outbox) == 1
