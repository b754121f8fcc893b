"""The form and view mixins: a code is asked for on the page of the form, with and without JavaScript."""

from __future__ import annotations

import re
from typing import Any

import pytest
from captcha.models import CaptchaStore
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from django_ihuyi import send_sms
from django_ihuyi.models import Message
from django_ihuyi.tasks import submit_message
from django_ihuyi.verification.models import VerificationCode
from tests.fakes import FakeGateway

from .code_text import another, code_in
from .conftest import Configure
from .pages import KNOWN

UNKNOWN = "13900139000"
JSON = {"accept": "application/json"}
CHECK = "django_ihuyi.contrib.simple_captcha.check"
PASSWORD = "tea-and-cake-9"

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.verification.pages")]


def ask(client: Client, path: str = "/open/", mobile: str = KNOWN, **more: Any) -> Any:
    return client.post(path, {"mobile": mobile, "send_code": "1", **more}, headers=JSON)


def typed(code: str, **more: Any) -> dict[str, Any]:
    return {"mobile": KNOWN, "code": code, "password": PASSWORD, **more}


def test_a_code_is_sent_and_lets_the_form_through_once(client: Client) -> None:
    answer = ask(client, mobile="+86 138 0013 8000")
    assert answer.status_code == 200
    assert {name: answer.json()[name] for name in ("sent", "retry_after", "wrong", "settled", "captcha")} == {
        "sent": True,
        "retry_after": 60,
        "wrong": [],
        "settled": ["mobile", "code"],
        "captcha": None,
    }
    code = code_in(Message.objects.get())
    assert code not in answer.content.decode()
    assert "wrong, too old" in client.post("/open/", typed(another(code))).content.decode()
    assert client.post("/open/", typed(code)).content == b"done 13800138000"
    assert "wrong, too old" in client.post("/open/", typed(code)).content.decode()


def test_a_code_is_not_used_up_by_a_form_that_is_wrong_elsewhere(client: Client) -> None:
    ask(client)
    code = code_in(Message.objects.get())
    assert "at least 8 characters" in client.post("/open/", typed(code, password="short")).content.decode()
    assert VerificationCode.objects.get().tries == 0
    assert client.post("/open/", typed(code)).content == b"done 13800138000"


@pytest.mark.parametrize(
    ("mobile", "text"),
    [("", "This field is required."), ("021 6277 0000", "eleven digits")],
    ids=["nothing", "fixed line"],
)
def test_a_number_that_is_none_is_told_at_its_input(client: Client, mobile: str, text: str) -> None:
    answer = ask(client, mobile=mobile)
    assert (answer.status_code, answer.json()["wrong"], answer.json()["sent"]) == (400, ["mobile"], False)
    assert text in answer.json()["text"]


def test_asking_again_too_soon_says_how_long(client: Client) -> None:
    ask(client)
    answer = ask(client)
    wait = answer.json()["retry_after"]
    assert 0 < wait <= 60
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, str(wait))
    assert f"in {wait} second" in answer.json()["text"]


def test_another_limit_is_not_named(client: Client, configure: Configure) -> None:
    configure(INTERVAL=0, NUMBER_PER_DAY=1)
    ask(client)
    answer = ask(client)
    assert answer.status_code == 429
    assert answer.json()["text"] == "No code can be sent now. Please try again later."


def test_a_text_that_cannot_be_sent_is_told(client: Client, configure: Configure) -> None:
    configure(TEXT="【别家】{code}")
    answer = ask(client)
    assert (answer.status_code, answer.json()["text"]) == (400, "No code can be sent to this number.")


@pytest.mark.parametrize("captcha", [False, True], ids=["without captcha", "with captcha"])
def test_known_and_unknown_numbers_get_the_same_answers(client: Client, configure: Configure, captcha: bool) -> None:
    configure(**({"CAPTCHA": CHECK, "CAPTCHA_WHEN": "always"} if captcha else {}))
    answers: list[list[Any]] = []
    for mobile in (KNOWN, UNKNOWN):
        seen: list[Any] = []
        for _ in range(2):
            answer = ask(client, "/closed/", mobile, **(solved(client) if captcha else {}))
            words = {name: value for name, value in answer.json().items() if name not in {"captcha", "retry_after"}}
            seen += [answer.status_code, re.sub(r"\d+", "N", str(words))]
        answer = client.post("/closed/", typed("000000", mobile=mobile))
        seen.append(re.sub(rf"{mobile}|[0-9a-f]{{40}}", "N", answer.content.decode()))
        answers.append(seen)
    assert answers[0] == answers[1]
    # ... and only the known one is sent anything.
    assert [(one.mobile, one.status) for one in Message.objects.order_by("mobile")] == [
        (KNOWN, "queued"),
        (UNKNOWN, "cancelled"),
    ]


def test_a_number_that_the_gateway_refused_is_known_to_nobody(client: Client) -> None:
    for mobile in (KNOWN, "13700137000"):
        Message.objects.create(mobile=mobile, content="x", category="verification", status="rejected", code=4030)
    told = [ask(client, "/closed/", mobile) for mobile in (KNOWN, UNKNOWN)]
    assert [answer.status_code for answer in told] == [200, 200]
    assert told[0].json() == told[1].json()
    assert not Message.objects.filter(status="queued").exists()


REFUSALS = [4030, 408, 4082, 4084, 4085, 4081, 4083, 4086]


@pytest.mark.parametrize("code", REFUSALS)
@pytest.mark.parametrize("history", ["notice", "log-in code", "code of this page"])
def test_page_for_everybody__after_the_gateway_refused_a_customer__answers_as_to_a_stranger(
    client: Client, wire: FakeGateway, configure: Configure, code: int, history: str
) -> None:
    configure(INTERVAL=0)
    ask(client, "/open/", "13700137000")  # what is done once a process
    seen = []
    for mobile in (KNOWN, UNKNOWN):
        wire.answer(code)
        if history == "notice":
            # Shops send these to customers only.
            sent = [send_sms(mobile, "您好")] if mobile == KNOWN else []
        else:
            ask(client, "/closed/" if history == "log-in code" else "/open/", mobile)
            sent = list(Message.objects.filter(mobile=mobile))
        for message in sent:
            submit_message(message.pk)
        wire.forget_answers()
        with CaptureQueriesContext(connection) as queries:
            answer = ask(client, "/open/", mobile)
        told = {name: value for name, value in answer.json().items() if name != "retry_after"}
        seen.append((answer.status_code, told, len(queries)))
    assert seen[0] == seen[1]
    # Who asked here before, and was refused, is told to wait.
    assert seen[0][0] == (429 if history == "code of this page" else 200)


@pytest.mark.parametrize("code", REFUSALS)
def test_page_for_customers__after_the_gateway_refused_one__answers_as_to_a_stranger(
    client: Client, wire: FakeGateway, configure: Configure, code: int
) -> None:
    configure(INTERVAL=0)
    ask(client, "/closed/", "13700137000")
    seen = []
    for mobile in (KNOWN, UNKNOWN):
        wire.answer(code)
        ask(client, "/closed/", mobile)
        submit_message(Message.objects.get(mobile=mobile).pk)
        wire.forget_answers()
        for _ in range(2):
            with CaptureQueriesContext(connection) as queries:
                answer = ask(client, "/closed/", mobile)
            seen.append((answer.status_code, answer.json(), [query["sql"].split(" ")[0] for query in queries]))
    assert seen[:2] == seen[2:]
    assert Message.objects.filter(mobile=KNOWN, status="cancelled").count() == 2


def test_known_and_unknown_numbers_cost_the_same_work(client: Client) -> None:
    ask(client, "/open/", "13700137000")  # what is done once a process
    counts = []
    for mobile in (KNOWN, UNKNOWN):
        with CaptureQueriesContext(connection) as queries:
            ask(client, "/closed/", mobile)
            client.post("/closed/", typed("000000", mobile=mobile))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def solved(client: Client) -> dict[str, str]:
    """A captcha from the page, with its answer."""
    page = client.get("/closed/").content.decode()
    [key] = re.findall(r'name="captcha_0" value="(\w+)"', page)
    return {"captcha_0": key, "captcha_1": CaptchaStore.objects.get(hashkey=key).response}


def test_a_captcha_stands_before_the_code(client: Client, configure: Configure) -> None:
    configure(CAPTCHA=CHECK, CAPTCHA_WHEN="always")
    for without in (ask(client, "/closed/"), ask(client, "/closed/", **solved(client) | {"captcha_1": ""})):
        assert (without.status_code, without.json()["sent"]) == (403, False)
        assert without.json()["text"] == "Type what the picture shows, then ask for the code again."
    answer = solved(client)
    wrong = ask(client, "/closed/", captcha_0=answer["captcha_0"], captcha_1="nonsense")
    assert "Here is another one" in wrong.json()["text"]
    assert answer["captcha_0"] not in wrong.json()["captcha"]
    assert '<label for="id_captcha_1">' in wrong.json()["captcha"]
    assert not Message.objects.exists()
    right = solved(client)
    assert ask(client, "/closed/", **right).json()["sent"] is True
    again = ask(client, "/closed/", mobile=UNKNOWN, **right)
    assert again.status_code == 403, "a captcha is good for one code"


def test_a_captcha_is_shown_once_the_address_has_had_its_share(client: Client, configure: Configure) -> None:
    configure(CAPTCHA=CHECK, CAPTCHA_ADDRESS_AFTER=1)
    assert "captcha_0" not in client.get("/closed/").content.decode()
    assert "captcha_0" in ask(client, "/closed/").json()["captcha"]
    assert "captcha_0" in client.get("/closed/").content.decode()


def test_without_javascript_the_page_comes_back_as_it_was(client: Client) -> None:
    answer = client.post("/open/", {"mobile": "138-0013-8000", "code": "12", "password": PASSWORD, "send_code": "1"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "a code is on its way" in page
    assert 'data-ihuyi-wait="60"' in page
    assert 'value="138-0013-8000"' in page
    assert PASSWORD not in page
    assert "required" not in re.sub(r"<[^>]+>", "", page)
    assert "Accept" in answer.headers["Vary"]
    assert Message.objects.count() == 1


def test_an_error_report_would_hide_what_was_typed(client: Client) -> None:
    answer = client.post("/open/", typed("123456"))
    assert getattr(answer.wsgi_request, "sensitive_post_parameters", None) == "__ALL__"


def test_the_clients_address_counts(client: Client) -> None:
    client.post("/open/", {"mobile": KNOWN, "send_code": "1"}, headers=JSON, REMOTE_ADDR="203.0.113.7")
    assert VerificationCode.objects.get().address == "203.0.113.7"


def test_it_works_behind_a_unix_socket_too(client: Client) -> None:
    assert client.post("/open/", {"mobile": KNOWN, "send_code": "1"}, headers=JSON, REMOTE_ADDR="").status_code == 200
    assert VerificationCode.objects.get().address == ""
