"""What would be published runs in the caller's thread while the outbox or a gateway of the test is used."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from django_ihuyi import send_bulk, send_sms
from django_ihuyi.dispatch import get_dispatcher
from django_ihuyi.models import Heartbeat
from django_ihuyi.monitoring import heartbeats
from django_ihuyi.testing import use_gateway, use_outbox
from django_ihuyi.testing.inline import InlineDispatcher
from tests.fakes import FakeBroker

pytestmark = pytest.mark.django_db(transaction=True)

MOBILE = "13800138000"


def test_use_outbox__installs_an_inline_dispatcher__until_the_block_ends() -> None:
    before = get_dispatcher()
    with use_outbox():
        outer = get_dispatcher()
        assert isinstance(outer, InlineDispatcher)
        with use_gateway():
            assert isinstance(get_dispatcher(), InlineDispatcher)
        assert get_dispatcher() is outer
    assert get_dispatcher() is before


def test_inline__messages_that_are_due__are_submitted_and_later_ones_stay(broker: FakeBroker) -> None:
    with use_outbox() as outbox:
        send_sms(MOBILE, "您好")
        later = send_sms(MOBILE, "再见", send_at=timezone.now() + timedelta(hours=1))
        send_bulk([("13900000001", "您好"), ("13900000002", "您好")])
        assert get_dispatcher().enqueue(later)
        assert get_dispatcher().enqueue_batch([later.pk], "notification", countdown=5)
        # A bulk is submitted by several threads.
        assert sorted(sent.mobile for sent in outbox) == [MOBILE, "13900000001", "13900000002"]
    later.refresh_from_db()
    assert later.status == "queued"
    assert broker.take() == []


def test_inline__other_tasks__are_neither_published_nor_run(broker: FakeBroker, eager: None) -> None:
    with use_outbox():
        assert not get_dispatcher().send("django_ihuyi.tasks.purge")
        heartbeats.after_sweep()
    assert broker.take() == []
    assert Heartbeat.objects.get(name="queue:").beaten_at is None
