"""The tests that touch a database, once more on PostgreSQL and MariaDB: ``python -m tests.databases``.

A server that is not there is skipped by name with the reason; where services are required, that is a failure.
"""

from __future__ import annotations

import os
import subprocess
import sys

from . import services

SELECTED = ("-m", "django_db and not e2e", "--ignore=tests/attack")
"""What a database can make a difference to: not the numbers that a simulated attack ends with."""
AT_ONCE = ("-n", "auto", "--maxprocesses", "4", "--dist", "loadfile", "--no-loadscope-reorder")
"""As in the Makefile; each process has a database of its own."""


def main(arguments: list[str]) -> int:
    """Run them.

    Args:
        arguments: What else pytest is given.

    Returns:
        The exit status: 0 if every run passed or was rightly skipped.
    """
    failed = False
    for name, make in (("postgresql", services.postgresql_database), ("mariadb", services.mariadb_database)):
        reason = services.reachable(name)
        if reason is not None:
            failed = failed or services.are_required()
            sys.stdout.write(f"{'FAILED' if services.are_required() else 'skipped'}: the suite on {name}: {reason}\n")
            continue
        sys.stdout.write(f"The tests that touch a database, on {name}:\n")
        sys.stdout.flush()
        with make() as url:
            # On SQLite the hypothesis tests have run at length: here they look for what the server does otherwise.
            environment = {**os.environ, "DATABASE_URL": url, "IHUYI_BAD_PUSHES": "100"}
            run = [sys.executable, "-m", "pytest", "-q", *SELECTED, *AT_ONCE, *arguments]
            failed = subprocess.run(run, env=environment, check=False).returncode != 0 or failed
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
