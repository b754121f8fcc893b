"""Abuse detection: SMS bombing shows as codes that are sent and not entered.

Of the codes sent in the last hour it looks at the share that was entered: of the whole site (of its last minutes too,
so that many good codes before an attack do not hide it), of each number prefix, of each client's address and of the
network around it. What falls below the settings' share is suspected for an hour at least, and the policy's limits
tighten.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, QuerySet, Value
from django.db.models.functions import Concat, Length, Substr

from django_ihuyi.china_time import reached
from django_ihuyi.client_ip import client_network

from .conf import get_verification
from .models import Suspicion, VerificationCode
from .rate_limits import LINE_DIGITS, SITE, address_subject, client_subjects, network_subject, prefix_subject

logger = logging.getLogger(__name__)

WINDOW = timedelta(hours=1)
"""Which codes are looked at."""
BURST = timedelta(minutes=5)
"""Which codes of the whole site are looked at by themselves."""
RIPE = timedelta(minutes=1)
"""How long a person has: who enters a code at all has mostly done so by then."""
HOLD = timedelta(hours=1)
"""How long a suspicion stands after its last sign: tight limits take the signs away, and the attack still goes on."""
_TRUSTED_FOR = timedelta(days=1)
"""For how long a code that was entered speaks for its client."""
_PREFIX_PART, _NETWORK_PART, _ADDRESS_PART = 3, 3, 6
"""How much fewer codes than of the whole site are needed to judge a prefix, a network or an address."""
_MIN_CODES = 5
"""One person whose texts do not come must not make their own address suspect."""


def evaluate(now: datetime) -> int:
    """Look at the last hour once, and write down what is suspected and what is no more.

    Args:
        now: The present.

    Returns:
        How many suspicions began or ended.
    """
    settings = get_verification()
    if not settings.watch:
        return 0
    bad = {
        subject: (sent, entered)
        for subject, sent, entered, least in _shares(now, settings.watch_at_least)
        if sent >= least and entered < sent * settings.watch_share
    }
    over = reached("seen_at", now - HOLD, longest=HOLD)
    changes = sum(_raise_alert(subject, *numbers, now=now) for subject, numbers in bad.items())
    return changes + sum(_end_alert(row) for row in Suspicion.objects.standing().filter(over))


def active_alerts(mobile: str, address: str) -> set[str]:
    """Return what is suspected of all that a request belongs to."""
    asked = [SITE, prefix_subject(mobile), *client_subjects(address)]
    return set(Suspicion.objects.standing().filter(subject__in=asked).values_list("subject", flat=True))


def is_trusted(address: str, *, now: datetime) -> bool:
    """Whether somebody entered a code there in the last day: at an IPv4 address, in the network around an IPv6 client.

    A phone changes its /64 often, and an attack has as many as it likes, so a single one says little for or against
    anybody. Asks about no number: that would tell who is.
    """
    network = client_network(address)
    where = {"network": network} if network else {"address": address}
    return bool(address) and VerificationCode.objects.filter(**where, entered_at__gte=now - _TRUSTED_FOR).exists()


def _shares(now: datetime, at_least: int) -> Iterator[tuple[str, int, int, int]]:
    """Count what was sent and entered. Yields subject, sent, entered, and how many are needed to judge."""
    ripe = VerificationCode.objects.filter(created_at__gt=now - WINDOW, created_at__lte=now - RIPE)
    for codes in (ripe, ripe.filter(created_at__gt=now - RIPE - BURST)):
        site = codes.aggregate(sent=Count("pk"), were_entered=Count("entered_at"))
        yield SITE, site["sent"], site["were_entered"], at_least
    prefixes = ripe.annotate(
        subject=Concat(Value(prefix_subject("")), Substr("mobile", 1, Length("mobile") - LINE_DIGITS))
    )
    yield from _by_subject(prefixes, max(_MIN_CODES, at_least // _PREFIX_PART))
    clients = ripe.exclude(address="").annotate(subject=Concat(Value(address_subject("")), F("address")))
    yield from _by_subject(clients, max(_MIN_CODES, at_least // _ADDRESS_PART))
    networks = ripe.exclude(network="").annotate(subject=Concat(Value(network_subject("")), F("network")))
    yield from _by_subject(networks, max(_MIN_CODES, at_least // _NETWORK_PART))


def _by_subject(rows: QuerySet[Any], least: int) -> Iterator[tuple[str, int, int, int]]:
    counted = rows.values("subject").annotate(sent=Count("pk"), were_entered=Count("entered_at"))
    for row in counted.filter(sent__gte=least).order_by("subject"):
        yield row["subject"], row["sent"], row["were_entered"], least


def _raise_alert(subject: str, sent: int, entered: int, *, now: datetime) -> bool:
    began = Suspicion.objects.suspect(subject, sent=sent, entered=entered, now=now)
    if began:
        # An address or a network is somebody's; which one is in the table.
        kind = subject.partition(":")[0]
        level = logging.ERROR if subject == SITE else logging.INFO
        logger.log(
            level,
            "SMS bombing is suspected (%s): of %s codes %s were entered.",
            kind,
            sent,
            entered,
            extra={"event": "bombing.suspected"},
        )
    return began


def _end_alert(row: Suspicion) -> bool:
    lifted = Suspicion.objects.lift(row)
    if lifted:
        level = logging.WARNING if row.subject == SITE else logging.INFO
        logger.log(
            level,
            "SMS bombing is suspected no more (%s).",
            row.subject.partition(":")[0],
            extra={"event": "bombing.ended"},
        )
    return lifted
