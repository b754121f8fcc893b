"""Who may open what, and that nobody changes anything."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.db.models import Model
from django.urls import reverse

from django_ihuyi.models import AccountState, Batch, Message, OptOut, Receipt, Reply
from django_ihuyi.verification.models import Suspicion, VerificationCode

from .conftest import StaffClient, make_code
from .urls import html, list_url, page_url

MODELS: list[type[Model]] = [Message, Receipt, Reply, AccountState, VerificationCode, Suspicion, Batch, OptOut]
KINDS = ["none", "masked", "whole", "superuser"]


@pytest.fixture
def rows(delivered: Message) -> dict[type[Model], Model]:
    """One row of each table."""
    return {
        Message: delivered,
        Receipt: Receipt.objects.get(),
        Reply: Reply.objects.get(),
        AccountState: AccountState.objects.create(account="default"),
        VerificationCode: make_code(delivered),
        Suspicion: Suspicion.objects.create(subject="site"),
        Batch: Batch.objects.create(account="default", category="marketing"),
        OptOut: OptOut.objects.create(mobile=delivered.mobile),
    }


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("kind", KINDS)
def test_pages_open_with_the_permission_to_view(
    kind: str, model: type[Model], staff: StaffClient, rows: dict[type[Model], Model]
) -> None:
    client = staff(kind)
    wanted = 403 if kind == "none" else 200
    for url in (list_url(model), page_url(rows[model]), page_url(rows[model], "history")):
        assert client.get(url).status_code == wanted, url


# A superuser may add and remove opt-outs: test_opt_outs.
NOBODYS = [(kind, model) for model in MODELS for kind in KINDS if (kind, model) != ("superuser", OptOut)]


@pytest.mark.parametrize(("kind", "model"), NOBODYS)
def test_nobody_adds_changes_or_deletes(
    kind: str, model: type[Model], staff: StaffClient, rows: dict[type[Model], Model]
) -> None:
    client = staff(kind)
    row = rows[model]
    add = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")
    assert client.get(add).status_code == 403
    assert client.post(add, {"mobile": "13900139000", "account": "other"}).status_code == 403
    assert client.post(page_url(row), {"mobile": "13900139000", "account": "other"}).status_code == 403
    assert client.get(page_url(row, "delete")).status_code == 403
    assert client.post(page_url(row, "delete"), {"post": "yes"}).status_code == 403
    client.post(list_url(model), {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
    same = model._default_manager.get(pk=row.pk)
    assert [getattr(same, field.attname) for field in model._meta.concrete_fields] == [
        getattr(row, field.attname) for field in model._meta.concrete_fields
    ]
    assert model._default_manager.count() == 1


def test_a_site_s_own_actions_do_not_reach_these_lists(staff: StaffClient, delivered: Message) -> None:
    def site_export(modeladmin: object, request: object, queryset: object) -> None:
        raise AssertionError("An export that knows no mask has run.")

    client = staff("superuser")
    admin.site.add_action(site_export)
    try:
        page = html(client, list_url(Message))
        client.post(list_url(Message), {"action": "site_export", "_selected_action": [delivered.pk]})
    finally:
        admin.site.disable_action("site_export")
    assert "site_export" not in page


@pytest.mark.parametrize("kind", KINDS)
def test_the_index_offers_what_may_be_viewed(kind: str, staff: StaffClient, db: None) -> None:
    page = html(staff(kind), reverse("admin:index"))
    assert (list_url(Message) in page) is (kind != "none")
    assert reverse("admin:django_ihuyi_message_add") not in page


def test_tables_on_a_message_s_page_need_their_own_permissions(staff: StaffClient, delivered: Message) -> None:
    page = html(staff("only", "view_message"), page_url(delivered))
    assert "ihuyi-receipts" not in page
    assert "ihuyi-replies" not in page


def test_a_push_links_to_its_message_only_for_those_who_may_view_it(staff: StaffClient, delivered: Message) -> None:
    client = staff("only", "view_receipt")
    for url in (list_url(Receipt), page_url(Receipt.objects.get())):
        page = html(client, url)
        assert page_url(delivered) not in page
        assert f"SMS {delivered.pk}" in page


@pytest.mark.parametrize("model", [Receipt, Reply])
def test_a_push_links_to_its_message(model: type[Receipt | Reply], staff: StaffClient, delivered: Message) -> None:
    client = staff("masked")
    push = model._default_manager.get()
    link = f'<a href="{page_url(delivered)}">SMS {delivered.pk}</a>'
    assert link in html(client, list_url(model))
    assert link in html(client, page_url(push))
    model._default_manager.update(message=None)
    assert "not known" in html(client, list_url(model))
    assert "not known" in html(client, page_url(push))
