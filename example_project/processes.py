"""The demo's processes: each in a session of its own, with its output in a log file, stopped without leftovers.

Honcho's manager does not fit: it signals whole process groups, and a Celery worker that is to finish
its tasks must not lose its pool children first.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 8.0
"""Seconds that a process has to finish what it is at before it is killed."""
_POLL = 0.05
_LAST_LINES = 15


class Process:
    """One process of the demo.

    Attributes:
        name: What people call it.
        log: The file that its output goes to.
    """

    def __init__(
        self,
        name: str,
        command: list[str],
        *,
        log: Path,
        answers: Callable[[Process], bool],
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        """Describe a process; :meth:`start` starts it.

        Args:
            name: What people call it.
            command: The program and its arguments.
            log: The file that its output goes to, anew each time.
            answers: Tells whether it does its work already.
            stop_signal: What makes it end cleanly.
        """
        self.name = name
        self.log = log
        self._command = command
        self._answers = answers
        self._stop_signal = stop_signal
        self._popen: subprocess.Popen[bytes] | None = None

    def start(self, environment: Mapping[str, str]) -> None:
        """Start it.

        Args:
            environment: Its environment variables.
        """
        with self.log.open("wb") as log:
            # A session of its own: Ctrl-C in the terminal is for the runner, which stops the others in order.
            self._popen = subprocess.Popen(  # noqa: S603  our own programs
                self._command,
                # The log is read as UTF-8, whatever the terminal has.
                env={**environment, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"},
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int | None:
        """Its process id, once it was started."""
        return self._popen.pid if self._popen else None

    @property
    def exit_status(self) -> int | None:
        """How it ended, as ``subprocess`` tells it; None while it runs or was not started."""
        return self._popen.poll() if self._popen else None

    def answers(self) -> bool:
        """Whether it does its work already."""
        return self._answers(self)

    def last_lines(self) -> list[str]:
        """Return the end of its log."""
        return self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:]

    def ask_to_stop(self) -> None:
        """Ask it to end, if it runs."""
        if self._popen and self._popen.poll() is None:
            self._popen.send_signal(self._stop_signal)

    def end(self) -> None:
        """Kill what is left of it, children included, and wait for it."""
        if self._popen is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.wait()


def stop(processes: Iterable[Process], hurry: Callable[[], bool]) -> None:
    """Stop processes together; none is left afterwards.

    Args:
        processes: What to stop.
        hurry: Tells whether not to wait any longer.
    """
    processes = list(processes)
    for process in processes:
        process.ask_to_stop()
    give_up_at = time.monotonic() + PATIENCE
    while any(process.exit_status is None for process in processes):
        if time.monotonic() > give_up_at or hurry():
            break
        time.sleep(_POLL)
    for process in processes:
        process.end()


def answers_http(port: int) -> Callable[[Process], bool]:
    """Make a test for a process that answers HTTP on a port of this machine."""

    def answers(process: Process) -> bool:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/")
            return connection.getresponse().status < 500
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    return answers


def logged(text: str) -> Callable[[Process], bool]:
    """Make a test for a process that writes a text to its log when it is ready."""

    def answers(process: Process) -> bool:
        return text in process.log.read_text(encoding="utf-8", errors="replace")

    return answers
