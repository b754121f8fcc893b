"""A text abroad until its receipt, and a code by a call until it is entered, between real processes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import requests

from .processes import Stack, manage, new_mobile, wait_for

pytestmark = pytest.mark.e2e

ABROAD, UNREACHABLE = "+14155550123", "+12025550111"
_SEND = """
from django_ihuyi import send_code, send_sms
from django_ihuyi.exceptions import InvalidMessage

for mobile in ("001 415 555 0123", {unreachable!r}):
    send_sms(mobile, "Your order is on its way.", category="marketing", account="abroad")
send_code({mobile!r}, "log-in", account="voice")
for mobile, account in (({mobile!r}, "abroad"), ({unreachable!r}, "default"), ({unreachable!r}, "voice")):
    try:
        send_code(mobile, "wrong", account=account)
    except InvalidMessage as error:
        assert error.code == 406
    else:
        raise AssertionError(account)
"""
_VERIFY = """
from django_ihuyi import verify_code

assert not verify_code({mobile!r}, "wrong", {code!r})
assert verify_code({mobile!r}, "log-in", {code!r})
assert not verify_code({mobile!r}, "log-in", {code!r})
"""


def _shell(stack: Stack, code: str) -> None:
    manage(stack.environment, "shell", "--no-imports", "--command", code)


def _rows(stack: Stack, query: str) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(stack.folder / "site.sqlite3")) as database:
        return database.execute(query).fetchall()


def test_abroad_until_delivered_and_a_call_until_entered(tmp_path: Path) -> None:
    mobile = new_mobile()
    stack = Stack(tmp_path / "data", DJANGO_SETTINGS_MODULE="tests.e2e.products_settings")
    try:
        stack.start()
        _shell(stack, _SEND.format(mobile=mobile, unreachable=UNREACHABLE))
        _enter_the_code(stack, mobile)
        statuses = {(ABROAD, "delivered"), (UNREACHABLE, "undelivered"), (mobile, "accepted")}
        query = "SELECT mobile, status FROM django_ihuyi_message"
        wait_for(lambda: set(_rows(stack, query)) == statuses, "the receipts from abroad")
        _opt_out(stack)
    finally:
        stack.stop()
    assert stack.found_secrets() == []


def _enter_the_code(stack: Stack, mobile: str) -> None:
    [call] = wait_for(lambda: stack.texts(mobile), "the call")
    code = call["text"]
    assert (call["product"], len(code), code.isdigit()) == ("voice", 6, True)
    stack.secrets[code] = "code"
    _shell(stack, _VERIFY.format(mobile=mobile, code=code))
    [(kept,)] = _rows(stack, f"SELECT content FROM django_ihuyi_message WHERE mobile = '{mobile}'")
    assert code not in kept


def _opt_out(stack: Stack) -> None:
    """Answer from abroad, and see it taken for the number abroad, and the message that it answers."""
    answer = requests.post(f"{stack.sandbox_url}/sandbox/reply", json={"mobile": ABROAD, "content": "TD"}, timeout=10)
    assert answer.status_code == 200
    query = "SELECT o.mobile FROM django_ihuyi_optout o JOIN django_ihuyi_reply r ON r.id = o.reply_id "
    wait_for(lambda: _rows(stack, f"{query} WHERE r.message_id IS NOT NULL") == [(ABROAD,)], "the opt-out")
