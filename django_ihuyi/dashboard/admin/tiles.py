"""Tiles of the dashboard: totals of the range and the present backlog."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from django_ihuyi import conf
from django_ihuyi.admin import display
from django_ihuyi.dashboard.models import WaitTally
from django_ihuyi.dashboard.report import Report
from django_ihuyi.dashboard.snapshot import Snapshot
from django_ihuyi.models import Message, Receipt, Reply
from django_ihuyi.models.message_status import MessageStatus

from . import number_format
from .drilldown import Drilldown


@dataclass(frozen=True, slots=True)
class Tile:
    """One number with its name.

    Attributes:
        note: A small line under it.
        address: The list that it counts, or empty.
        alarming: Whether somebody should look.
    """

    name: str
    value: str
    note: str = ""
    address: str = ""
    alarming: bool = False


def of_range(figures: Report, links: Drilldown) -> Iterator[Tile]:
    """Say what happened in the range."""
    total = figures.total
    yield Tile(_("Messages"), display.number(total.messages), address=links.messages())
    yield Tile(
        _("Delivered"),
        display.number(total.delivered),
        _("%(rate)s of the %(count)s that the gateway took")
        % {"rate": number_format.percent(total.rate), "count": display.number(total.taken)},
        links.messages(status__exact=MessageStatus.DELIVERED.value),
    )
    yield from _waits(figures)
    yield Tile(
        _("Segments charged"),
        display.number(total.segments),
        display.yuan(total.cost) if total.cost else "",
        links.taken(),
    )
    codes = figures.all_codes
    if codes is not None:
        yield Tile(
            _("Codes entered"),
            number_format.percent(codes.rate),
            _("%(entered)s of %(sent)s")
            % {"entered": display.number(codes.entered), "sent": display.number(codes.sent)},
            links.codes(),
        )


def _waits(figures: Report) -> Iterator[Tile]:
    for kind, name in (
        (WaitTally.Kind.ACCEPTED, _("To acceptance, p95")),
        (WaitTally.Kind.DELIVERED, _("To delivery, p95")),
    ):
        wait = figures.waits_for.get(kind)
        if wait is not None:
            note = _("p50 %(half)s, p99 %(nearly_all)s") % {
                "half": number_format.duration(wait.p50),
                "nearly_all": number_format.duration(wait.p99),
            }
            yield Tile(name, number_format.duration(wait.p95), note)


def of_present(present: Snapshot, links: Drilldown, now: datetime) -> Iterator[Tile]:
    """Say what stands now."""
    queued = present.waiting + present.later
    notes = (
        [_("the oldest for %s") % number_format.duration((now - present.oldest).total_seconds())]
        if present.oldest
        else []
    )
    notes += [_("%s of them for later") % number_format.up_to_cap(present.later)] if present.later else []
    yield Tile(
        _("In the queue"),
        number_format.up_to_cap(queued),
        " · ".join(notes),
        links.standing(Message, status__exact=MessageStatus.QUEUED.value),
    )
    yield Tile(
        pgettext("status", "Unknown"),
        number_format.up_to_cap(present.unknown),
        _("may have gone out; ask before sending again") if present.unknown else "",
        links.standing(Message, given_up="no"),
        bool(present.unknown),
    )
    yield Tile(
        _("No receipt yet"),
        number_format.up_to_cap(present.no_receipt),
        _("after %s h") % conf.get_settings().no_receipt_hours,
        links.standing(Message, receipt="missing"),
        bool(present.no_receipt),
    )
    yield Tile(
        _("Last receipt"),
        number_format.ago(present.last_receipt, now),
        number_format.minute(present.last_receipt) if present.last_receipt else "",
        links.standing(Receipt),
        present.receipts_missing(now),
    )
    yield Tile(
        _("Unread replies"),
        number_format.up_to_cap(present.unread),
        _("the last one %s") % number_format.ago(present.last_reply, now) if present.last_reply else "",
        links.standing(Reply, unread="yes") if present.unread else links.standing(Reply),
    )
