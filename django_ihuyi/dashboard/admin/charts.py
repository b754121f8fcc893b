"""Charts of the dashboard, each with a table for people who cannot see it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from django_ihuyi.admin import display
from django_ihuyi.admin.related_tables import Table
from django_ihuyi.dashboard.balance_trend import Balance
from django_ihuyi.dashboard.report import CHARGED, Report
from django_ihuyi.models.message_status import MessageStatus

from . import number_format
from .drilldown import Drilldown, number

ORDER = (
    MessageStatus.DELIVERED,
    MessageStatus.ACCEPTED,
    MessageStatus.UNDELIVERED,
    MessageStatus.REJECTED,
    MessageStatus.UNKNOWN,
    MessageStatus.SUBMITTING,
    MessageStatus.QUEUED,
    MessageStatus.EXPIRED,
    MessageStatus.CANCELLED,
)
"""From the bottom of a column to its top."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart.

    Attributes:
        summary: What it shows, for a screen reader.
        data: For the script, as JSON.
        table: The same in words and numbers.
    """

    summary: str
    data: str
    table: Table


def by_status(figures: Report, links: Drilldown) -> Chart:
    """Draw how many messages there were in each hour or day, by what became of them."""
    there = [status for status in ORDER if figures.statuses[status]]
    periods = figures.span.periods
    urls = {status: [links.messages(period, status__exact=status.value) for period in periods] for status in there}
    columns = [
        {
            "label": str(status.label),
            "tone": status.value,
            "data": [figures.statuses_of[period[0]][status] for period in periods],
            "urls": urls[status],
        }
        for status in there
    ]
    rows: list[list[str]] = []
    for index, (name, period) in enumerate(zip(_names(figures), periods, strict=True)):
        counts = figures.statuses_of[period[0]]
        if counts:
            cells = [number(counts[status], urls[status][index]) for status in there]
            rows.append([name, number(counts.total(), links.messages(period)), *cells])
    title = _("Messages by hour and status") if figures.span.hourly else _("Messages by day and status")
    most = max(periods, key=lambda period: figures.statuses_of[period[0]].total())
    summary = _("%(title)s: %(count)s in all, the most at %(when)s.") % {
        "title": title,
        "count": display.number(figures.total.messages),
        "when": dict(zip(periods, _names(figures), strict=True))[most],
    }
    headers = [_("time"), _("messages"), *(str(status.label) for status in there)]
    return _chart(
        summary,
        Table("by-status", title, headers, rows, _nothing(), ""),
        "bar",
        _labels(figures),
        columns,
        stacked=True,
    )


def delivery_rate(figures: Report) -> Chart:
    """Draw which part of what the gateway took was delivered, in each hour or day."""
    rates: list[float | None] = []
    rows: list[list[str]] = []
    for name, (begin, _end) in zip(_names(figures), figures.span.periods, strict=True):
        counts = figures.statuses_of[begin]
        taken = sum(counts[status] for status in CHARGED)
        rate = counts[MessageStatus.DELIVERED] / taken if taken else None
        rates.append(None if rate is None else round(rate * 100, 1))
        if rate is not None:
            rows.append(
                [
                    name,
                    display.number(taken),
                    display.number(counts[MessageStatus.DELIVERED]),
                    number_format.percent(rate),
                ]
            )
    title = _("Delivery rate")
    headers = [_("time"), _("taken by the gateway"), _("delivered"), _("delivery rate")]
    summary = _("%(title)s: %(rate)s over the whole range.") % {
        "title": title,
        "rate": number_format.percent(figures.total.rate),
    }
    lines = [{"label": title, "tone": MessageStatus.DELIVERED.value, "data": rates}]
    return _chart(
        summary,
        Table("rate", title, headers, rows, _nothing(), ""),
        "line",
        _labels(figures),
        lines,
        unit="%",
        most=100,
    )


def balances(read: Iterable[Balance], since: datetime) -> Chart:
    """Draw each account's balance since a time."""
    known = {
        balance.account: {number_format.minute(read_at): left for read_at, left in balance.points if read_at >= since}
        for balance in read
    }
    times = sorted({moment for points in known.values() for moment in points})
    lines = [
        {"label": account, "tone": f"line-{index % 4}", "data": [points.get(moment) for moment in times]}
        for index, (account, points) in enumerate(known.items())
    ]
    rows: list[list[str]] = [
        [account, moment, display.left(account, left)]
        for account, points in known.items()
        for moment, left in points.items()
    ]
    title = _("Balance")
    headers = [_("account"), _("time"), _("left")]
    summary = _("Balance of each account over time: %s.") % ", ".join(known)
    return _chart(
        summary, Table("balance", title, headers, rows, _nothing(), ""), "line", [moment[5:] for moment in times], lines
    )


def _chart(
    summary: str,
    table: Table,
    kind: str,
    labels: list[str],
    sets: list[dict[str, Any]],
    **more: Any,  # noqa: ANN401  JSON
) -> Chart:
    data = {"kind": kind, "labels": labels, "sets": sets, **more}
    return Chart(summary, json.dumps(data, ensure_ascii=False), table)


def _names(figures: Report) -> list[str]:
    """The hours or days in full."""
    form = "%Y-%m-%d %H:%M" if figures.span.hourly else "%Y-%m-%d"
    return [f"{figures.span.named_by(begin):{form}}" for begin, _end in figures.span.periods]


def _labels(figures: Report) -> list[str]:
    """The hours or days in short."""
    form = "%H:%M" if figures.span.hourly else "%m-%d"
    return [f"{figures.span.named_by(begin):{form}}" for begin, _end in figures.span.periods]


def _nothing() -> str:
    return _("No message was recorded in this time.")
