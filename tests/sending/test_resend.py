"""Sending a message again: as a new one, once, and only where that makes sense."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from django_ihuyi.models import Message, OptOut
from django_ihuyi.models.message_status import InvalidTransition
from django_ihuyi.sending import single
from django_ihuyi.sending.resend import may_be_duplicate, reason_against, resend

pytestmark = pytest.mark.django_db

MOBILE = "13800138000"


def make(**values: Any) -> Message:
    """A message that did not arrive."""
    return Message.objects.create(
        **{"mobile": MOBILE, "content": "您的订单已发货", "status": "undelivered", "metadata": {"order": 7}, **values}
    )


@pytest.mark.parametrize(
    ("template", "content"), [("", "您的订单已发货"), ("1", "4821"), ("27", "王|1041")], ids=["text", "one", "two"]
)
def test_the_new_message_is_like_the_old_and_linked_to_it(template: str, content: str) -> None:
    first = make(template=template, content=content, attempts=3, code=2, smsid="15870246956696820530")
    again = resend(first)
    assert (again.resend_of_id, again.status, again.attempts, again.code, again.smsid) == (
        first.pk,
        "queued",
        0,
        None,
        None,
    )
    for name in ("mobile", "content", "template", "category", "account", "segments", "metadata"):
        assert getattr(again, name) == getattr(first, name), name
    first.refresh_from_db()
    assert first.status == "undelivered"


def test_it_is_published_after_commit(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks, settings: Any
) -> None:
    first = make()
    with django_capture_on_commit_callbacks() as callbacks:
        resend(first)
    assert [callback.__module__ for callback in callbacks] == [single.__name__]


@pytest.mark.parametrize(
    ("status", "refused", "doubtful"),
    [
        ("queued", True, False),
        ("submitting", True, False),
        ("accepted", False, True),
        ("delivered", True, False),
        ("undelivered", False, False),
        ("rejected", False, False),
        ("unknown", False, True),
        ("expired", False, False),
        ("cancelled", False, False),
    ],
)
def test_statuses(status: str, refused: bool, doubtful: bool) -> None:
    message = make(status=status)
    assert (reason_against(message) is not None) is refused
    assert may_be_duplicate(message) is doubtful
    if refused:
        with pytest.raises(InvalidTransition):
            resend(message)
    else:
        resend(message)
    assert Message.objects.count() == (1 if refused else 2)


def test_the_status_is_that_of_the_row_and_not_of_what_was_read() -> None:
    message = make(status="unknown")
    Message.objects.update(status="delivered")
    with pytest.raises(InvalidTransition) as caught:
        resend(message)
    assert str(caught.value.reason) == "It was delivered."
    assert Message.objects.count() == 1


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"category": "verification"}, "The code of a verification text is kept nowhere"),
        ({"account": "gone"}, "Its account is not in the settings any more."),
        ({"category": "marketing"}, "The number opted out of marketing texts."),
        ({"content": ""}, "The text is empty."),
        ({"mobile": "a hash"}, "The number is no mobile number that this kind of account reaches."),
    ],
    ids=["verification", "account", "opted out", "erased text", "erased number"],
)
def test_what_cannot_be_sent_is_refused_in_words_for_staff(values: dict[str, str], reason: str) -> None:
    OptOut.objects.create(mobile=MOBILE)
    message = make(**values)
    with pytest.raises(InvalidTransition) as caught:
        resend(message)
    assert str(caught.value.reason).startswith(reason)
    assert Message.objects.count() == 1


def test_a_message_is_sent_again_once_and_then_the_next_of_the_chain() -> None:
    first = make()
    second = resend(first)
    with pytest.raises(InvalidTransition) as caught:
        resend(first)
    assert "sent again before" in str(caught.value.reason)
    Message.objects.filter(pk=second.pk).update(status="undelivered")
    assert resend(second).resend_of_id == second.pk
    assert Message.objects.count() == 3


def test_a_message_that_is_gone_is_said_to_be() -> None:
    message = make()
    Message.objects.all().delete()
    with pytest.raises(InvalidTransition) as caught:
        resend(message)
    assert "not there any more" in str(caught.value.reason)
