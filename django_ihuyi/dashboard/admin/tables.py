"""Tables of the dashboard: latency, refusals, segments and cost, verification codes, balance."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from django_ihuyi.admin import display
from django_ihuyi.admin.related_tables import Table
from django_ihuyi.dashboard.balance_trend import Balance
from django_ihuyi.dashboard.models import WaitTally
from django_ihuyi.dashboard.report import Report, Share
from django_ihuyi.gateway.result_codes import lookup
from django_ihuyi.models.message_status import Category, MessageStatus

from . import number_format
from .drilldown import Drilldown, number


def refusals(figures: Report, links: Drilldown) -> Table:
    """Show why messages were refused for good, and what to do."""
    total = figures.statuses[MessageStatus.REJECTED]
    rows: list[list[str]] = []
    for code, count in figures.refusals:
        if code is None:
            name, meaning = display.EMPTY, _("It never reached the gateway and was given up.")
            advice = _("Check that this server can reach the gateway.")
        else:
            known = lookup(code)
            name, meaning, advice = str(code), _(known.meaning), _(known.action)
        asked = links.messages(status__exact=MessageStatus.REJECTED.value, code="none" if code is None else code)
        shown = format_html('<span class="ihuyi-code">{}</span>', name)
        rows.append([shown, number(count, asked), number_format.percent(count / total), meaning, advice])
    headers = [_("code"), _("messages"), _("share"), _("meaning"), _("what to do")]
    return Table("refusals", _("Refused, by code"), headers, rows, _("Nothing was refused in this time."), "")


def waits(figures: Report) -> Table:
    """Show how long messages took."""
    rows: list[list[str]] = [
        [
            str(WaitTally.Kind(wait.kind).label),
            _category(wait.category),
            display.number(wait.messages),
            *(number_format.duration(seconds) for seconds in (wait.p50, wait.p95, wait.p99)),
        ]
        for wait in sorted(figures.waits, key=lambda wait: (wait.kind, wait.category))
    ]
    headers = [_("from the call to"), _("category"), _("messages"), "p50", "p95", "p99"]
    return Table("waits", _("How long it took"), headers, rows, _("No message was accepted in this time."), "")


def shares(figures: Report, links: Drilldown) -> Table:
    """Show what each account and category sent, and what it cost."""
    rows = [
        [
            account,
            _category(category),
            *_cells(share, links.messages(**_of(account, category)), links.taken(**_of(account, category))),
        ]
        for account, category, share in figures.shares
    ]
    if len(rows) > 1:
        total: SafeString | str = format_html("<strong>{}</strong>", _("all"))
        rows.append([total, "", *_cells(figures.total, links.messages(), links.taken())])
    headers = [
        _("account"),
        _("category"),
        _("messages"),
        _("taken by the gateway"),
        _("delivery rate"),
        _("segments charged"),
        _("cost"),
    ]
    nothing = _("No message was recorded in this time.")
    return Table("shares", _("By account and category"), headers, rows, nothing, "")


def codes(figures: Report, links: Drilldown) -> Table:
    """Show which part of the verification codes was entered."""
    rows: list[list[str]] = [
        [
            code.purpose,
            number(code.sent, links.codes(purpose=code.purpose)),
            number(code.entered, links.codes(purpose=code.purpose, entered_at__isnull=0)),
            number_format.percent(code.rate),
        ]
        for code in figures.codes
    ]
    headers = [_("purpose"), _("sent"), _("entered"), _("share")]
    return Table("codes", _("Verification codes"), headers, rows, _("No code was sent in this time."), "")


def balances(read: Iterable[Balance]) -> Table:
    """Show what is left, how fast it falls, and until when it lasts."""
    rows: list[list[str]] = [
        [
            balance.account,
            display.left(balance.account, balance.remaining),
            number_format.minute(balance.read_at),
            display.number(round(balance.per_day)),
            number_format.minute(balance.used_up_at)[:10] if balance.used_up_at else display.EMPTY,
        ]
        for balance in read
    ]
    headers = [_("account"), _("left"), _("read"), _("used a day"), _("used up on")]
    return Table("balances", _("How long the credit lasts"), headers, rows, _("No balance was read lately."), "")


def _cells(share: Share, all_of_them: str, taken: str) -> list[str]:
    return [
        number(share.messages, all_of_them),
        number(share.taken, taken),
        number_format.percent(share.rate),
        display.number(share.segments),
        display.yuan(share.cost),
    ]


def _of(account: str, category: str) -> dict[str, Any]:
    return {"account": account, "category__exact": category}


def _category(value: str) -> str:
    return str(Category(value).label)
