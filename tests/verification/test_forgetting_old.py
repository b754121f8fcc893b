"""Old codes and limits are deleted, in batches, and nothing that is in use."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from django_ihuyi import maintenance, send_code
from django_ihuyi.exceptions import CodeThrottled
from django_ihuyi.models import Message
from django_ihuyi.verification.cleanup import delete_expired
from django_ihuyi.verification.models import CodeQuota, Suspicion, VerificationCode

from .code_text import MOBILE, PURPOSE
from .conftest import Configure

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]


def counts() -> tuple[int, int, int]:
    return VerificationCode.objects.count(), CodeQuota.objects.count(), Suspicion.objects.count()


def test_each_in_its_time(configure: Configure) -> None:
    configure(KEEP_DAYS=7)
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        message = send_code(MOBILE, PURPOSE, ip="203.0.113.7")
        Suspicion.objects.suspect("site", sent=9, entered=0, now=start)
        assert counts() == (1, 4, 1)
        for days, left in ((1.9, (1, 4, 1)), (2.1, (1, 0, 1)), (6.9, (1, 0, 1)), (7.1, (0, 0, 0))):
            clock.move_to(start + timedelta(days=days))
            maintenance.sweep()
            maintenance.sweep()
            assert counts() == left, days
    assert Message.objects.get() == message


def test_a_suspicion_that_stands_is_kept(configure: Configure) -> None:
    now = timezone.now()
    Suspicion.objects.create(subject="site", since=now, seen_at=now - timedelta(days=99))
    assert delete_expired(now, most=10) == (0, False)


def test_in_batches() -> None:
    old = timezone.now() - timedelta(days=99)
    CodeQuota.objects.bulk_create(CodeQuota(subject=f"number:{index}", used_at=old) for index in range(7))
    assert delete_expired(timezone.now(), most=3) == (3, True)
    assert maintenance.sweep(batch=3)["forgotten"] == 4


def test_what_was_forgotten_did_not_count_any_more() -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        for _ in range(5):
            send_code(MOBILE, PURPOSE)
            clock.shift(61)
        delete_expired(timezone.now(), most=100)
        with pytest.raises(CodeThrottled):
            send_code(MOBILE, PURPOSE)
