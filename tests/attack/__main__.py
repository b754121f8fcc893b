"""``python -m tests.attack``: every scenario in full, as the table of ``docs/verification.md``.

Exit status 0: with the watch fewer texts got out and fewer people were turned away than without; 1: not so.
"""

from __future__ import annotations

import logging
import os
import sys

import django


def main() -> int:
    """Run all scenarios. Returns the exit status."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    from django.db import connection

    logging.getLogger("django_ihuyi").setLevel(logging.CRITICAL)

    from tests.attack.simulation import SCENARIOS, Outcome, Plan, simulate

    connection.creation.create_test_db(verbosity=0)
    try:
        outcomes: dict[str, Outcome] = {}
        for name, options in SCENARIOS.items():
            outcomes[name] = one = simulate(options, Plan())
            after = "–" if one.suspected_after is None else f"{one.suspected_after:.0f} s"
            sys.stdout.write(
                f"| {name} | {one.sms_to_strangers:,} | {one.turned_away} of {one.people} "
                f"| {one.resends_refused} of {one.resends} | {after} |\n"
            )
            sys.stdout.flush()
    finally:
        connection.creation.destroy_test_db(":memory:", verbosity=0)
    without, watched = outcomes["limits, no watch"], outcomes["limits and watch"]
    good = watched.sms_to_strangers < without.sms_to_strangers and watched.turned_away < without.turned_away
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
