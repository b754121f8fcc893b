"""Pages of pushes whose stored time can only be an error."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db.models import Model
from pytest_django import Settings

from django_ihuyi.models import Message, Receipt, Reply

from .conftest import StaffClient, make_receipt, make_reply
from .urls import html, list_url, page_url


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York"])
@pytest.mark.parametrize(
    "moment", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, tzinfo=UTC)], ids=["first", "last"]
)
def test_a_page__of_a_push_at_the_end_of_time__shows_no_time(
    staff: StaffClient, delivered: Message, settings: Settings, moment: datetime, zone: str
) -> None:
    settings.TIME_ZONE = zone
    rows: list[Model] = [make_receipt(delivered, report_time=moment), make_reply(delivered, reply_time=moment)]
    client = staff("whole")
    urls = [list_url(Receipt), list_url(Reply), page_url(delivered), *map(page_url, rows)]
    for url in urls:
        page = html(client, url)
        assert "9999-" not in page
        assert "0001-" not in page
