"""``make demo``: the sandbox gateway, a Celery worker with its scheduler, and the site, until Ctrl-C.

Run it as ``python -m example_project.demo``. The ports are the environment variables ``DEMO_PORT`` and
``SANDBOX_PORT``; everything listens on this machine only.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Mapping, MutableMapping
from pathlib import Path

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connections
from django.utils import translation
from django.utils.translation import gettext as _

from django_ihuyi.management.printing import has_chinese, make_printable

from . import commands, terminal
from .banner import welcome
from .processes import Process, stop

_STARTING = 60.0
_POLL = 0.1


class DemoError(Exception):
    """Why there is no demo, in words for whoever started it."""


def main() -> int:
    """Run the demo.

    Returns:
        The exit status: 0 after Ctrl-C or SIGTERM, 1 when something failed.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "example_project.settings")
    make_printable(sys.stdout)
    talk_to_the_sandbox(os.environ)
    try:
        django.setup()
        wants_chinese = os.environ.get("LANG", "").startswith("zh")
        translation.activate("zh-hans" if wants_chinese and has_chinese(sys.stdout) else "en")
        ports = read_ports(os.environ)
        from . import settings  # late: it reads the environment, and says what is wrong there

        token = settings.IHUYI["PUSH_TOKENS"][0] if settings.USES_SANDBOX else None
        with terminal.of_our_own():
            return Demo(**ports, data_dir=settings.DATA_DIR, push_token=token).run()
    except (DemoError, CommandError, ImproperlyConfigured, DatabaseError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        # Ctrl-C before there was anything to stop.
        return 0


def talk_to_the_sandbox(environment: MutableMapping[str, str]) -> None:
    """Leave out a real account that the shell happens to have: a demo sends nothing to anybody unless it is told to.

    Args:
        environment: The environment variables; ``DEMO_REAL_GATEWAY`` keeps the account.
    """
    if environment.get("DEMO_REAL_GATEWAY"):
        return
    for name in ("IHUYI_ACCOUNT", "IHUYI_API_KEY", "IHUYI_BASE_URL"):
        if environment.pop(name, None):
            sys.stderr.write(f"{name} is left out: the demo talks to the sandbox (DEMO_REAL_GATEWAY=1 takes it).\n")


def read_ports(environment: Mapping[str, str]) -> dict[str, int]:
    """Read the two ports and see that they are free.

    Args:
        environment: The environment variables.

    Returns:
        ``site_port`` and ``sandbox_port``.

    Raises:
        DemoError: One is no port, both are the same, or one is in use.
    """
    ports: dict[str, int] = {}
    for name, default in (("DEMO_PORT", "8000"), ("SANDBOX_PORT", "8106")):
        text = environment.get(name) or default
        if not text.isdecimal() or not 0 < int(text) < 65536:
            raise DemoError(_("%(name)s is no port. Write a number from 1 to 65535.") % {"name": name})
        port = ports[name] = int(text)
        example = f"make demo {name}={port + 1 if port < 65535 else port - 1}"
        values = {"name": name, "port": port, "example": example}
        if len(set(ports.values())) < len(ports):
            raise DemoError(_("DEMO_PORT and SANDBOX_PORT are both %(port)d: %(example)s") % values)
        if not _is_free(port):
            raise DemoError(_("Port %(port)d is in use. Choose another with %(name)s: %(example)s") % values)
    return {"site_port": ports["DEMO_PORT"], "sandbox_port": ports["SANDBOX_PORT"]}


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do it: a connection that has just ended does not hold the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class Demo:
    """The processes of one run, and the signals that end it."""

    def __init__(self, *, site_port: int, sandbox_port: int, data_dir: Path, push_token: str | None) -> None:
        """Prepare a run.

        Args:
            site_port: Where the site listens.
            sandbox_port: Where the sandbox gateway listens.
            data_dir: Where databases and logs are.
            push_token: What the sandbox pushes with; None: there is no sandbox, texts go to the real gateway.
        """
        self.site_port = site_port
        self.sandbox_port = sandbox_port
        self._logs = data_dir / "logs"
        self._push_token = push_token
        self._signals = 0

    def run(self) -> int:
        """Prepare, start, wait for a signal, stop.

        Returns:
            The exit status.

        Raises:
            DemoError: A process ended by itself or did not start.
        """
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)
        started_at = time.monotonic()
        _say(_("Preparing the database ..."))
        self._prepare()
        processes = self._processes()
        try:
            if self._signals:
                return 0
            _say(_("Starting: %(names)s ...") % {"names": ", ".join(process.name for process in processes)})
            for process in processes:
                process.start(os.environ)
            if self._wait_until_all_answer(processes):
                _say(self._welcome(time.monotonic() - started_at))
                while not self._signals:
                    time.sleep(_POLL)
                    _check(processes)
        finally:
            _say(_("Stopping ..."))
            stop(processes, hurry=lambda: self._signals > 1)
        _say(_("Stopped."))
        return 0

    def _stop(self, *_arguments: object) -> None:
        # A number and no Event: its lock may be held by what this interrupts.
        self._signals += 1

    def _prepare(self) -> None:
        self._logs.mkdir(parents=True, exist_ok=True)
        call_command("migrate", interactive=False, verbosity=0)
        call_command("demo_staff")
        connections.close_all()

    def _processes(self) -> list[Process]:
        processes = [commands.worker(self._logs), commands.site(self._logs, self.site_port)]
        if self._push_token:
            pushes = f"http://127.0.0.1:{self.site_port}/ihuyi/push/{self._push_token}/"
            processes.insert(0, commands.sandbox(self._logs, self.sandbox_port, pushes))
        return processes

    def _wait_until_all_answer(self, processes: list[Process]) -> bool:
        """Return whether they all answer; False after a signal."""
        give_up_at = time.monotonic() + _STARTING
        waiting = list(processes)
        while waiting and not self._signals:
            time.sleep(_POLL)
            _check(processes)
            waiting = [process for process in waiting if not process.answers()]
            if waiting and time.monotonic() > give_up_at:
                raise DemoError(_("The %(name)s does not answer. %(log)s") % _end_of_log(waiting[0]))
        return not self._signals

    def _welcome(self, seconds: float) -> str:
        from .users.management.commands.demo_staff import MOBILE, PASSWORD

        return welcome(
            site=f"http://127.0.0.1:{self.site_port}/",
            phone=f"http://127.0.0.1:{self.sandbox_port}/" if self._push_token else None,
            staff=f"{MOBILE} / {PASSWORD}",
            logs=self._logs,
            seconds=seconds,
        )


def _check(processes: list[Process]) -> None:
    """Raise DemoError if one of them has ended."""
    for process in processes:
        if process.exit_status is not None:
            raise DemoError(_("The %(name)s ended by itself (exit status %(status)s). %(log)s") % _end_of_log(process))


def _end_of_log(process: Process) -> dict[str, object]:
    lines = "".join(f"\n    {line}" for line in process.last_lines())
    log = _("The end of its log, %(path)s:%(lines)s") % {"path": process.log, "lines": lines}
    return {"name": process.name, "status": process.exit_status, "log": log}


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
