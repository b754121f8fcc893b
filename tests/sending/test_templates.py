"""Sending by a template's name, matching whole texts, and handing templates in."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import requests
import time_machine
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from django_ihuyi import send_bulk, send_code, send_sms
from django_ihuyi.exceptions import InvalidMessage
from django_ihuyi.gateway import GatewayError, NotSent, SubmitRefused
from django_ihuyi.models import Message, Template, TemplateReview
from django_ihuyi.sending.template_registry import submit_for_review
from django_ihuyi.signals import template_reviewed
from tests.fakes import FakeBroker, FakeGateway, SubmittedCall
from tests.signal_recorder import SignalRecorder

from .template_factory import register

pytestmark = pytest.mark.django_db(transaction=True)

PARAMS = {"order": "A7", "when": "明天"}


@pytest.mark.parametrize(
    "params",
    [PARAMS, dict(reversed(PARAMS.items())), ["A7", "明天"]],
    ids=["by name", "in any order", "in the template's"],
)
def test_a_message_by_name(broker: FakeBroker, params: Any) -> None:
    register()
    message = send_sms("13800138000", template="order-shipped", params=params)
    assert (message.template, message.content, message.segments) == ("1001", "A7|明天", 1)


def test_the_whole_text_is_billed(broker: FakeBroker, use: Callable[..., None]) -> None:
    register(text="字" * 60 + "【变量】", variables=["x"])
    assert send_sms("13800138000", template="order-shipped", params={"x": "12345678"}).segments == 2
    use(MAX_LENGTH=67)
    with pytest.raises(InvalidMessage) as caught:
        send_sms("13800138000", template="order-shipped", params={"x": "12345678"})
    assert caught.value.code == 4073


WRONG: list[tuple[str, dict[str, Any], Any, int, str]] = [
    ("missing", {}, {"order": "1"}, 404, "'when'"),
    ("unknown", {}, {**PARAMS, "wen": "1"}, 40722, "'wen'"),
    ("misspelt", {}, {"order": "1", "wen": "1"}, 40722, "'order', 'when'"),
    ("too many", {}, ["1", "2", "3"], 40722, "3 were given"),
    ("too few", {}, "1", 404, "'when'"),
    ("nothing", {}, None, 404, "'order', 'when'"),
    ("empty", {}, {**PARAMS, "when": " "}, 404, "'when'"),
    ("too long", {}, {**PARAMS, "when": "123456789"}, 40722, "'when'"),
    ("separator", {}, {**PARAMS, "when": "a|b"}, 40722, "'when'"),
    ("emoji", {}, {**PARAMS, "when": "😀"}, 4074, "'when'"),
    ("bracket", {}, {**PARAMS, "when": "【x】"}, 4070, "'when'"),
    ("no variables", {"variables": [], "text": "您好"}, None, 404, "as content"),
    ("draft", {"state": "draft", "template_id": None}, PARAMS, 4071, "draft"),
    ("in review", {"state": "in_review"}, PARAMS, 4071, "in review"),
    ("refused", {"state": "refused"}, PARAMS, 4071, "refused"),
    ("passed without an id", {"template_id": None}, PARAMS, 4071, "review"),
    ("another's name", {"name": "order-paid"}, PARAMS, 4071, "'order-shipped'"),
    ("another account's", {"account": "shop"}, PARAMS, 4071, "'default'"),
]


@pytest.mark.parametrize(
    ("values", "params", "code", "says"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG]
)
def test_what_is_refused(values: dict[str, Any], params: Any, code: int, says: str) -> None:
    register(**values)
    with pytest.raises(InvalidMessage) as caught:
        send_sms("13800138000", template="order-shipped", params=params)
    assert caught.value.code == code
    assert says in str(caught.value)
    assert not Message.objects.exists()


def test_template_1_is_open_to_all(broker: FakeBroker) -> None:
    register(name="code", text="码【变量】", variables=["code"], template_id="1", state="draft")
    assert send_sms("13800138000", template="code", params={"code": "1234"}).template == "1"


def test_a_verification_code_by_name(broker: FakeBroker, settings: Settings) -> None:
    register(name="code", text="码【变量】", variables=["code"])
    settings.IHUYI = {**settings.IHUYI, "VERIFICATION": {"PURPOSES": {"sign-up": {"TEMPLATE": "code"}}}}
    message = send_code("13800138000", "sign-up")
    assert message.template == "1001"
    assert message.content.isdigit()


@pytest.mark.parametrize("template", [1001, "1001", " 1001 "])
def test_the_gateways_id_works_as_ever(broker: FakeBroker, template: Any) -> None:
    message = send_sms("13800138000", template=template, params=["A7", "明天"])
    assert (message.template, message.content) == ("1001", "A7|明天")


def test_a_bulk_reads_a_template_once(broker: FakeBroker, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    register()
    rows = [(f"138{number:08}", {"order": number, "when": "明天"}) for number in range(40)]
    send_bulk(rows[:1], template="order-shipped")
    with django_assert_num_queries(10 + 1):  # 10: those of a bulk by the gateway's id
        result = send_bulk(rows, template="order-shipped")
    with django_assert_num_queries(10):
        send_bulk([(row[0], list(row[1].values())) for row in rows], template=1001)
    assert (result.recorded, result.refused) == (40, [])
    refused = send_bulk([("13800138000", {"order": 1})], template="order-shipped").refused
    assert [(one.index, one.code) for one in refused] == [(0, 404)]


TEXT = "您的订单A7已发货，明天送达。"


@pytest.mark.parametrize("matching", ["off", "warn", "refuse"])
@pytest.mark.parametrize("content", [TEXT, TEXT.replace("，", ",")], ids=["fits", "fits not"])
@pytest.mark.parametrize("registered", [True, False])
def test_whole_texts_are_matched(
    matching: str,
    content: str,
    registered: bool,
    broker: FakeBroker,
    use: Callable[..., None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    use(TEMPLATE_MATCHING=matching)
    # What is in review, or another account's, counts for nothing.
    register(name="other", account="shop", text="【变量】")
    register(name="new", state="in_review", template_id="1002", text="【变量】")
    if registered:
        register()
    suspicious = registered and content != TEXT
    if suspicious and matching == "refuse":
        with pytest.raises(InvalidMessage, match="none of the 1 approved") as caught:
            send_sms("13800138000", content)
        assert caught.value.code == 4072
        assert content not in str(caught.value)
    else:
        with caplog.at_level(logging.WARNING, "django_ihuyi"):
            assert send_sms("13800138000", f"【互亿无线】{content}").content == content
        assert ("4072" in caplog.text) is (suspicious and matching == "warn")
        assert content not in caplog.text


def test_a_bulk_reads_the_approved_templates_once_in_ten_seconds(
    broker: FakeBroker, use: Callable[..., None], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    use(TEMPLATE_MATCHING="refuse")
    register()
    rows = [(f"138{number:08}", TEXT.replace("A7", str(number))) for number in range(40)]
    with django_assert_num_queries(10 + 1):
        assert send_bulk(rows).recorded == 40
    with time_machine.travel(timezone.now()) as clock:

        def slowly() -> Any:
            yield rows[0]
            Template.objects.update(state="refused")
            yield rows[1]
            clock.shift(timedelta(seconds=11))
            Template.objects.update(text="您好", state="passed")
            yield rows[2]

        result = send_bulk(slowly(), batch_size=1)
    assert [(one.index, one.code) for one in result.refused] == [(2, 4072)]


def draft(**values: Any) -> Template:
    return register(**{"template_id": None, "state": "draft", **values})


def test_handing_in(wire: FakeGateway, heard: SignalRecorder) -> None:
    heard.listen(template_reviewed)
    template = draft(error="before")
    wire.answer({"code": 2, "msg": "提交成功", "templateid": "1001"})
    assert submit_for_review(template)
    template.refresh_from_db()
    assert (template.state, template.template_id, template.error) == ("in_review", "1001", "")
    assert template.submitted_at is not None
    assert wire.forms[0]["content"] == template.text
    assert not submit_for_review(template)
    assert len(wire.forms) == 1
    assert heard[template_reviewed] == []


@pytest.mark.parametrize("state", ["draft", "refused"])
@pytest.mark.parametrize(
    ("answer", "raises", "msg", "error"),
    [
        ({"code": 407, "msg": "短信内容含有敏感字符"}, SubmitRefused, "短信内容含有敏感字符", "code 407"),
        (requests.exceptions.ConnectTimeout(), NotSent, "", "reached"),
    ],
    ids=["refused", "not sent"],
)
def test_what_the_gateway_has_not_taken_stays_what_it_was(
    wire: FakeGateway, state: str, answer: Any, raises: type[GatewayError], msg: str, error: str
) -> None:
    template = draft(state=state)
    wire.answer(answer)
    with pytest.raises(raises):
        submit_for_review(template)
    template.refresh_from_db()
    assert (template.state, template.template_id, template.msg) == (state, None, msg)
    assert error in template.error


def test_no_answer_is_not_handed_in_twice_and_an_id_by_hand_settles_it(
    wire: FakeGateway, heard: SignalRecorder
) -> None:
    heard.listen(template_reviewed)
    template = draft()
    wire.answer(SubmittedCall((500, b"")))
    assert submit_for_review(template)
    template.refresh_from_db()
    assert template.lacks_id
    assert not submit_for_review(template)
    TemplateReview.objects.receive(TemplateReview(templateid="1001", code=2, msg="审核通过"))
    assert heard[template_reviewed] == []
    assert template.settle("1001")
    assert not template.settle("1002")
    template.refresh_from_db()
    assert (template.state, template.template_id, template.msg) == ("passed", "1001", "审核通过")
    assert [event["template"].pk for event in heard[template_reviewed]] == [template.pk]


def test_a_review_that_comes_before_the_answer(wire: FakeGateway, heard: SignalRecorder) -> None:
    heard.listen(template_reviewed)
    wire.answer({"code": 2, "msg": "", "templateid": 1001})

    def review(_form: dict[str, str]) -> None:
        TemplateReview.objects.receive(TemplateReview(templateid="1001", code=0, msg="含有广告"))

    wire.when_taken = review
    template = draft()
    submit_for_review(template)
    assert (template.state, template.msg) == ("refused", "含有广告")
    assert TemplateReview.objects.get().template == template
    assert len(heard[template_reviewed]) == 1


def test_an_id_that_is_another_templates_is_left_to_a_person(wire: FakeGateway) -> None:
    register("other")
    template = draft()
    wire.answer({"code": 2, "msg": "", "templateid": 1001})
    assert submit_for_review(template)
    template.refresh_from_db()
    assert template.lacks_id
    assert "another template" in template.error


def test_of_two_who_hand_in_one_does(wire: FakeGateway) -> None:
    template = draft()
    same = Template.objects.get()
    wire.answer({"code": 2, "msg": "", "templateid": 1001})
    assert [submit_for_review(template), submit_for_review(same)] == [True, False]
    assert len(wire.forms) == 1
