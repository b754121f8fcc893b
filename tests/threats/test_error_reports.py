"""What Django's error report shows of a call that fails in the middle: where, and nobody's number, text or code."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partial
from types import SimpleNamespace, TracebackType
from typing import Any

import pytest
from allauth.account.adapter import get_adapter
from django.contrib.auth import get_user_model
from django.db import DatabaseError, connection
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.utils import timezone
from django.views.debug import ExceptionReporter
from pytest_django import Settings

from django_ihuyi import offer_code, send_bulk, send_code, send_sms, verify_code
from django_ihuyi.contrib.auth import CodeBackend
from django_ihuyi.contrib.otp.models import SmsDevice
from django_ihuyi.contrib.two_factor import Gateway
from django_ihuyi.models import Message
from django_ihuyi.privacy.erasure import ErasureFailedError, erase
from django_ihuyi.sending.preview import preview_message
from django_ihuyi.sending.resend import resend
from django_ihuyi.verification.codes import mark_entered, send_external_code
from django_ihuyi.verification.models import VerificationCode
from django_ihuyi.worker import batch_submission, submission
from tests.api.conftest import Caller, open_api
from tests.pushes.push_client import REPLY, push
from tests.verification.pages import OpenForm

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]

MOBILE = "13800138000"
TEXT = "王小明您好，您的订单已发货"
TYPED = "577078"
NONCE = "0" * 32
PURPOSE = "open"

Break = Callable[[str, str], AbstractContextManager[None]]


class BrokenError(DatabaseError):
    """The database fails in the middle."""


class FailingClient:
    """A client of a site's own, which fails after the message may have gone out."""

    longest_call = 1.0

    def __init__(self, *arguments: object, **keywords: object) -> None:
        pass

    def submit(self, mobile: str, content: str, template: object = None) -> None:
        raise BrokenError


@pytest.fixture
def break_at(monkeypatch: pytest.MonkeyPatch) -> Break:
    """Lets a kind of statement on a table fail in Django's own frames, which have its parameters."""
    monkeypatch.setattr(secrets, "token_hex", lambda _bytes: NONCE)

    def fail(verb: str, table: str) -> AbstractContextManager[None]:
        def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            if sql.startswith(verb) and table in sql:
                raise BrokenError("disk full")
            return execute(sql, params, many, context)

        return connection.execute_wrapper(refuse)

    return fail


def shown(error: BaseException, traceback: TracebackType | None, request: HttpRequest | None = None) -> set[str]:
    """Which secrets the report shows."""
    reporter = ExceptionReporter(request, type(error), error, traceback)
    text = reporter.get_traceback_html() + reporter.get_traceback_text()
    assert "BrokenError" in text
    code = VerificationCode(mobile=MOBILE, purpose=PURPOSE, nonce=NONCE, length=6).derive()
    return {secret for secret in (MOBILE, TEXT, TYPED, code) if secret in text}


def form() -> OpenForm:
    data = {"mobile": MOBILE, "code": TYPED, "password": "tea-and-cake-9"}
    return OpenForm(data, request=RequestFactory().post("/"))


def device() -> SmsDevice:
    return SmsDevice(mobile=MOBILE)


HOST_DEVICE = SimpleNamespace(number=SimpleNamespace(as_e164=f"+86{MOBILE}"))
NEW = ("INSERT", "django_ihuyi_message")
TRIED = ("UPDATE", "ihuyi_verification_verificationcode")
CALLS: list[tuple[str, Callable[[], object], tuple[str, str]]] = [
    ("send_code", partial(send_code, MOBILE, PURPOSE), NEW),
    ("offer_code", partial(offer_code, MOBILE, PURPOSE, known=False), NEW),
    ("send_external_code", partial(send_external_code, MOBILE, PURPOSE, TYPED), NEW),
    ("verify_code", partial(verify_code, MOBILE, PURPOSE, TYPED), TRIED),
    ("mark_entered", partial(mark_entered, MOBILE, PURPOSE), TRIED),
    ("a form sends", lambda: form().send_code(), NEW),
    ("a form checks", lambda: form().is_valid(), TRIED),
    ("send_sms", partial(send_sms, MOBILE, TEXT), NEW),
    ("send_bulk", partial(send_bulk, [(MOBILE, TEXT)]), NEW),
    ("a trial", partial(preview_message, MOBILE, TEXT, account="default"), ("SELECT", "django_ihuyi_template")),
    ("erase", partial(erase, MOBILE), ("UPDATE", "django_ihuyi_message")),
    ("allauth", lambda: get_adapter().send_verification_code_sms(None, MOBILE, TYPED), NEW),
    ("log-in by code", partial(CodeBackend().authenticate, None, MOBILE, TYPED), TRIED),
    ("two-factor", lambda: Gateway().send_sms(HOST_DEVICE, TYPED), NEW),
    ("otp", lambda: device().generate_challenge(), NEW),
]


@pytest.mark.parametrize(("call", "where"), [row[1:] for row in CALLS], ids=[row[0] for row in CALLS])
def test_a_call_that_fails_shows_nothing_of_people(
    break_at: Break, settings: Settings, call: Callable[[], object], where: tuple[str, str]
) -> None:
    settings.ACCOUNT_ADAPTER = "tests.contrib.adapter.Adapter"
    later = timezone.now() + timedelta(seconds=60)
    for purpose in (PURPOSE, CodeBackend.purpose):
        VerificationCode.objects.create(mobile=MOBILE, purpose=purpose, nonce=NONCE, length=6, expires_at=later)
    Message.objects.create(mobile=MOBILE, content=TEXT, status="unknown")
    with break_at(*where), pytest.raises((BrokenError, ErasureFailedError)) as caught:
        call()
    # Without the frame of this test, and of what it calls here.
    traceback = caught.tb.tb_next
    while traceback is not None and traceback.tb_frame.f_code.co_filename == __file__:
        traceback = traceback.tb_next
    assert shown(caught.value, traceback) == set()


def test_a_message_that_is_sent_again_shows_nothing_of_people(break_at: Break) -> None:
    message = Message.objects.create(mobile=MOBILE, content=TEXT, status="unknown")
    with break_at(*NEW), pytest.raises(BrokenError) as caught:
        resend(message)
    assert shown(caught.value, caught.tb.tb_next) == set()


@pytest.mark.parametrize(
    "submit", [submission.submit, lambda pk: batch_submission.submit_batch([pk])], ids=["one", "many"]
)
def test_a_client_of_the_sites_own_that_fails_shows_nothing_of_people(
    settings: Settings, submit: Callable[[int], None]
) -> None:
    default = {**settings.IHUYI["ACCOUNTS"]["default"], "CLIENT": f"{__name__}.FailingClient"}
    settings.IHUYI = {**settings.IHUYI, "ACCOUNTS": {"default": default}}
    with pytest.raises(BrokenError) as caught:
        submit(Message.objects.create(mobile=MOBILE, content=TEXT).pk)
    assert shown(caught.value, caught.tb) == set()


def logged(caplog: pytest.LogCaptureFixture) -> tuple[BaseException, TracebackType | None]:
    [(_type, error, traceback)] = [record.exc_info for record in caplog.records if record.exc_info]
    assert isinstance(error, BrokenError)
    return error, traceback


def test_a_push_that_fails_shows_nothing_of_people(
    break_at: Break, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    client.raise_request_exception = False
    with break_at("INSERT", "django_ihuyi_reply"):
        answer = push(client, "reply", {**REPLY, "content": TEXT})
    assert answer.status_code == 500
    assert shown(*logged(caplog), answer.wsgi_request) == set()


def test_a_request_to_the_api_that_fails_shows_nothing_of_people(
    break_at: Break, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    open_api(settings)
    caller = Caller("add_message")
    caller.client.raise_request_exception = False
    with break_at(*NEW):
        answer = caller.post("messages/", {"mobile": MOBILE, "content": TEXT})
    assert answer.status_code == 500
    assert shown(*logged(caplog), answer.wsgi_request) == set()


def test_a_welcome_text_that_fails_shows_nothing_of_people(
    break_at: Break, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.IHUYI = {**settings.IHUYI, "REGISTRATION": {"MOBILE": "username", "CONTENT": lambda _user: TEXT}}
    with break_at(*NEW):
        get_user_model().objects.create_user(MOBILE)
    assert shown(*logged(caplog)) == set()
