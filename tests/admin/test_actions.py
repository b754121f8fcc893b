"""What staff may do to messages: asked first, permitted, state-checked, logged and counted."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.admin import site
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from django_ihuyi.admin import row_actions
from django_ihuyi.models import Message
from django_ihuyi.models.message_status import InvalidTransition
from django_ihuyi.privacy.audit import VIEWED

from .conftest import MASKED, MOBILE, StaffClient, make_message
from .urls import html, list_url, page_url

pytestmark = pytest.mark.django_db

ACTS = [
    ("send_again", "resend_messages", "undelivered"),
    ("cancel", "cancel_messages", "queued"),
    ("give_up", "give_up_messages", "unknown"),
]
WORDS = {"send_again": "Sent again as SMS", "cancel": "Cancelled.", "give_up": "Given up."}


def act_url(message: Message, name: str) -> str:
    """The address of doing something to one message."""
    return reverse("admin:django_ihuyi_message_act", args=[message.pk, name])


def said(answer: Any) -> list[str]:
    """What the page after next tells."""
    return [str(message) for message in get_messages(answer.wsgi_request)]


def was_done(message: Message, name: str) -> bool:
    """Whether it has happened to the message."""
    message.refresh_from_db()
    return {
        "send_again": message.resends.exists(),
        "cancel": message.status == "cancelled",
        "give_up": message.given_up_at is not None,
    }[name]


def choose(client: Client, name: str, *messages: Message, query: str = "", **more: str) -> Any:
    """Choose something to do in the list."""
    data = {"action": name, "_selected_action": [message.pk for message in messages], **more}
    return client.post(list_url(Message, query), data)


def test_a_rows_own_page_has_buttons_and_no_actions(admin_user: Any, rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = admin_user
    pages: Any = site.get_model_admin(Message)
    assert {name for name, _permission, _status in ACTS} <= set(pages.get_actions(request))
    # As Django 6.1 and newer ask for them there.
    assert pages.get_actions(request, SimpleNamespace(name="CHANGE_FORM")) == {}


@pytest.mark.parametrize(("name", "permission", "status"), ACTS)
def test_it_is_asked_and_then_done_and_logged(name: str, permission: str, status: str, staff: StaffClient) -> None:
    message = make_message(status=status)
    client = staff("only", "view_message", permission)
    page = html(client, page_url(message))
    assert f'formaction="{act_url(message, name)}"' in page
    question = client.post(act_url(message, name))
    assert question.status_code == 200
    text = question.content.decode()
    assert MASKED in text
    assert MOBILE not in text
    assert not was_done(message, name)
    answer = client.post(act_url(message, name), {"confirmed": "yes"})
    assert answer.headers["Location"] == page_url(message)
    assert was_done(message, name)
    [words] = said(answer)
    assert words.startswith("1 message is ")
    entry = LogEntry.objects.get()
    assert (entry.object_id, entry.user_id) == (str(message.pk), int(client.session["_auth_user_id"]))
    assert entry.change_message.startswith(WORDS[name])


@pytest.mark.parametrize(("name", "permission", "status"), ACTS)
@pytest.mark.parametrize("lacking", ["the permission", "the permission to view"])
def test_it_needs_its_own_permission(lacking: str, name: str, permission: str, status: str, staff: StaffClient) -> None:
    message = make_message(status=status)
    others = {other for _name, other, _status in ACTS} - {permission}
    names = [permission] if "view" in lacking else ["view_message", "view_unmasked", "export_messages", *others]
    client = staff("only", *names)
    assert client.post(act_url(message, name), {"confirmed": "yes"}).status_code == 403
    choose(client, name, message, confirmed="yes")
    assert not was_done(message, name)
    if "view" not in lacking:
        assert act_url(message, name) not in html(client, page_url(message))
        assert f'<option value="{name}"' not in html(client, list_url(Message))
    assert not LogEntry.objects.exclude(action_flag=VIEWED).exists()


@pytest.mark.parametrize(("name", "permission", "status"), ACTS)
def test_a_get_does_nothing(name: str, permission: str, status: str, staff: StaffClient) -> None:
    message = make_message(status=status)
    client = staff("superuser")
    assert client.get(act_url(message, name), {"confirmed": "yes"}).status_code == 405
    assert not was_done(message, name)


def test_a_form_of_another_site_does_nothing(staff: StaffClient) -> None:
    message = make_message()
    client = Client(enforce_csrf_checks=True)
    client.cookies = staff("superuser").cookies
    assert client.post(act_url(message, "cancel"), {"confirmed": "yes"}).status_code == 403
    assert not was_done(message, "cancel")


@pytest.mark.parametrize(
    ("name", "values", "reason"),
    [
        ("cancel", {"status": "submitting"}, "It does not wait any more."),
        ("give_up", {"status": "accepted"}, "What became of it is known, or it was given up before."),
        ("give_up", {"status": "unknown", "given_up_at": timezone.now()}, "What became of it is known"),
        ("send_again", {"status": "delivered"}, "It was delivered."),
        ("send_again", {"status": "rejected", "category": "verification"}, "The code of a verification text"),
    ],
    ids=["cancel", "give up", "given up", "delivered", "verification"],
)
def test_a_wrong_state_is_counted_and_said(name: str, values: dict[str, Any], reason: str, staff: StaffClient) -> None:
    message = make_message(**values)
    client = staff("superuser")
    assert f'formaction="{act_url(message, name)}"' not in html(client, page_url(message))
    assert reason in client.post(act_url(message, name)).content.decode()
    [words] = said(client.post(act_url(message, name), {"confirmed": "yes"}))
    assert words.startswith(f"1 message is left as it is: {reason}")
    message.refresh_from_db()
    assert message.status == values["status"]
    assert Message.objects.count() == 1
    assert not LogEntry.objects.exclude(action_flag=VIEWED).exists()


@pytest.mark.parametrize("status", ["unknown", "accepted"])
def test_what_may_come_twice_is_asked_twice(status: str, staff: StaffClient) -> None:
    message = make_message(status=status)
    client = staff("superuser")
    page = client.post(act_url(message, "send_again")).content.decode()
    assert "the recipient may get it twice, and it may cost twice" in page
    again = client.post(act_url(message, "send_again"), {"confirmed": "yes"})
    assert "Nothing was done" in again.content.decode()
    assert not was_done(message, "send_again")
    client.post(act_url(message, "send_again"), {"confirmed": "yes", "sure": "yes"})
    assert was_done(message, "send_again")


def test_a_double_click_sends_once(staff: StaffClient) -> None:
    message = make_message(status="undelivered")
    client = staff("superuser")
    for _click in range(2):
        answer = client.post(act_url(message, "send_again"), {"confirmed": "yes"})
    assert Message.objects.count() == 2
    assert "sent again before" in said(answer)[-1]
    assert LogEntry.objects.count() == 1


def test_both_messages_link_to_each_other(staff: StaffClient) -> None:
    message = make_message(status="undelivered", given_up_at=timezone.now())
    client = staff("superuser")
    answer = client.post(act_url(message, "send_again"), {"confirmed": "yes"}, follow=True)
    again = message.resends.get()
    page = answer.content.decode()
    assert f'It was sent again as <a href="{page_url(again)}">SMS {again.pk}</a>' in page
    assert "It was given up at" in page
    assert f'It was sent again for <a href="{page_url(message)}">SMS {message.pk}</a>' in html(client, page_url(again))


def test_from_the_list_each_is_done_and_counted_by_itself(
    staff: StaffClient, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    rows = [make_message(status=status) for status in ("undelivered", "rejected", "delivered", "queued", "unknown")]
    left_alone = make_message(status="undelivered")
    client = staff("superuser")
    page = choose(client, "send_again", *rows).content.decode()
    for words in ("3 messages are meant", "1 message is left as it is: It was delivered.", "1 message may have gone"):
        assert words in page
    assert f'name="_selected_action" value="{rows[0].pk}"' in page
    answer = choose(client, "send_again", *rows, confirmed="yes", sure="yes")
    assert answer.url == list_url(Message)
    assert [words.partition(":")[0] for words in said(answer)] == [
        "3 messages are sent again.",
        "1 message is left as it is",
        "1 message is left as it is",
    ]
    sent = [message.resend_of_id for message in Message.objects.filter(resend_of__isnull=False).order_by("id")]
    assert sent == [rows[0].pk, rows[1].pk, rows[4].pk]
    assert not was_done(left_alone, "send_again")
    assert set(LogEntry.objects.values_list("object_id", flat=True)) == {str(pk) for pk in sent}


def test_all_of_a_filtered_list_up_to_what_was_there_and_to_the_most(staff: StaffClient) -> None:
    oldest = make_message()
    Message.objects.bulk_create(Message(mobile="13800138000", content="x") for _number in range(500))
    newest = Message.objects.latest("pk")
    other = make_message(category="marketing")
    client = staff("superuser")
    query = "?category__exact=notification"
    asked = choose(client, "cancel", newest, query=query, select_across="1")
    page = asked.content.decode()
    assert "Only the newest 500 that were chosen" in page
    assert "and 450 more" in page
    late = make_message()
    answer = choose(
        client, "cancel", newest, query=query, select_across="1", confirmed="yes", newest=str(asked.context["newest"])
    )
    assert answer.url == list_url(Message, query)
    assert [was_done(message, "cancel") for message in (oldest, newest, other, late)] == [False, True, False, False]
    assert Message.objects.filter(status="cancelled").count() == 500


def test_many_cost_no_more_questions_than_a_few(
    staff: StaffClient, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    rows = [make_message() for _number in range(20)]
    client = staff("superuser")
    choose(client, "cancel", rows[0])
    for chosen in (rows[:1], rows):
        with django_assert_num_queries(6):
            choose(client, "cancel", *chosen)
        # Nothing is cancelled before it is confirmed.
        assert not Message.objects.filter(status="cancelled").exists()


@pytest.mark.parametrize("name", ["send-again", "delete", "x"])
def test_nothing_else_can_be_done(name: str, staff: StaffClient) -> None:
    assert staff("superuser").post(act_url(make_message(), name), {"confirmed": "yes"}).status_code == 403


def test_a_message_that_is_not_there(staff: StaffClient) -> None:
    assert staff("superuser").post(act_url(Message(pk=10**9), "cancel")).status_code == 404


def test_a_status_that_changes_between_question_and_answer(staff: StaffClient) -> None:
    # As read it can be cancelled, and a worker takes it before the UPDATE.
    message = make_message()
    Message.objects.update(status="submitting")
    with pytest.raises(InvalidTransition):
        row_actions.CANCEL.do(message)
    message = make_message(status="unknown")
    Message.objects.update(status="delivered")
    with pytest.raises(InvalidTransition):
        row_actions.GIVE_UP.do(message)
    assert not Message.objects.filter(given_up_at__isnull=False).exists()


def test_a_late_receipt_still_settles_what_was_given_up(db: None) -> None:
    message = make_message(status="unknown")
    assert message.give_up(now=timezone.now())
    assert not message.give_up(now=timezone.now())
    assert message.apply_receipt(delivered=True, code=2, msg="DELIVRD", reported_at=timezone.now())
    message.refresh_from_db()
    assert (message.status, message.given_up_at is None) == ("delivered", False)
