"""A second admin site with plain pages of the same tables: Django finds our templates for them, too."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import path, reverse

from django_ihuyi.models import Message
from tests.features import our_models

plain = admin.AdminSite(name="plain")
MODELS = [model for model in our_models() if model._meta.managed]
plain.register(MODELS)

urlpatterns = [path("admin/", admin.site.urls), path("plain/", plain.urls)]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.model_name)
def test_list__in_a_site_without_our_other_pages__leads_to_none_of_them(
    admin_client: Client, model: type[Model]
) -> None:
    page = admin_client.get(f"/plain/{model._meta.app_label}/{model._meta.model_name}/")

    assert page.status_code == 200
    assert 'href="/admin/' not in page.content.decode()


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("message", "ihuyi_dashboard_dashboard_changelist"),
        ("message", "django_ihuyi_test_send"),
        ("template", "django_ihuyi_test_send"),
        ("balancereading", "django_ihuyi_balancereading_reconciliation"),
    ],
)
def test_list__in_our_site__leads_to_our_other_pages(admin_client: Client, model: str, name: str) -> None:
    assert f'href="{reverse(f"admin:{name}")}"' in admin_client.get(f"/admin/django_ihuyi/{model}/").content.decode()


def test_page_of_a_message__in_a_site_without_our_other_pages__is_shown(admin_client: Client) -> None:
    pk = Message.objects.create(mobile="13800138000", content="您好").pk
    assert admin_client.get(f"/plain/django_ihuyi/message/{pk}/change/").status_code == 200
