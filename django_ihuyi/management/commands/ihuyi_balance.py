"""``ihuyi_balance``: print the balance of the accounts."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from django_ihuyi import balance, conf
from django_ihuyi.conf.base import did_you_mean
from django_ihuyi.management.printing import TerminalCommand


class Command(TerminalCommand):
    """Ask the gateway what each account has left."""

    help = (
        "Asks the gateway how many messages each account has left. "
        "Exit status 0: enough; 1: one has fewer than BALANCE_LOW; 2: one could not be asked."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take accounts, and how to say it."""
        parser.add_argument("accounts", nargs="*", metavar="ACCOUNT", help="Aliases of accounts (all of them).")
        parser.add_argument("--json", action="store_true", help="Write one JSON object for all accounts.")
        parser.add_argument(
            "--record", action="store_true", help="Keep the readings as check_balance does (for cron without Celery)."
        )

    def handle(self, *args: Any, accounts: list[str], record: bool, **options: Any) -> None:  # noqa: ANN401  Django's signature
        """Ask, write, and end with the status."""
        known = conf.get_account_aliases()
        for alias in accounts:
            if alias not in known:
                raise CommandError(
                    _("There is no account %(account)r. %(hint)s")
                    % {"account": alias, "hint": did_you_mean(alias, known)},
                    returncode=2,
                )
        answers = [
            balance.fetch(alias) for alias in accounts or conf.get_aliases_of(lambda product: product.supports_balance)
        ]
        if record:
            for answer in answers:
                balance.save_reading(answer)
        if options["json"]:
            self.stdout.write(json.dumps({answer.account: _as_data(answer) for answer in answers}, ensure_ascii=False))
        else:
            for answer in answers:
                self.stdout.write(_as_text(answer))
        status = 2 if any(answer.reading is None for answer in answers) else int(any(one.low for one in answers))
        if status:
            raise SystemExit(status)


def _as_data(answer: balance.Answer) -> dict[str, Any]:
    if answer.reading is None:
        return {"remaining": None, "unit": None, "low": None, "error": answer.error}
    return {"remaining": answer.reading.remaining, "unit": answer.unit, "low": answer.low, "error": None}


def _as_text(answer: balance.Answer) -> str:
    if answer.reading is None:
        return f"{answer.account}: " + _("could not be asked: %s") % answer.error
    number = answer.reading.remaining
    if answer.unit == "yuan":
        left = _("%(count)d yuan left") % {"count": number}
    else:
        left = ngettext("%(count)d message left", "%(count)d messages left", number) % {"count": number}
    return f"{answer.account}: {left}" + (_(" (low)") if answer.low else "")
