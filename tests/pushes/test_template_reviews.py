"""Template reviews: kept each once, applied in the order in which they come, told of once per change."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_ihuyi.models import Template, TemplateReview
from django_ihuyi.signals import template_reviewed
from tests.concurrency import run_concurrently
from tests.pushes.push_client import REVIEW, TOKEN, push
from tests.sending.template_factory import register
from tests.signal_recorder import SignalRecorder

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def template() -> Template:
    return register(state="in_review")


@pytest.mark.parametrize(("code", "state"), [("2", "passed"), ("0", "refused"), ("7", "in_review")])
def test_a_review(client: Client, template: Template, heard: SignalRecorder, code: str, state: str) -> None:
    heard.listen(template_reviewed)
    for _ in range(3):
        answer = push(client, "template", {**REVIEW, "code": code})
        assert (answer.status_code, answer.content) == (200, b"success")
    template.refresh_from_db()
    known = state != "in_review"
    assert (template.state, template.msg, template.reviewed_at is not None) == (
        state,
        "审核通过" if known else "",
        known,
    )
    assert [event["template"].pk for event in heard[template_reviewed]] == [template.pk] * known
    assert TemplateReview.objects.get().template == template


def test_whoever_comes_last_decides_but_a_repeat_is_nobody_new(
    client: Client, template: Template, heard: SignalRecorder
) -> None:
    heard.listen(template_reviewed)
    refused = {**REVIEW, "code": "0", "msg": "含有广告"}
    states = []
    with time_machine.travel(timezone.now()) as clock:
        # A late repeat of "passed" does not undo the refusal; the same word an hour later is a new decision.
        for fields, minutes in [(REVIEW, 0), (refused, 1), (REVIEW, 2), (REVIEW, 60)]:
            clock.shift(timedelta(minutes=minutes))
            assert push(client, "template", fields).content == b"success"
            template.refresh_from_db()
            states.append(template.state)
    assert states == ["passed", "refused", "refused", "passed"]
    assert TemplateReview.objects.count() == len(heard[template_reviewed]) == 3


def test_a_review_of_nobodys_template_is_kept(client: Client, heard: SignalRecorder) -> None:
    heard.listen(template_reviewed)
    assert push(client, "template", REVIEW).content == b"success"
    review = TemplateReview.objects.get()
    assert (review.templateid, review.code, review.msg, review.template) == ("1001", 2, "审核通过", None)
    assert heard[template_reviewed] == []


def test_a_repeat_tells_the_template_what_a_killed_process_did_not(client: Client, template: Template) -> None:
    TemplateReview.objects.create(templateid="1001", code=2, msg="审核通过", fingerprint="kept, and then killed")
    push(client, "template", REVIEW)
    template.refresh_from_db()
    assert template.state == "passed"
    assert TemplateReview.objects.count() == 1


def test_a_review_of_an_edited_text_is_not_the_new_ones(client: Client, template: Template) -> None:
    Template.objects.update(state="draft", template_id=None)
    push(client, "template", REVIEW)
    template.refresh_from_db()
    assert template.state == "draft"


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({**REVIEW, "code": "passed"}, "code"),
        ({**REVIEW, "templateid": " "}, "templateid"),
        ({"code": "2"}, "templateid"),
        ({"templateid": "1001"}, "code"),
        ("", "code"),
    ],
    ids=["code", "blank id", "no id", "no code", "nothing"],
)
def test_a_malformed_review(client: Client, caplog: pytest.LogCaptureFixture, fields: Any, named: str) -> None:
    answer = push(client, "template", fields)
    assert answer.status_code == 400
    assert named in answer.content.decode()
    assert "TemplatePush was not understood" in caplog.text
    assert "passed" not in caplog.text
    assert not TemplateReview.objects.exists()


def test_without_a_last_slash_and_in_few_queries(client: Client, template: Template) -> None:
    with CaptureQueriesContext(connection) as queries:
        answer = client.post(f"/ihuyi/push/{TOKEN}/template", REVIEW)
    assert answer.content == b"success"
    assert len([query for query in queries if "SAVEPOINT" not in query["sql"]]) <= 10


def test_two_equal_ones_at_the_same_moment_are_one(template: Template, heard: SignalRecorder) -> None:
    heard.listen(template_reviewed)

    def receive() -> bool:
        return TemplateReview.objects.receive(TemplateReview(templateid="1001", code=2, msg="审核通过"))

    assert sorted(run_concurrently(receive, receive, receive)) == [False, False, True]
    assert TemplateReview.objects.count() == len(heard[template_reviewed]) == 1


def test_one_that_was_kept_between_the_look_and_the_insert(template: Template) -> None:
    review = TemplateReview(templateid="1001", code=2, msg="审核通过")
    # Kept long ago by its time, so that the look does not find it, and still the same to the constraint.
    TemplateReview.objects.create(
        templateid="1002", code=0, fingerprint=review.make_fingerprint(0), received_at="2020-01-01 00:00Z"
    )
    assert not TemplateReview.objects.receive(review)
    with pytest.raises(IntegrityError):
        TemplateReview.objects.receive(TemplateReview(templateid="1001", code=None, msg=""))  # type: ignore[misc]  # what the database refuses
