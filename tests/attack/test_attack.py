"""The attack, a tenth as large: the watch keeps texts in and people served."""

from __future__ import annotations

from dataclasses import replace

import pytest

from .simulation import SCENARIOS, Plan, simulate

SMALL = {"SITE_PER_HOUR": 100, "WATCH_AT_LEAST": 10}
"""The site is a tenth as large too."""
PLAN = Plan(requests=1000, addresses=50, numbers=500, prefixes=500, people_a_minute=0.5)


pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker"), pytest.mark.at_length]


def test_an_attack_with_and_without_the_watch() -> None:
    outcomes = {
        name: simulate({**options, **SMALL} if options.get("INTERVAL") != 0 else options, PLAN)
        for name, options in SCENARIOS.items()
    }
    open_door, unwatched, watched, asked = outcomes.values()
    assert open_door.sms_to_strangers == PLAN.requests
    assert open_door.turned_away == 0
    # The site's budget is what stops it, for people as for bots.
    assert unwatched.sms_to_strangers > 60
    assert unwatched.turned_away > unwatched.people / 2
    assert watched.sms_to_strangers < unwatched.sms_to_strangers
    assert watched.turned_away <= unwatched.turned_away / 4
    assert watched.suspected_after is not None
    assert watched.suspected_after < 300
    assert asked.sms_to_strangers < watched.sms_to_strangers
    assert asked.turned_away == 0


def test_one_ipv6_customer_is_not_an_attack_from_everywhere() -> None:
    one, many = (simulate({**SCENARIOS["limits and watch"], **SMALL}, replace(PLAN, networks=n)) for n in (1, 0))
    # However many /64s there are to ask from.
    assert 0 < one.sms_to_strangers < many.sms_to_strangers
    assert one.people > 0
    assert one.turned_away == 0


def test_some_ipv6_customers_are_noticed_as_many_addresses_are() -> None:
    plan = replace(PLAN, networks=5)
    unwatched = simulate({**SCENARIOS["limits, no watch"], **SMALL}, plan)
    watched = simulate({**SCENARIOS["limits and watch"], **SMALL}, plan)
    assert unwatched.turned_away > unwatched.people / 2
    assert watched.sms_to_strangers < unwatched.sms_to_strangers
    assert watched.turned_away <= unwatched.turned_away / 4
