"""Who read whole numbers and texts through the API, or asked for a number without seeing any, is noted."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from django_ihuyi.models import Message, OptOut, Reply
from django_ihuyi.privacy.audit import VIEWED

from .conftest import MOBILE, Caller, open_api

pytestmark = pytest.mark.django_db

MASKED = "137******78"
LISTS = pytest.mark.parametrize(
    ("path", "model"), [("messages/", Message), ("replies/", Reply), ("optouts/", OptOut)], ids=str
)


@pytest.fixture
def rows() -> Message:
    """A row in each list; the content types are known already, as in a process that has run for a while."""
    ContentType.objects.get_for_models(Message, Reply, OptOut)
    Reply.objects.create(mobile=MOBILE, content="收到")
    OptOut.objects.create(mobile=MOBILE)
    return Message.objects.create(mobile=MOBILE, content="您好")


@pytest.fixture
def whole(caller: Caller, rows: Message) -> Caller:
    caller.allow("view_unmasked")
    return caller


def said() -> list[tuple[object, str | None, str]]:
    """Of each entry the caller, the row and the words."""
    entries = LogEntry.objects.filter(action_flag=VIEWED)
    assert all(MOBILE not in f"{entry.object_repr}{entry.change_message}" for entry in entries)
    return [(entry.user_id, entry.object_id, entry.change_message) for entry in entries]


def inserts(caller: Caller, path: str) -> list[str]:
    """The rows that an answer writes, and no more than that: it is read from one table besides."""
    with CaptureQueriesContext(connection) as queries:
        assert caller.get(path).status_code == 200
    return [one["sql"] for one in queries if one["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]


@LISTS
def test_a_list(path: str, model: Any, whole: Caller) -> None:
    key = model.objects.get().pk
    assert len(inserts(whole, path)) == 1
    assert said() == [(whole.user.pk, None, f"Looked at 1 rows unmasked, {key} to {key}.")]
    assert LogEntry.objects.get().content_type == ContentType.objects.get_for_model(model)


def test_one_message(whole: Caller, rows: Message) -> None:
    assert len(inserts(whole, f"messages/{rows.pk}/")) == 1
    whole.post(f"messages/{rows.pk}/cancel/")
    assert said() == [(whole.user.pk, str(rows.pk), "Looked at it unmasked.")] * 2


def test_what_shows_nobody_is_not_noted(whole: Caller, rows: Message) -> None:
    for path in ("messages/?status=unknown", "messages/?mobile=13700137000", "templates/", f"messages/{rows.pk + 1}/"):
        whole.get(path)
    assert said() == []


@LISTS
def test_masks_are_not_noted_and_a_search_is(path: str, model: Any, caller: Caller, rows: Message) -> None:
    assert inserts(caller, path) == []
    assert len(inserts(caller, f"{path}?mobile=137 1234 5678")) == 1
    assert said() == [(caller.user.pk, None, f"Searched for the number {MASKED}.")]


def test_who_sees_whole_numbers_and_searches_is_noted_for_what_was_found(whole: Caller, rows: Message) -> None:
    assert len(inserts(whole, f"messages/?mobile={MOBILE}")) == 1
    assert [words for _user, _row, words in said()] == [f"Looked at 1 rows unmasked, {rows.pk} to {rows.pk}."]


@dataclass(frozen=True)
class Service:
    """A caller that stands in no table of the site's."""

    pk: str = "till"
    whole: bool = True
    is_authenticated = True

    def has_perm(self, name: str) -> bool:
        return self.whole or name != "django_ihuyi.view_unmasked"


class AsService(BaseAuthentication):
    """Takes everybody for the service whose sight they name."""

    def authenticate(self, request: Request) -> tuple[Any, None]:
        return Service(whole=request.headers["X-Whole"] == "yes"), None


@pytest.fixture
def records(caplog: pytest.LogCaptureFixture) -> Callable[[], list[tuple[Any, ...]]]:
    """What the records of looks say; there is no entry instead."""
    caplog.set_level(logging.INFO, "django_ihuyi.privacy")

    def read() -> list[tuple[Any, ...]]:
        told = [vars(one) for one in caplog.records if one.name == "django_ihuyi.privacy.audit"]
        assert all(MOBILE not in str(one) for one in told)
        assert not LogEntry.objects.exists()
        return [tuple(one.get(name) for name in ("event", "user_pk", "model", "first", "last")) for one in told]

    return read


def test_a_caller_who_is_no_user_of_the_site_is_in_the_log_records(
    settings: Settings, caller: Caller, rows: Message, records: Callable[[], list[tuple[Any, ...]]]
) -> None:
    open_api(settings, AUTHENTICATION_CLASSES=[f"{__name__}.{AsService.__name__}"])
    for path in ("messages/", f"messages/{rows.pk}/"):
        assert caller.call("GET", path, X_Whole="yes").status_code == 200
    assert caller.call("GET", f"messages/?mobile={MOBILE}", X_Whole="no").status_code == 200
    label = "django_ihuyi.Message"
    looked = ("privacy.looked", "till", label, rows.pk, rows.pk)
    assert records() == [looked, looked, ("privacy.searched", "till", label, None, None)]


def test_without_the_admin_looks_are_in_the_log_records(
    settings: Settings, whole: Caller, rows: Message, records: Callable[[], list[tuple[Any, ...]]]
) -> None:
    settings.INSTALLED_APPS = [name for name in settings.INSTALLED_APPS if name != "django.contrib.admin"]
    whole.get(f"messages/{rows.pk}/")
    assert records() == [("privacy.looked", whole.user.pk, "django_ihuyi.Message", rows.pk, rows.pk)]


def test_who_cancelled_is_in_the_log_record(caller: Caller, rows: Message, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "django_ihuyi.api")
    caller.post(f"messages/{rows.pk}/cancel/")
    [record] = [vars(one) for one in caplog.records if vars(one).get("event") == "api.cancelled"]
    assert (record["message_pk"], record["user_pk"]) == (rows.pk, caller.user.pk)
    assert f"by user {caller.user.pk}." in record["message"]
