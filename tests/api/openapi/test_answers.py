"""What is answered has the shape that the document gives it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings

from django_ihuyi.api.openapi.generator import document
from django_ihuyi.api.openapi.operations import OPERATIONS
from django_ihuyi.models import BalanceReading, Batch, Message, OptOut, Reply, Template
from django_ihuyi.testing import Outbox, latest_code
from tests.api.conftest import MOBILE, Caller
from tests.dashboard.conftest import NOW, count, make_code, make_delivered, make_message

from .test_document import validator

pytestmark = pytest.mark.django_db

WANTED = {"mobile": MOBILE, "purpose": "sign-up"}
CALLS: list[tuple[str, str, dict[str, Any] | None]] = [
    ("GET", "messages/", None),
    ("POST", "messages/", {"mobile": MOBILE, "content": "您好", "metadata": {"order": 7}}),
    ("GET", "messages/{message}/", None),
    ("POST", "messages/{message}/cancel/", None),
    ("POST", "messages/bulk/", {"content": "您好", "messages": [{"mobile": MOBILE}, {"mobile": "010"}]}),
    ("GET", "batches/{batch}/", None),
    ("GET", "replies/", None),
    ("GET", "optouts/", None),
    ("POST", "optouts/", {"mobile": "13712345679"}),
    ("POST", "optouts/", {"mobile": MOBILE}),
    ("DELETE", "optouts/{opt_out}/", None),
    ("POST", "verifications/", WANTED),
    ("POST", "verifications/check/", {**WANTED, "code": "000000"}),
    ("GET", "templates/", None),
    ("GET", "templates/{template}/", None),
    ("GET", "balance/", None),
    ("GET", "stats/?range=7d", None),
    ("GET", "stats/?from=2026-03-04&to=2026-03-05", None),
]
WRONG: list[tuple[str, str, Any]] = [
    ("GET", "messages/?limit=0", None),
    ("GET", "messages/999999999/", None),
    ("POST", "messages/", {"mobile": "1", "content": "您好"}),
    ("POST", "messages/", {}),
    ("POST", "messages/", b"{"),
    ("POST", "optouts/", []),
    ("POST", "messages/bulk/", {"messages": [7]}),
    ("GET", "stats/?range=1y", None),
]


@pytest.fixture
def rows(settings: Settings) -> dict[str, int]:
    """One of everything, with as many fields filled as there can be."""
    account = {**settings.IHUYI["ACCOUNTS"]["default"], "PRICE": 0.05}
    settings.IHUYI = {
        **settings.IHUYI,
        "ACCOUNTS": {"default": account, "idle": {**account, "ACCOUNT": "cf_idle"}},
        "BALANCE_LOW": 100,
    }
    batch = Batch.objects.create(category="notification", account="default", recorded=1, finished_at=NOW)
    make_delivered(smsid="1", receipt_code=2, receipt_msg="DELIVRD", send_at=NOW, expires_at=NOW + timedelta(hours=1))
    make_message(status=Message.Status.REJECTED, code=4085, template="1", metadata={"order": 7})
    make_code(entered_at=NOW)
    count()
    message = Message.objects.create(mobile=MOBILE, content="您好", batch=batch)
    Reply.objects.receive(Reply(mobile=MOBILE, content="好的", reply_time=timezone.now()))
    BalanceReading.objects.create(account="default", remaining=99)
    fields = {"state": "passed", "template_id": "77", "variables": ["number"], "reviewed_at": NOW, "submitted_at": NOW}
    template = Template.objects.create(name="order-shipped", text="您的订单【变量】已发货。", **fields)
    return {
        "message": message.pk,
        "batch": batch.pk,
        "opt_out": OptOut.objects.create(mobile=MOBILE, reason="TD").pk,
        "template": template.pk,
    }


def judge(answer: Any, verb: str, path: str) -> None:
    """Hold an answer against the document."""
    made = document()
    described = made["paths"]["/" + path.partition("?")[0]][verb.lower()]["responses"][str(answer.status_code)]
    if "content" not in described:
        assert not answer.content
        return
    schema = described["content"][answer["Content-Type"]]["schema"]
    validator(made, schema).validate(answer.json())
    name = schema["$ref"].rpartition("/")[2]
    assert answer.json().keys() <= made["components"]["schemas"][name]["properties"].keys()
    for header in described.get("headers", {}):
        assert header in answer


def template_of(path: str, rows: dict[str, int]) -> str:
    """The path as the document has it."""
    for name in rows:
        path = path.replace(f"{{{name}}}", "{id}")
    return path.replace("999999999", "{id}")


@pytest.mark.parametrize("permission", ["", "view_unmasked"])
@pytest.mark.parametrize(("verb", "path", "body"), CALLS, ids=[f"{verb} {path}" for verb, path, _body in CALLS])
@pytest.mark.usefixtures("ihuyi_outbox")
def test_what_is_answered(
    caller: Caller, rows: dict[str, int], verb: str, path: str, body: dict[str, Any] | None, permission: str
) -> None:
    caller.allow(permission)
    with time_machine.travel(NOW, tick=False):
        answer = caller.call(verb, path.format(**rows), body)
    assert answer.status_code < 300
    judge(answer, verb, template_of(path, rows))


def test_all_of_it_is_tried() -> None:
    tried = {
        (verb, template_of(path.partition("?")[0], dict.fromkeys(("message", "batch", "opt_out", "template"), 0)))
        for verb, path, _body in CALLS
    }
    assert len(tried) == len(OPERATIONS)


@pytest.mark.parametrize(("verb", "path", "body"), WRONG)
def test_what_is_answered_when_something_is_wrong(caller: Caller, verb: str, path: str, body: Any) -> None:
    answer = caller.call(verb, path, body)
    assert answer.status_code >= 400
    judge(answer, verb, template_of(path, {}))


def test_a_limit_of_codes(caller: Caller, ihuyi_outbox: Outbox) -> None:
    for status in (202, 429):
        answer = caller.post("verifications/", WANTED)
        assert answer.status_code == status
        judge(answer, "POST", "verifications/")
    assert len(ihuyi_outbox) == 1
    assert caller.post("verifications/check/", {**WANTED, "code": latest_code(MOBILE)}).json() == {"right": True}
