"""What the pages of the core show of features, and no more of those that are not installed."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.db.models import Model
from django.urls import NoReverseMatch, path, reverse
from django.utils import timezone
from pytest_django import Settings

from django_ihuyi.dashboard.models import Dashboard
from django_ihuyi.models import BalanceReading, Message
from django_ihuyi.verification.models import Suspicion
from tests.features import left_out, run_without

from .conftest import StaffClient
from .urls import html, list_url

pytestmark = pytest.mark.django_db

COMPARISON = "admin:django_ihuyi_balancereading_reconciliation"


class Urls:
    """The admin's addresses as they are with the features that are installed now."""

    def __init__(self) -> None:
        self.urlpatterns = [path("admin/", admin.site.urls)]


@pytest.mark.parametrize("model", [Message, Dashboard])
def test_alerts__verification_left_out__are_not_shown(staff: StaffClient, model: type[Model]) -> None:
    Suspicion.objects.suspect("site", sent=33, entered=4, now=timezone.now())
    client, told = staff("superuser"), "SMS bombing is suspected"
    assert told in html(client, list_url(model))
    with left_out("django_ihuyi.verification"):
        assert told not in html(client, list_url(model))


@pytest.mark.parametrize(
    ("model", "link"),
    [(Message, "admin:ihuyi_dashboard_dashboard_changelist"), (BalanceReading, COMPARISON)],
    ids=["messages", "balances"],
)
def test_links__dashboard_left_out__are_not_shown(staff: StaffClient, model: type[Model], link: str) -> None:
    client, shown = staff("superuser"), f'<p class="ihuyi-to-dashboard"><a href="{reverse(link)}">'
    assert shown in html(client, list_url(model))
    with left_out("django_ihuyi.dashboard"):
        assert "ihuyi-to-dashboard" not in html(client, list_url(model))


def test_comparison_of_balances__dashboard_left_out__has_no_page(settings: Settings) -> None:
    settings.ROOT_URLCONF = Urls()
    address = reverse(COMPARISON)
    with left_out("django_ihuyi.dashboard"):
        settings.ROOT_URLCONF = Urls()
        with pytest.raises(NoReverseMatch):
            reverse(COMPARISON)
        assert reverse("admin:django_ihuyi_balancereading_changelist") + "reconciliation/" == address


REGISTERED = """
    from django.contrib import admin
    from django.core.management import get_commands
    names = {model.__name__ for model in admin.site._registry}
    print("BalanceReading" in names, "Dashboard" in names, "ihuyi_recount" in get_commands())
"""


@pytest.mark.parametrize(
    ("left_out", "there"), [((), True), (("django_ihuyi.dashboard",), False)], ids=["nothing", "the dashboard"]
)
def test_dashboard__left_out__has_neither_page_nor_command(left_out: tuple[str, ...], *, there: bool) -> None:
    assert run_without(*left_out, script=REGISTERED) == f"True {there} {there}\n"
