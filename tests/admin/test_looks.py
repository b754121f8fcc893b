"""Who looked at whole numbers and texts stands in the admin's log, and who saw masks does not."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.db.models import Model
from django.utils import timezone

from django_ihuyi.contrib.otp.models import SmsDevice
from django_ihuyi.models import Message, OptOut, Receipt, Reply
from django_ihuyi.privacy.audit import VIEWED
from django_ihuyi.verification.models import VerificationCode

from .conftest import MOBILE, StaffClient, make_code, make_device
from .urls import html, list_url, page_url

WITH_NUMBERS = [Message, Receipt, Reply, VerificationCode, OptOut, SmsDevice]


@pytest.fixture
def rows(delivered: Message) -> None:
    make_code()
    make_device()
    OptOut.objects.create(mobile=MOBILE)


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("model", WITH_NUMBERS)
@pytest.mark.parametrize(("kind", "entries"), [("whole", 1), ("superuser", 1), ("masked", 0)])
def test_a_page(model: type[Model], kind: str, entries: int, staff: StaffClient) -> None:
    client, row = staff(kind), model._default_manager.get()
    for _time in range(3):
        assert (MOBILE in html(client, page_url(row))) is bool(entries)
    looks = LogEntry.objects.filter(action_flag=VIEWED, object_id=str(row.pk))
    assert looks.count() == entries
    assert all(look.get_edited_object() == row for look in looks)
    assert not any(MOBILE in f"{look.object_repr}{look.change_message}" for look in looks)


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("model", WITH_NUMBERS)
@pytest.mark.parametrize(("kind", "entries"), [("whole", 2), ("masked", 0)])
def test_a_list(model: type[Model], kind: str, entries: int, staff: StaffClient) -> None:
    client, key = staff(kind), model._default_manager.get().pk
    for _time in range(2):
        html(client, list_url(model))
    said = [look.change_message for look in LogEntry.objects.filter(action_flag=VIEWED)]
    assert said == [f"Looked at 1 rows unmasked, {key} to {key}."] * entries


def test_an_empty_list_shows_nobody(staff: StaffClient) -> None:
    html(staff("whole"), list_url(Message))
    assert not LogEntry.objects.exists()


def test_the_next_hour_and_the_next_reader(staff: StaffClient, delivered: Message) -> None:
    first, second = staff("whole"), staff("superuser")
    for client in (first, second):
        html(client, page_url(delivered))
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        html(first, page_url(delivered))
    assert LogEntry.objects.filter(action_flag=VIEWED).count() == 3


def test_the_log_reads_well_in_the_rows_history(staff: StaffClient, delivered: Message) -> None:
    client = staff("superuser")
    html(client, page_url(delivered))
    assert "Looked at it unmasked." in html(client, page_url(delivered, "history"))
