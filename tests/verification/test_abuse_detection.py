"""The watch: what it suspects, what tightens then, whom it spares, and when it is over."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from django_ihuyi import maintenance, send_code
from django_ihuyi.exceptions import CodeThrottled
from django_ihuyi.signals import bombing_over, bombing_suspected
from django_ihuyi.verification import abuse_detection
from django_ihuyi.verification.models import Suspicion, VerificationCode
from tests.signal_recorder import SignalRecorder

from .code_text import PURPOSE
from .conftest import Configure

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]


def sent(count: int, entered: int = 0, minutes: float = 10, **fields: Any) -> None:
    """Codes that went out some minutes ago, to numbers that have nothing in common unless told."""
    now = timezone.now()
    made = now - timedelta(minutes=minutes)
    VerificationCode.objects.bulk_create(
        VerificationCode(
            **{
                "mobile": f"13{index:05}8000",
                "purpose": PURPOSE,
                "nonce": "",
                "length": 6,
                "created_at": made,
                "expires_at": made,
                "entered_at": now if index < entered else None,
                **fields,
            }
        )
        for index in range(count)
    )


def standing() -> set[str]:
    return set(Suspicion.objects.standing().values_list("subject", flat=True))


ADDRESS = {"address": "203.0.113.7"}
CASES: list[tuple[str, dict[str, Any], set[str]]] = [
    ("too few to judge", {"count": 29}, set()),
    ("nothing entered", {"count": 30}, {"site"}),
    ("too little entered", {"count": 30, "entered": 5}, {"site"}),
    ("enough entered", {"count": 30, "entered": 6}, set()),
    ("still on their way", {"count": 300, "minutes": 0.9}, set()),
    ("long ago", {"count": 300, "minutes": 61}, set()),
    ("one prefix", {"count": 10, "mobile": "13800138000"}, {"prefix:1380013"}),
    ("one prefix, too few", {"count": 9, "mobile": "13800138000"}, set()),
    ("one address", {"count": 5, **ADDRESS}, {"address:203.0.113.7"}),
    ("one address, too few", {"count": 4, **ADDRESS}, set()),
    ("one network", {"count": 10, "network": "2001:db8:1::/48"}, {"network:2001:db8:1::/48"}),
    ("one network, too few", {"count": 9, "network": "2001:db8:1::/48"}, set()),
    ("one address, entered", {"count": 5, "entered": 1, **ADDRESS}, set()),
]


def test_many_good_codes_do_not_hide_the_last_minutes() -> None:
    sent(200, entered=180, minutes=30)
    sent(30, entered=5, minutes=5)
    abuse_detection.evaluate(timezone.now())
    assert standing() == {"site"}


def test_it_stands_for_an_hour_after_its_last_sign() -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        for minutes, stands in ((0, True), (59, True), (61, True), (119, True), (122, False)):
            clock.move_to(start + timedelta(minutes=minutes))
            if minutes in {0, 61}:
                sent(30, minutes=2)
            abuse_detection.evaluate(timezone.now())
            assert (standing() == {"site"}) is stands, minutes


@pytest.mark.parametrize(("codes", "suspected"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_what_is_suspected(codes: dict[str, Any], suspected: set[str]) -> None:
    sent(**codes)
    assert abuse_detection.evaluate(timezone.now()) == len(suspected)
    assert standing() == suspected
    assert abuse_detection.evaluate(timezone.now()) == 0


def test_staff_are_told_once_and_told_when_it_is_over(heard: SignalRecorder, caplog: pytest.LogCaptureFixture) -> None:
    heard.listen(bombing_suspected, bombing_over)
    caplog.set_level(logging.INFO)
    sent(30)
    sent(5, address="203.0.113.7", mobile="13800138000")
    assert maintenance.sweep()["suspected"] == 2
    maintenance.sweep()
    [site, address] = sorted((event["suspicion"] for event in heard[bombing_suspected]), key=lambda row: -row.sent)
    assert (site.subject, site.sent, site.entered) == ("site", 35, 0)
    assert site.since is not None
    assert address.subject == "address:203.0.113.7"
    assert "SMS bombing is suspected (site): of 35 codes 0 were entered." in caplog.text
    assert "203.0.113.7" not in caplog.text
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=False):
        assert maintenance.sweep()["suspected"] == 2
        assert maintenance.sweep()["suspected"] == 0
    assert len(heard[bombing_over]) == 2
    assert "no more (site)" in caplog.text
    assert not Suspicion.objects.standing().exists()


def test_it_can_be_turned_off(configure: Configure) -> None:
    configure(WATCH=False)
    sent(30)
    assert abuse_detection.evaluate(timezone.now()) == 0
    Suspicion.objects.suspect("site", sent=9, entered=0, now=timezone.now())
    assert ask("203.0.113.7", 3) == ["sent"] * 3


def ask(ip: str | None, times: int, prefix: str = "1380013") -> list[str]:
    answers = []
    for index in range(times):
        try:
            send_code(f"{prefix}{8000 + index}", PURPOSE, ip=ip)
        except CodeThrottled as refusal:
            answers.append(str(refusal.reason))
        else:
            answers.append("sent")
    return answers


TIGHT: list[tuple[str, str, str | None, list[str]]] = [
    ("the site: every address", "site", "203.0.113.7", ["sent", "address", "address"]),
    ("the site: no address known", "site", None, ["sent"] * 3),
    ("the address", "address:203.0.113.7", "203.0.113.7", ["sent", "address", "address"]),
    ("another address", "address:203.0.113.7", "203.0.113.8", ["sent"] * 3),
    ("the prefix", "prefix:1380013", None, ["sent", "sent", "prefix"]),
    ("another prefix", "prefix:1390013", None, ["sent"] * 3),
]


@pytest.mark.parametrize(("subject", "ip", "answers"), [row[1:] for row in TIGHT], ids=[row[0] for row in TIGHT])
def test_what_tightens(subject: str, ip: str | None, answers: list[str]) -> None:
    Suspicion.objects.suspect(subject, sent=9, entered=0, now=timezone.now())
    assert ask(ip, 3) == answers


@pytest.mark.parametrize(("hours", "answers"), [(23, ["sent"] * 3), (25, ["sent", "address", "address"])])
def test_an_address_where_codes_are_entered_is_spared(hours: float, answers: list[str]) -> None:
    Suspicion.objects.suspect("site", sent=9, entered=0, now=timezone.now())
    sent(1, address="203.0.113.7", minutes=200, entered_at=timezone.now() - timedelta(hours=hours))
    assert ask("203.0.113.7", 3) == answers
    assert ask("203.0.113.8", 3, prefix="1390013") == ["sent", "address", "address"]


NETWORK = "2001:db8:1::/48"


def ask_in_turn(networks: str, times: int) -> list[str]:
    """Ask from another /64 each time, for numbers that have nothing in common."""
    return [ask(f"{networks}:{index + 1:x}::1", 1, prefix=f"139{index:04}")[0] for index in range(times)]


@pytest.mark.parametrize(
    ("subject", "answers"),
    [
        (f"network:{NETWORK}", ["sent"] * 5 + ["address"] * 2),
        ("site", ["sent"] * 5 + ["address"] * 2),
        ("network:2001:db8:2::/48", ["sent"] * 7),
    ],
    ids=["itself", "the site", "another"],
)
def test_a_network_gets_five_times_what_an_address_gets(subject: str, answers: list[str]) -> None:
    Suspicion.objects.suspect(subject, sent=9, entered=0, now=timezone.now())
    assert ask_in_turn("2001:db8:1", 7) == answers


def test_where_a_network_is_suspected_so_is_each_client_in_it() -> None:
    Suspicion.objects.suspect(f"network:{NETWORK}", sent=9, entered=0, now=timezone.now())
    assert ask("2001:db8:1:7::1", 2) == ["sent", "address"]


def test_a_code_that_is_entered_speaks_for_its_network_and_against_nothing_that_is_suspected_of_that() -> None:
    sent(1, entered=1, address="2001:db8:1::/64", network=NETWORK, minutes=200)
    Suspicion.objects.suspect("site", sent=9, entered=0, now=timezone.now())
    assert ask_in_turn("2001:db8:1", 7) == ["sent"] * 7
    Suspicion.objects.suspect(f"network:{NETWORK}", sent=9, entered=0, now=timezone.now())
    assert ask("2001:db8:1:7::2", 1, prefix="1370013") == ["address"]


def test_what_is_suspected_of_the_address_itself_is_not_spared() -> None:
    Suspicion.objects.suspect("address:203.0.113.7", sent=9, entered=1, now=timezone.now())
    sent(1, entered=1, address="203.0.113.7", minutes=200)
    assert ask("203.0.113.7", 2) == ["sent", "address"]
