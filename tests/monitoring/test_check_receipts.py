"""``ihuyi_check``: receipts that cannot arrive, because no push has a token."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytest_django import Settings

from tests.monitoring.helpers import accepted, run

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("made", "product", "status", "said"),
    [
        (lambda: None, "sms", 1, "receipts cannot arrive: PUSH_TOKENS is empty. Write a token"),
        (accepted(10, 2, last_receipt=1), "sms", 1, "receipts cannot arrive"),
        (accepted(10, 2), "sms", 2, "receipts cannot arrive"),
        (lambda: None, "voice", 0, "none is awaited"),
    ],
    ids=["nothing sent", "they came before", "they are missed", "no account has any"],
)
def test_no_receipt_can_arrive_without_a_token(
    made: Callable[[], None], product: str, status: int, said: str, settings: Settings
) -> None:
    account = {**settings.IHUYI["ACCOUNTS"]["default"], "PRODUCT": product}
    settings.IHUYI = {"ACCOUNTS": {"default": account}}
    made()
    ended, text = run("--only", "receipts")
    assert ended == status, text
    assert said in text


def test_a_site_that_silenced_the_check_is_not_told_again(settings: Settings) -> None:
    settings.IHUYI = {**settings.IHUYI, "PUSH_TOKENS": []}
    settings.SILENCED_SYSTEM_CHECKS = ["django_ihuyi.W001"]
    status, text = run("--only", "receipts", "--only", "settings")
    assert status == 0, text
    accepted(10, 2)()
    assert run("--only", "receipts")[0] == 2
