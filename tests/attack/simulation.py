"""Bots and people at one form, in simulated time: how many texts get out, and how many people are turned away."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import time_machine
from django.conf import settings
from django.test import override_settings
from django.utils import timezone

from django_ihuyi import send_code, verify_code
from django_ihuyi.exceptions import CodeThrottled
from django_ihuyi.models import Message
from django_ihuyi.verification import abuse_detection
from django_ihuyi.verification.models import CodeQuota, Suspicion, VerificationCode

START = datetime(2026, 3, 5, 2, tzinfo=UTC)
PURPOSE = "sign-up"
LOOK_EVERY = 10.0
"""Seconds; the sweep's interval."""
PATIENCE = 90
"""Seconds for which a person who is refused waits and asks once more."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How large the attack and the site are. Times are in seconds.

    People come evenly from the beginning on, bots from ``calm`` on for ``lasts``.
    """

    requests: int = 10_000
    addresses: int = 500
    networks: int = 0
    """IPv6 networks (/48) that the bots are in, each request in another /64 of one of them; 0: IPv4 addresses."""
    numbers: int = 5_000
    prefixes: int = 500
    calm: float = 1800
    lasts: float = 3600
    people_a_minute: float = 5
    lost_texts: float = 0.1
    """The share of people whose first text does not come, so that they ask again."""
    seed: int = 1


@dataclass
class Outcome:
    """What came of it."""

    sms_to_strangers: int = 0
    people: int = 0
    turned_away: int = 0
    resends: int = 0
    resends_refused: int = 0
    suspected_after: float | None = None
    """Seconds from the attack's beginning until the site was suspected."""


@dataclass
class Simulation:
    """One run. ``answer`` is what people answer to a captcha; bots answer nothing."""

    plan: Plan
    answer: object = None
    outcome: Outcome = field(default_factory=Outcome)

    def __post_init__(self) -> None:
        self._random = random.Random(self.plan.seed)
        self._order = count()
        self._fresh = count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._now = 0.0
        self._under_attack = False

    def run(self) -> Outcome:
        """Play it to the end."""
        plan = self.plan
        end = plan.calm + plan.lasts
        strangers = [self._stranger(index) for index in range(plan.numbers)]
        for index in range(plan.requests):
            moment = plan.calm + plan.lasts * self._random.random()
            self._at(moment, lambda mobile=strangers[index % plan.numbers]: self._bot(mobile))
        for index in range(int(end / 60 * plan.people_a_minute)):
            self._at(end * self._random.random(), lambda index=index: self._person(index))
        for look in range(int(end / LOOK_EVERY)):
            self._at(look * LOOK_EVERY, self._look)
        with time_machine.travel(START, tick=False) as clock:
            while self._events:
                self._now, _order, event = heapq.heappop(self._events)
                clock.move_to(START + timedelta(seconds=self._now))
                event()
        return self.outcome

    def _at(self, moment: float, event: Callable[..., None]) -> None:
        heapq.heappush(self._events, (moment, next(self._order), event))

    def _stranger(self, index: int) -> str:
        prefix = 1380000 + index % self.plan.prefixes
        return f"{prefix}{index // self.plan.prefixes:04}"

    def _bot(self, mobile: str) -> None:
        try:
            send_code(mobile, PURPOSE, ip=self._bots_address())
        except CodeThrottled:
            return
        self.outcome.sms_to_strangers += 1

    def _bots_address(self) -> str:
        if self.plan.networks:
            return f"2001:db8:{self._random.randrange(self.plan.networks):x}:{next(self._fresh):x}::1"
        number = self._random.randrange(self.plan.addresses)
        return f"198.18.{number // 250}.{number % 250}"

    def _person(self, index: int) -> None:
        # Their numbers begin like the strangers' do.
        mobile = f"{1380000 + index % self.plan.prefixes}{9000 + index // self.plan.prefixes}"
        ip = f"203.0.{index // 250}.{index % 250}"
        counted = self._now >= self.plan.calm
        self.outcome.people += counted
        self._ask(mobile, ip, counted=counted, again=False, resend=False)

    def _ask(self, mobile: str, ip: str, *, counted: bool, again: bool, resend: bool) -> None:
        self.outcome.resends += resend and counted and not again
        try:
            message = send_code(mobile, PURPOSE, ip=ip, captcha=self.answer)
        except CodeThrottled as refusal:
            if not again and refusal.retry_after <= PATIENCE:
                wait = max(1, refusal.retry_after)
                self._at(self._now + wait, lambda: self._ask(mobile, ip, counted=counted, again=True, resend=resend))
            elif counted:
                self.outcome.turned_away += not resend
                self.outcome.resends_refused += resend
            return
        if not resend and self._random.random() < self.plan.lost_texts:
            self._at(self._now + 65, lambda: self._ask(mobile, ip, counted=counted, again=False, resend=True))
            return
        code = VerificationCode.objects.get(message=message).derive()
        # Half enter it within 25 s, nine of ten within a minute and a half.
        delay = min(self._random.lognormvariate(3.2, 1.0), 290)
        self._at(self._now + delay, lambda: self._enter(mobile, code))

    def _enter(self, mobile: str, code: str) -> None:
        verify_code(mobile, PURPOSE, code)

    def _look(self) -> None:
        abuse_detection.evaluate(timezone.now())
        suspected = self.outcome.suspected_after is None and self._now >= self.plan.calm
        if suspected and Suspicion.objects.standing().filter(subject="site").exists():
            self.outcome.suspected_after = self._now - self.plan.calm


def right_if_answered(answer: object, *, purpose: str, ip: str | None) -> bool:
    """The captcha of the simulation: people solve it, bots do not."""
    return answer == "solved"


NO_LIMITS: dict[str, Any] = {
    "INTERVAL": 0,
    "WATCH": False,
    **dict.fromkeys(f"{what}_PER_{time}" for what in ("ADDRESS", "PREFIX", "SITE") for time in ("HOUR", "DAY")),
    "NUMBER_PER_DAY": None,
}
SCENARIOS: dict[str, dict[str, Any]] = {
    "no limits": NO_LIMITS,
    "limits, no watch": {"WATCH": False},
    "limits and watch": {},
    "limits, watch and captcha": {"CAPTCHA": f"{__name__}.right_if_answered"},
}


def simulate(options: dict[str, Any], plan: Plan) -> Outcome:
    """Empty the tables and play one scenario.

    Args:
        options: ``IHUYI["VERIFICATION"]``.
        plan: How large.
    """
    for model in (VerificationCode, Message, CodeQuota, Suspicion):
        model._base_manager.all().delete()
    with override_settings(IHUYI={**settings.IHUYI, "VERIFICATION": options}):
        return Simulation(plan, answer="solved").run()
