"""The pages of devices: who gives, renames and takes away, and that nobody types over a number that is masked."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.urls import reverse

from django_ihuyi.contrib.otp.models import SmsDevice
from tests.admin.conftest import MASKED, MOBILE, StaffClient, make_device
from tests.admin.conftest import staff as staff  # noqa: PLC0414  the fixture
from tests.admin.urls import html, list_url, page_url

pytestmark = pytest.mark.django_db

ADD = reverse("admin:ihuyi_otp_smsdevice_add")
KINDS = [("view_smsdevice",), ("view_smsdevice", "view_unmasked")]


def fields(**changes: Any) -> dict[str, Any]:
    return {"name": "phone", "mobile": "139 0013 9000", "confirmed": "on", **changes}


@pytest.mark.parametrize("may", KINDS, ids=["masked", "whole"])
def test_a_device__without_its_permissions__is_neither_given_nor_changed_nor_taken(
    staff: StaffClient, may: tuple[str, ...]
) -> None:
    device = make_device()
    client = staff("only", *may)
    assert client.post(ADD, fields(user=device.user_id)).status_code == 403
    assert client.post(page_url(device), fields(name="other")).status_code == 403
    assert client.post(page_url(device, "delete"), {"post": "yes"}).status_code == 403
    client.post(list_url(SmsDevice), {"action": "delete_selected", "_selected_action": [device.pk], "post": "yes"})
    assert [(one.name, one.mobile) for one in SmsDevice.objects.all()] == [("phone", MOBILE)]


def test_a_device__given_by_staff__has_the_number_that_was_typed(staff: StaffClient) -> None:
    user = User.objects.create_user("somebody")
    client = staff("only", "view_smsdevice", "add_smsdevice")
    assert client.get(ADD).status_code == 200
    assert client.post(ADD, fields(user=user.pk)).status_code == 302
    device = SmsDevice.objects.get()
    assert (device.user, device.mobile, device.confirmed) == (user, "13900139000", True)
    assert client.post(ADD, fields(user=user.pk, mobile="12")).status_code == 200
    assert SmsDevice.objects.count() == 1
    assert not LogEntry.objects.filter(object_repr__contains="139").exists()


@pytest.mark.parametrize("may", KINDS, ids=["masked", "whole"])
def test_a_device__changed_by_staff__keeps_its_number_and_user(staff: StaffClient, may: tuple[str, ...]) -> None:
    device = make_device()
    client = staff("only", *may, "change_smsdevice")
    page = html(client, page_url(device))
    assert (MASKED in page, MOBILE in page) == (("view_unmasked" not in may), ("view_unmasked" in may))
    other = User.objects.create_user("other")
    answer = client.post(page_url(device), {"name": "tablet", "mobile": "13900139000", "user": other.pk})
    assert answer.status_code == 302
    device.refresh_from_db()
    assert (device.name, device.confirmed, device.mobile) == ("tablet", False, MOBILE)
    assert device.user != other


def test_a_device__taken_away_by_staff__shows_no_number_meanwhile(staff: StaffClient) -> None:
    device = make_device()
    client = staff("only", "view_smsdevice", "delete_smsdevice")
    assert MOBILE not in html(client, page_url(device, "delete"))
    assert client.post(page_url(device, "delete"), {"post": "yes"}).status_code == 302
    assert not SmsDevice.objects.exists()
    assert not LogEntry.objects.filter(object_repr__contains=MOBILE).exists()
