"""Staff of each kind, and rows to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Protocol

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from django_ihuyi.contrib.otp.models import SmsDevice
from django_ihuyi.models import Message, Receipt, Reply
from django_ihuyi.verification.models import VerificationCode
from django_ihuyi.webhooks.models import WebhookEndpoint
from tests.features import our_labels

MOBILE = "13800138000"
MASKED = "138******00"
SMSID = "15870246956696820530"

VIEW = (
    "view_message",
    "view_receipt",
    "view_reply",
    "view_accountstate",
    "view_verificationcode",
    "view_suspicion",
    "view_batch",
    "view_optout",
    "view_smsdevice",
)
KINDS = {"none": (), "masked": VIEW, "whole": (*VIEW, "view_unmasked")}


class StaffClient(Protocol):
    """Makes a logged-in client: by kind, or with the permissions given."""

    def __call__(self, kind: str, *codenames: str) -> Client: ...


@pytest.fixture
def staff(db: None) -> StaffClient:
    """Log somebody in: ``none``, ``masked``, ``whole`` or ``superuser``, or ``only`` with permissions named."""

    def login(kind: str, *codenames: str) -> Client:
        user = User.objects.create_user(
            f"{kind}-{len(codenames)}", is_staff=True, is_superuser=kind == "superuser", password=None
        )
        wanted = KINDS.get(kind, codenames)
        user.user_permissions.set(
            Permission.objects.filter(content_type__app_label__in=our_labels(), codename__in=wanted)
        )
        # Who looked is noted with the table's content type: whether a test before has read it must not count.
        for label in our_labels():
            ContentType.objects.get_for_models(*apps.get_app_config(label).get_models())
        client = Client()
        client.force_login(user)
        return client

    return login


def make_message(**values: Any) -> Message:
    """Record a message as it might have come this far."""
    return Message.objects.create(**{"mobile": MOBILE, "content": "您的订单已发货", **values})


def make_receipt(message: Message | None = None, **values: Any) -> Receipt:
    """Record a receipt."""
    whose = {"mobile": message.mobile, "smsid": message.smsid or ""} if message else {"mobile": MOBILE}
    values.setdefault("report_time_text", f"n{Receipt.objects.count()}")
    return Receipt.objects.create(message=message, **{"code": 2, "msg": "DELIVRD", **whose, **values})


def make_reply(message: Message | None = None, **values: Any) -> Reply:
    """Record a reply."""
    whose = {"mobile": message.mobile, "smsid": message.smsid or ""} if message else {"mobile": MOBILE}
    values.setdefault("reply_time_text", f"n{Reply.objects.count()}")
    return Reply.objects.create(message=message, **{"content": "收到谢谢", **whose, **values})


def make_code(message: Message | None = None, **values: Any) -> VerificationCode:
    """Record a verification code."""
    fields = {"mobile": MOBILE, "purpose": "sign-up", "nonce": "f00d", "length": 6, "address": "203.0.113.7"}
    later = timezone.now() + timedelta(minutes=5)
    return VerificationCode.objects.create(message=message, **{**fields, "expires_at": later, **values})


def make_device(**values: Any) -> SmsDevice:
    """Record a device of somebody who is named by the number, as on many sites."""
    mobile = values.get("mobile", MOBILE)
    user, _made = User.objects.get_or_create(username=mobile)
    device: SmsDevice = SmsDevice.objects.create(**{"user": user, "name": "phone", "mobile": mobile, **values})
    return device


@pytest.fixture
def delivered(db: None) -> Message:
    """A message with everything in it, a receipt and a reply."""
    now = timezone.now()
    message = make_message(
        status=Message.Status.DELIVERED,
        code=2,
        msg="提交成功",
        smsid=SMSID,
        submitted_at=now,
        accepted_at=now,
        reported_at=now,
        receipt_code=2,
        receipt_msg="DELIVRD",
        metadata={"customer": "王小明"},
        idempotency_key=f"order-7-{MOBILE}",
        attempts=1,
    )
    make_receipt(message, report_time=now)
    make_reply(message, reply_time=now)
    return message


HoursAgo = Callable[[float], datetime]


@pytest.fixture
def hours_ago() -> HoursAgo:
    """Times in the past."""
    return lambda hours: timezone.now() - timedelta(hours=hours)


@pytest.fixture
def webhooks_on(settings: Settings) -> Iterator[None]:
    """The site has webhooks, and no process remembers endpoints of another test."""
    settings.IHUYI = {**settings.IHUYI, "WEBHOOKS": {}}
    WebhookEndpoint.objects.forget()
    yield
    WebhookEndpoint.objects.forget()
