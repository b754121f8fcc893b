"""Pages of one's own say where they lie, in the list that Django 6.1 and newer style."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from django_ihuyi.models import Template

from .conftest import StaffClient, make_message, make_receipt
from .urls import html

PAGES = {
    "ihuyi_dashboard_dashboard_changelist": ["Home", "SMS dashboard (ihuyi)", "Dashboard"],
    "django_ihuyi_test_send": ["Home", "SMS (ihuyi)", "Test send"],
    "django_ihuyi_message_export": ["Home", "SMS (ihuyi)", "Messages", "Export"],
    "django_ihuyi_balancereading_reconciliation": ["Home", "SMS (ihuyi)", "Balances", "Balance against messages"],
    "django_ihuyi_receipt_match": ["Home", "SMS (ihuyi)", "Receipts", "Whose receipt is it?"],
    "django_ihuyi_template_submit": ["Home", "SMS (ihuyi)", "Templates", "shipped", "Hand in for review"],
}


@pytest.mark.parametrize("name", PAGES)
def test_each_page_says_where_it_lies(name: str, staff: StaffClient, db: None) -> None:
    make_message()
    template = Template.objects.create(name="shipped", text="您的订单【变量】。", variables=["a"])
    arguments = {"django_ihuyi_receipt_match": [make_receipt().pk], "django_ihuyi_template_submit": [template.pk]}
    url = reverse(f"admin:{name}", args=arguments.get(name, []))
    page = html(staff("superuser"), url)
    [crumbs] = re.findall(r'<ol class="breadcrumbs">(.*?)</ol>', page, re.DOTALL)
    steps = re.findall(r"<li[^>]*>(?:<a [^>]*>)?([^<]*)", crumbs)
    assert steps == PAGES[name]
    assert crumbs.count('aria-current="page"') == 1
    assert crumbs.count("<a href=") == len(steps) - 1
