"""The page of webhooks: its snippets verify what is signed, its events, permissions and figures are the code's."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import Permission

from django_ihuyi.conf import problems as setting_problems
from django_ihuyi.models import Message
from django_ihuyi.webhooks import payload, signatures
from django_ihuyi.webhooks.conf import WebhookSettings
from django_ihuyi.webhooks.models import WebhookDelivery, WebhookEndpoint
from django_ihuyi.webhooks.models.endpoint import PING, WebhookEvent
from tests.features import our_labels

from .markdown_reader import blocks, code_in, read, tables

PAGE = "docs/webhooks.md"
SECRET, OLD = signatures.secret_of(b"n" * 32), signatures.secret_of(b"o" * 32)
BODY = '{"type":"ping","words":"您好"}'.encode()


@dataclass(frozen=True)
class Case:
    """A request as a receiver gets it, made when the test runs: it gets old."""

    said: str
    secret: str = SECRET
    keys: tuple[str, ...] = (OLD, SECRET)
    age: int = 0
    more: bytes = b""
    event_id: str = "evt_1"

    @property
    def headers(self) -> dict[str, str]:
        signed = signatures.sign(self.keys, "evt_1", int(time.time()) - self.age, BODY)
        return {**signed, "webhook-id": self.event_id}


CASES = pytest.mark.parametrize(
    "case",
    [
        Case("evt_1"),
        Case("evt_1", secret=OLD),
        Case("too old", age=400),
        Case("no signature fits", keys=(OLD,)),
        Case("no signature fits", more=b" "),
        Case("no signature fits", event_id="evt_2"),
    ],
    ids=["new secret", "old secret", "too old", "a stranger's", "body changed", "id changed"],
)


@CASES
def test_in_python(case: Case) -> None:
    names: dict[str, Any] = {}
    [_setting, code] = blocks(PAGE, "python")
    exec(code.text, names)
    try:
        found = names["verify"](case.secret, case.headers, BODY + case.more)
    except ValueError as error:
        found = str(error)
    assert found == case.said


@pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed")
@CASES
def test_in_javascript(case: Case) -> None:
    [code] = blocks(PAGE, "javascript")
    body = f"Buffer.from('{(BODY + case.more).hex()}', 'hex')"
    call = f"verify({json.dumps(case.secret)}, {json.dumps(case.headers)}, {body})"
    script = (
        f"{code.text}let said; try {{ said = {call}; }} catch (error) {{ said = error.message; }} console.log(said);"
    )
    ran = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.strip() == case.said


def test_the_setting() -> None:
    names: dict[str, Any] = {}
    exec(blocks(PAGE, "python")[0].text, names)
    webhooks = names["IHUYI"]["WEBHOOKS"]
    assert [one.text for one in setting_problems.problems({"WEBHOOKS": webhooks}) if "WEBHOOKS" in one.text] == []
    assert f"-Q {webhooks['QUEUE']} " in blocks(PAGE, "console")[0].text


def test_the_events() -> None:
    assert [code_in(row[0]) for row in tables(PAGE)[0][1:]] == [*WebhookEvent.values, PING]
    assert [code_in(row[0]) for row in tables(PAGE)[1][1:]] == [
        signatures.ID,
        signatures.TIMESTAMP,
        signatures.SIGNATURE,
    ]


@pytest.mark.django_db
def test_the_example_has_the_fields_of_an_event() -> None:
    [shown] = blocks(PAGE, "json")
    example = json.loads(shown.text)
    message = Message.objects.create(mobile="13800138000", content="您好", metadata={"order": 7})
    endpoint = WebhookEndpoint(name="shop", url="https://a.example", whole_numbers=True)
    data = dict(message.as_event().data)
    row = WebhookDelivery(endpoint=endpoint, event_id="evt_1", event=PING, message=message, data=data)
    rendered = json.loads(payload.render(row))
    assert list(rendered) == list(example)
    assert list(rendered["data"]) == list(example["data"])
    assert rendered["data"]["mobile"] == example["data"]["mobile"]
    assert rendered["timestamp"].endswith("+00:00")
    assert datetime.fromisoformat(rendered["timestamp"]) == row.created_at


@pytest.mark.django_db
def test_the_permissions() -> None:
    named = {code_in(row[0]).partition(".")[2] for row in tables(PAGE)[-1][1:]}
    known = Permission.objects.filter(
        content_type__app_label__in=our_labels(adapters=False), codename__contains="webhook"
    )
    # Endpoints are switched off and not deleted; deliveries are written by the software only.
    nobodys = {"delete_webhookendpoint", *(f"{verb}_webhookdelivery" for verb in ("add", "change", "delete"))}
    assert named == set(known.values_list("codename", flat=True)) - nobodys


def test_the_figures() -> None:
    usual = WebhookSettings()
    text = " ".join(read(PAGE).split())
    assert f"the usual {usual.max_attempts} `MAX_ATTEMPTS`" in text
    waits = [min(15 * 4**n, 8 * 3600) for n in range(usual.max_attempts - 1)]
    assert 1.5 < sum(waits) / 86400 < 2.5
    assert re.search(r"after 15 seconds and then four times as long", text)
