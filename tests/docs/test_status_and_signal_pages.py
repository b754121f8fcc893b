"""The pages of statuses and signals, and that of permissions, say what the code says."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Permission
from django.dispatch import Signal

from django_ihuyi import signals
from django_ihuyi.models import Message
from django_ihuyi.models.message_status import TRANSITIONS
from tests.features import our_labels

from .markdown_reader import ROOT, code_in, read, tables

STATUS_PAGES = ("docs/statuses.md", "docs/zh-hans/statuses.md")


@pytest.mark.parametrize("page", STATUS_PAGES)
def test_every_status_is_explained(page: str) -> None:
    assert [code_in(row[0]) for row in tables(page)[0][1:]] == Message.Status.values


@pytest.mark.parametrize("page", STATUS_PAGES)
def test_every_arrow_is_explained_and_no_other(page: str) -> None:
    arrows = [(code_in(row[0]), code_in(row[1])) for row in tables(page)[1][1:]]
    assert sorted(arrows) == sorted(
        (source.value, to.value) for to, sources in TRANSITIONS.items() for source in sources
    )


@pytest.mark.parametrize("page", ["docs/signals.md", "docs/zh-hans/signals.md"])
def test_every_signal_is_explained_with_its_arguments(page: str) -> None:
    source = (ROOT / "django_ihuyi" / "signals.py").read_text("utf-8")
    written = re.findall(r'^(\w+) = Signal\(\)\n"""(.+?)"""', source, re.MULTILINE)
    assert {name for name, value in vars(signals).items() if isinstance(value, Signal)} == {name for name, _ in written}
    assert [(code_in(row[0]), re.findall(r"`(\w+)`", row[2])) for row in tables(page)[0][1:]] == [
        (name, re.findall(r"(\w+)=", text)) for name, text in written
    ]


@pytest.mark.parametrize("page", STATUS_PAGES)
def test_failures__of_the_status_page__end_in_statuses(page: str) -> None:
    [table] = [table for table in tables(page) if [code_in(row[1]) for row in table[1:3]] == ["queued", "queued"]]
    statuses = {code_in(row[1]) for row in table[1:]}
    assert statuses <= set(Message.Status.values)
    assert {"unknown", "rejected", "undelivered", "expired"} <= statuses


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["docs/permissions.md", "docs/zh-hans/permissions.md"])
def test_permissions__of_their_page__are_those_of_the_models(page: str) -> None:
    [table] = tables(page)
    ours = Permission.objects.filter(content_type__app_label__in=our_labels(adapters=False))
    asked = [one.codename for one in ours.filter(codename__startswith="view_")] + ["add_optout", "delete_optout"]
    asked += ["resend_messages", "cancel_messages", "give_up_messages", "match_receipts", "export_messages"]
    asked += ["add_template", "change_template", "delete_template", "submit_template", "send_test", "mark_reply"]
    asked += ["answer_reply", "add_webhookendpoint", "change_webhookendpoint", "rotate_webhook_secret"]
    asked += ["replay_webhooks", "probe_account"]
    assert {code_in(row[0]) for row in table[1:]} == {
        f"{one.content_type.app_label}.{one.codename}" for one in ours.filter(codename__in=asked)
    }
    assert ours.filter(codename__in=asked).count() == len(asked)


@pytest.mark.parametrize("page", STATUS_PAGES)
def test_every_status_page_names_the_method_that_cancels(page: str) -> None:
    assert "message.cancel()" in read(page)
    assert callable(Message.cancel)
