"""Processes that are started again when they end, and the folder and ports that a run has for them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

from example_project.processes import Process
from tests.e2e.processes import clean_environment, free_ports, wait_for

_LINGER = 3.0
"""Seconds that the children of a killed process have to end by themselves."""


class Supervised:
    """One process, started again when it ends; each start has a log of its own.

    Attributes:
        name: What people call it.
        pause: Seconds from its end to its next start.
    """

    def __init__(
        self,
        name: str,
        describe: Callable[[int], Process],
        environment: Mapping[str, str],
        *,
        kill_signal: signal.Signals = signal.SIGKILL,
    ) -> None:
        """Describe it.

        Args:
            name: What people call it.
            describe: Makes the process of the start with this number.
            environment: Its environment variables.
            kill_signal: What :meth:`kill` sends, to the whole group if it is SIGKILL.
        """
        self.name = name
        self.pause = 0.0
        self._describe = describe
        self._environment = environment
        self._kill_signal = kill_signal
        self._starts = 0
        self._process: Process | None = None
        self._ended_at: float | None = None
        self._left_behind: list[tuple[float, Process]] = []

    def start(self) -> Self:
        """Start it for the first time; :meth:`wait` tells when it does its work. Returns itself."""
        self._start()
        return self

    def wait(self) -> None:
        """Wait until it does its work. One that ends while it starts is started again, as always."""

        def answers() -> bool:
            self.tick()
            return self._process is not None and self._process.answers()

        wait_for(answers, f"the start of {self.name}", 90)

    def tick(self) -> None:
        """Start it again if it has ended for as long as its pause, and see to what a killed one left behind."""
        now = time.monotonic()
        for left in [left for left in self._left_behind if left[0] <= now]:
            left[1].end()
            self._left_behind.remove(left)
        if self._process is None or self._process.exit_status is None:
            return
        if self._ended_at is None:
            self._ended_at = now
        if now - self._ended_at >= self.pause:
            self._left_behind.append((now + _LINGER, self._process))
            self._ended_at = None
            self._start()

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        if self._process is None or self._process.exit_status is not None:
            return None
        return self._process.pid

    def children(self) -> list[int]:
        """Return the process ids of its children, whichever of its threads made them."""
        found: list[int] = []
        for thread in Path(f"/proc/{self.pid}/task").glob("*/children"):
            with suppress(OSError):
                found += map(int, thread.read_text().split())
        return found

    def kill(self, *, group: bool = True) -> None:
        """Kill it.

        Args:
            group: Whether its children die with it.
        """
        if self.pid is None:
            return
        with suppress(ProcessLookupError):
            if group and self._kill_signal == signal.SIGKILL:
                os.killpg(self.pid, self._kill_signal)
            else:
                os.kill(self.pid, self._kill_signal)

    def end(self) -> None:
        """Kill all that is left of it, for good."""
        if self._process:
            # A server that was asked to end at once ends its children itself.
            if self._kill_signal != signal.SIGKILL:
                self.kill()
                with suppress(AssertionError):
                    wait_for(lambda: self.pid is None, f"the end of {self.name}")
            self._process.end()
        for _moment, process in self._left_behind:
            process.end()

    def _start(self) -> None:
        self._starts += 1
        self._process = self._describe(self._starts)
        self._process.start(self._environment)


class Place:
    """A run's folder, its ports, and all that it has started.

    Attributes:
        root: The folder.
        logs: Where the logs of our own processes go.
        server_logs: Where the servers' logs go.
        all: Everything described so far, in the order of starting.
    """

    def __init__(self, root: Path) -> None:
        """Take a folder that exists and is empty."""
        self.root = root
        # Servers run as users of their own, and must reach their folders.
        self.root.chmod(0o755)
        self.logs = self.folder("logs")
        self.server_logs = self.folder("server-logs")
        self.all: list[Supervised] = []
        self._ports = free_ports(12)

    def folder(self, name: str) -> Path:
        """Make a folder."""
        folder = self.root / name
        folder.mkdir()
        return folder

    def port(self) -> int:
        """Return a free port; each is given once."""
        return self._ports.pop()

    def server(
        self,
        name: str,
        command: list[str],
        ready: Callable[[Process], bool],
        *,
        environment: Mapping[str, str] | None = None,
        kill_signal: signal.Signals = signal.SIGKILL,
    ) -> Supervised:
        """Describe a server.

        Args:
            name: What people call it.
            command: The program and its arguments.
            ready: Tells whether it does its work already.
            environment: Environment variables of its own.
            kill_signal: What kills it.
        """

        def describe(start: int) -> Process:
            return Process(name, command, log=self.server_logs / f"{name}.{start}.log", answers=ready)

        return self.supervise(name, describe, clean_environment() | dict(environment or {}), kill_signal=kill_signal)

    def supervise(
        self,
        name: str,
        describe: Callable[[int], Process],
        environment: Mapping[str, str],
        *,
        kill_signal: signal.Signals = signal.SIGKILL,
    ) -> Supervised:
        """Describe a process; as :class:`Supervised`."""
        supervised = Supervised(name, describe, environment, kill_signal=kill_signal)
        self.all.append(supervised)
        return supervised

    def tick(self) -> None:
        """Start again what has ended."""
        for supervised in self.all:
            supervised.tick()

    def end(self) -> None:
        """End everything, the last started first."""
        for supervised in reversed(self.all):
            supervised.end()
