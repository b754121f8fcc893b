"""Where the pages are, and reading them."""

from __future__ import annotations

from django.db.models import Model
from django.test import Client
from django.urls import reverse


def list_url(model: type[Model], query: str = "") -> str:
    """The address of a list."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist") + query


def page_url(row: Model, action: str = "change") -> str:
    """The address of a row's page."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{action}", args=[row.pk])


def html(client: Client, url: str) -> str:
    """Get a page that must be there."""
    answer = client.get(url)
    assert answer.status_code == 200, answer
    return answer.content.decode()


def listed(client: Client, url: str) -> list[int]:
    """Get a list; the primary keys on it in their order."""
    answer = client.get(url)
    assert answer.status_code == 200, answer
    return [row.pk for row in answer.context["cl"].result_list]
