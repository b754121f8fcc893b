"""What must not be so in production, though it is right elsewhere. ``manage.py check --deploy`` tells of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from .hooks import features
from .options import is_loopback
from .sections import Problem

_TESTING = "django_ihuyi.testing."


def production_problems(raw: object) -> Iterator[Problem]:
    """Find what keeps messages from the people they are for, or shows them to others.

    Args:
        raw: ``IHUYI`` as it stands in the settings; what is wrong with its form is told elsewhere.
    """
    accounts = raw.get("ACCOUNTS") if isinstance(raw, Mapping) else None
    for alias, account in accounts.items() if isinstance(accounts, Mapping) else ():
        if isinstance(account, Mapping):
            yield from _of_account(f"IHUYI['ACCOUNTS'][{alias!r}]", account)
    for config in features():
        yield from config.setting_problems(raw if isinstance(raw, Mapping) else {}, deploy=True)


def _of_account(where: str, account: Mapping[str, Any]) -> Iterator[Problem]:
    if str(account.get("CLIENT", "")).startswith(_TESTING):
        yield Problem(
            "W020",
            f"{where}['CLIENT'] is a client for tests and development: nothing is sent.",
            "Leave CLIENT out in production; the default is 'django_ihuyi.gateway.Client'.",
        )
    if account.get("REDIRECT_TO"):
        yield Problem(
            "W021",
            f"{where}['REDIRECT_TO'] sends every message to test numbers.",
            "Leave REDIRECT_TO out in production.",
        )
    try:
        host = urlsplit(str(account.get("BASE_URL", ""))).hostname or ""
    except ValueError:
        return  # which is an error of its own
    if is_loopback(host):
        yield Problem(
            "W022",
            f"{where}['BASE_URL'] is an address of this machine, as the sandbox gateway's.",
            "Leave BASE_URL out in production; the default is the real gateway.",
        )
