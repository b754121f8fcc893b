"""The message that pushes are about."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from django_ihuyi.models import Message
from tests.pushes.push_client import SMSID


@pytest.fixture
def message() -> Message:
    return Message.objects.create(
        mobile="13800138000", content="您好", status="accepted", smsid=SMSID, submitted_at=datetime.now(UTC)
    )
