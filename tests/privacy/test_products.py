"""People abroad: erased and hashed like those at home."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from django_ihuyi.models import Message, Reply
from django_ihuyi.privacy.retention import hash_rows
from django_ihuyi.verification.models import CodeQuota, VerificationCode

ABROAD, MASKED = "+14155550123", "+14*******23"

pytestmark = pytest.mark.django_db


def test_one_person_abroad_leaves() -> None:
    message = Message.objects.create(mobile=ABROAD, content="Hello", status="delivered", account="abroad")
    Reply.objects.create(mobile=ABROAD, content="Thanks")
    later = timezone.now() + timedelta(minutes=5)
    VerificationCode.objects.create(mobile=ABROAD, purpose="x", nonce="n", length=6, expires_at=later)
    CodeQuota.objects.create(subject=f"number:{ABROAD}")
    at_home = Message.objects.create(mobile="14155550123", content="您好", status="delivered")
    call_command("ihuyi_erase", "001 (415) 555-0123", "--no-input", stdout=StringIO())
    message.refresh_from_db()
    at_home.refresh_from_db()
    assert (message.mobile, message.content) == (MASKED, "")
    assert (at_home.mobile, at_home.content) == ("14155550123", "您好")
    assert Reply.objects.get().mobile == MASKED
    assert not VerificationCode.objects.exists()
    assert not CodeQuota.objects.exists()


def test_the_longest_number_is_hashed_within_its_column() -> None:
    Message.objects.create(mobile="+882133006550123", content="Hello", status="delivered", account="abroad")
    assert hash_rows(Message.objects.all()) == 1
    row = Message.objects.get()
    assert row.mobile.startswith("+88***********23#")
    row.full_clean()
