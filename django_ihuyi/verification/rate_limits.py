"""Limits of verification codes per number, client, prefix, country and site, checked and counted under a lock."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from django_ihuyi.china_time import CHINA, TOLERANCE, as_site_time
from django_ihuyi.client_ip import client_network
from django_ihuyi.exceptions import ThrottleReason
from django_ihuyi.gateway.mobile_numbers import country_of
from django_ihuyi.gateway.result_codes import CODES
from django_ihuyi.models import AccountState, Message

from .conf import VerificationSettings
from .models import CodeQuota
from .sliding_window import DAY, HOUR, Log, Window

SITE = "site"
LINE_DIGITS = 4
"""Carriers hand numbers out by the ten thousand: what stands before the last four digits is a prefix."""

NETWORK_TIMES = 5
"""How much more than a client's address the /48 around it may have.

It can be one person's, an office's, or a part of what a carrier gives its phones, each a /64. More than one address,
then, so that the phones of a quarter are not one client. But not many more: an attack gets as much of each /48, and
these are to be had by the thousand too. Behind one IPv4 address of a carrier live as many people as in a /48, and they
share the limit of that address alone.
"""
_GRAINS = 60
"""Entries in a full log: what is spent of an hour is forgotten by the minute."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why no code is sent now.

    Attributes:
        reason: Which limit was met.
        retry_after: Whole seconds until all limits have room.
    """

    reason: ThrottleReason
    retry_after: int


def number_subject(mobile: str) -> str:
    """Name the limits of one number."""
    return f"number:{mobile}"


def prefix_subject(mobile: str) -> str:
    """Name the limits of all numbers that begin alike."""
    return f"prefix:{mobile[:-LINE_DIGITS]}"


def country_subject(country: str) -> str:
    """Name the limits of a country abroad by its calling code."""
    return f"country:{country}"


def address_subject(address: str) -> str:
    """Name the limits of one client's address."""
    return f"address:{address}"


def network_subject(network: str) -> str:
    """Name the limits of the network around an IPv6 client."""
    return f"network:{network}"


def client_subjects(address: str) -> list[str]:
    """Name what a client belongs to: its address, and the network around that if it is IPv6.

    Args:
        address: What stands for the client; empty if it is not known.
    """
    network = client_network(address)
    return [*([address_subject(address)] if address else []), *([network_subject(network)] if network else [])]


class Policy:
    """The limits as the settings say.

    Args:
        settings: The settings.
    """

    def __init__(self, settings: VerificationSettings) -> None:
        self._settings = settings

    def limits(
        self, mobile: str, address: str, *, purpose: str, suspected: Collection[str] = (), vouched: bool = False
    ) -> dict[str, tuple[Window, ...]]:
        """Return every limit that a request has to pass.

        Args:
            mobile: The number as the record has it.
            address: What stands for the client; empty if it is not known.
            purpose: What the code is for.
            suspected: Subjects of which the watch says that codes are not entered.
            vouched: Whether people have entered codes there: the client is spared what is suspected of others.

        Returns:
            The windows of each subject that has any, by the subject's name.
        """
        number, prefix, clients = number_subject(mobile), prefix_subject(mobile), client_subjects(address)
        tight = bool(set(clients) & set(suspected)) or (not vouched and bool({SITE, prefix} & set(suspected)))
        found = {
            number: tuple(self._number(purpose)),
            prefix: tuple(self._prefix(tight=prefix in suspected)),
            **{
                client: tuple(self._client(times=times, tight=tight))
                for client, times in zip(clients, (1, NETWORK_TIMES), strict=False)
            },
            SITE: tuple(self._site()),
        }
        country = country_of(mobile)
        if country:
            found[country_subject(country)] = tuple(self._country())
        return {subject: windows for subject, windows in found.items() if windows}

    def judge(
        self, limits: Mapping[str, tuple[Window, ...]], spent: Mapping[str, Mapping[str, Log]], now: float
    ) -> Refusal | None:
        """Decide on one request.

        Args:
            limits: What :meth:`limits` returned.
            spent: What was spent of each, by subject and window.
            now: The present, in Unix time.

        Returns:
            None if all have room, else the limit with the longest wait.
        """
        waits = [
            (window.wait(spent.get(subject, {}).get(window.name, []), now), window.reason)
            for subject, windows in limits.items()
            for window in windows
        ]
        wait, reason = max(waits, key=lambda pair: pair[0], default=(0.0, ThrottleReason.SITE))
        return Refusal(reason, math.ceil(wait)) if wait > 0 else None

    def _number(self, purpose: str) -> Iterator[Window]:
        if self._settings.interval:
            yield Window("interval", ThrottleReason.INTERVAL, self._settings.interval, 1)
        most = self._settings.number_per_day_for(purpose)
        if most is not None:
            # One log for all purposes: the gateway counts them together.
            yield Window("day", ThrottleReason.NUMBER, DAY, most)

    def _prefix(self, *, tight: bool) -> Iterator[Window]:
        settings = self._settings
        yield from self._hour_and_day(ThrottleReason.PREFIX, settings.prefix_per_hour, settings.prefix_per_day, tight)

    def _country(self) -> Iterator[Window]:
        # Texts abroad cost many times more, and who gets a share of their price enters some of the codes: the watch
        # does not see it, so this does not wait for it.
        settings = self._settings
        yield from self._hour_and_day(
            ThrottleReason.COUNTRY, settings.country_per_hour, settings.country_per_day, tight=False
        )

    def _client(self, *, times: int, tight: bool) -> Iterator[Window]:
        settings = self._settings
        yield from self._hour_and_day(
            ThrottleReason.ADDRESS, settings.address_per_hour, settings.address_per_day, tight, times=times
        )

    def _site(self) -> Iterator[Window]:
        # Never tightened: whoever floods the site would have it turn everybody away.
        settings = self._settings
        yield from self._hour_and_day(ThrottleReason.SITE, settings.site_per_hour, settings.site_per_day, tight=False)

    def _hour_and_day(
        self, reason: ThrottleReason, an_hour: int | None, a_day: int | None, tight: bool, *, times: int = 1
    ) -> Iterator[Window]:
        for name, seconds, limit in (("hour", HOUR, an_hour), ("day", DAY, a_day)):
            if limit is not None:
                allowed = max(1, int(limit * self._settings.watch_factor)) if tight else limit
                yield Window(name, reason, seconds, allowed * times, grain=seconds / _GRAINS)


_NOT_TODAY = [code.number for code in CODES.values() if code.not_today]
_WAITS = {code.number: timedelta(seconds=code.number_wait) for code in CODES.values() if code.number_wait}
_MAX_WAIT = max(_WAITS.values())


def consume(policy: Policy, limits: Mapping[str, tuple[Window, ...]], *, now: datetime, anyway: bool) -> Refusal | None:
    """Judge one request and, if it may pass, book it. Needs a transaction, and locks until that ends.

    Args:
        policy: Who judges.
        limits: What the policy asks of this request.
        now: The present.
        anyway: Whether to book it although it is refused.
    """
    if not limits:
        return None
    rows = CodeQuota.objects.lock(limits.keys(), now=now)
    moment = now.timestamp()
    refusal = policy.judge(limits, {subject: row.spent for subject, row in rows.items()}, moment)
    if refusal is None or anyway:
        for subject, windows in limits.items():
            row = rows[subject]
            row.used_at = now
            row.spent = {
                **row.spent,
                **{window.name: window.add(row.spent.get(window.name, []), moment) for window in windows},
            }
        CodeQuota.objects.bulk_update(list(rows.values()), ["spent", "used_at"])
    return refusal


def unavailable(account: str, *, now: datetime) -> Refusal | None:
    """Find out whether an account is paused, so that a code would only wait and expire. Concerns every number alike.

    A code that is asked for when the account is to be tried again is what it is tried with.

    Args:
        account: The alias of the account that would send.
        now: The present.
    """
    until = AccountState.objects.paused_until(account, now=now)
    if until is None:
        return None
    return Refusal(ThrottleReason.UNAVAILABLE, max(1, math.ceil((until - now).total_seconds())))


def refused_by_gateway(mobile: str, account: str, *, purpose: str | None, now: datetime) -> Refusal | None:
    """Find out whether the gateway has refused the number, and would refuse the next message to it as well.

    The table of codes says which refusals hold until midnight in China, and which for a minute or two.

    Args:
        mobile: The number.
        account: The alias of the account that would send.
        purpose: The purpose of the codes that count. None: every message to the number counts, for callers who let
            nobody see what comes of it. Who sends to every number and refuses this one would tell that it had a notice,
            or a code to log in, which only customers get.
        now: The present.
    """
    aware = now if timezone.is_aware(now) else timezone.make_aware(now)
    midnight = aware.astimezone(CHINA).replace(hour=0, minute=0, second=0, microsecond=0)
    # A time further ahead than clocks are apart is of a clock that was wrong, and holds nobody up.
    just_now = Q(submitted_at__gt=now - _MAX_WAIT, submitted_at__lt=now + TOLERANCE)
    holds = Q(code__in=_NOT_TODAY, created_at__gte=as_site_time(midnight)) | (just_now & Q(code__in=list(_WAITS)))
    refused = Message.objects.filter(holds, mobile=mobile, account=account, status=Message.Status.REJECTED)
    if purpose is not None:
        refused = refused.filter(verification_codes__purpose=purpose)
    tomorrow = midnight + timedelta(days=1) - aware
    waits = [
        min(submitted_at or now, now) + _WAITS[code] - now if code in _WAITS else tomorrow
        for code, submitted_at in refused.order_by().values_list("code", "submitted_at")
    ]
    seconds = math.ceil(max(waits, default=timedelta(0)).total_seconds())
    return Refusal(ThrottleReason.GATEWAY, seconds) if seconds > 0 else None
