"""Runs commands one after the other as from a command line: ``python -m tests.commands.running RESULTS``.

Standard input has the commands as JSON, and RESULTS gets what became of each: its exit status, or its error.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import cast

from django.core.management import execute_from_command_line


def run(command: list[str], stdout: io.TextIOWrapper, errors: str) -> str:
    """Run a command with a standard output that is as it was when the process began."""
    stdout.reconfigure(errors=errors)
    stdout.write(f"$ {' '.join(command)}\n".encode("ascii", "replace").decode())
    try:
        execute_from_command_line(["manage.py", *command])
    except SystemExit as end:
        return str(end.code)
    except BaseException as error:  # noqa: BLE001  it is what the test looks for
        return type(error).__name__
    return "0"


def main() -> None:
    """Run them all."""
    stdout = cast("io.TextIOWrapper", sys.stdout)
    errors = str(stdout.errors)
    commands = json.loads(sys.stdin.buffer.read())
    Path(sys.argv[1]).write_text(json.dumps([run(command, stdout, errors) for command in commands]), "utf-8")


if __name__ == "__main__":
    main()
