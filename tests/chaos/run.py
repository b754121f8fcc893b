"""One run: start everything, send while killing, let it settle, and read both records."""

from __future__ import annotations

import json
import os
import re
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote

import django
from django.db import DatabaseError, InterfaceError, connection

from example_project import commands
from example_project.processes import Process, logged
from tests.e2e.processes import clean_environment, manage

from . import servers, snapshot
from .failing_site import CALM
from .invariants import Facts, unsettled
from .killer import CONCURRENCY, Kill, Killer, plan
from .options import Options
from .processes import Place, Supervised
from .workload import TEXT_MARKS, orders

_TICK = 0.05
POLL_INTERVAL = 0.5
_RECEIPT_DELAY = 0.5
_PUSH_PAUSE = 8
_RECEIVED = re.compile(r"submit_message\[\S+\] received")


@dataclass(frozen=True)
class Outcome:
    """What a run brought: both records, times in seconds, and how often a worker was handed a message."""

    facts: Facts
    unsettled: int
    sending: float
    settling: float
    slowest_call: float
    handed: int
    leaks: list[str]


class Run:
    """The processes of one run."""

    def __init__(self, options: Options, place: Place, say: Callable[[str], None]) -> None:
        """Describe a run.

        Args:
            options: What it is like.
            place: An empty place for it.
            say: Tells a person what goes on.
        """
        self._options = options
        self._place = place
        self._say = say
        self._api_key = secrets.token_hex(16)
        self._token = secrets.token_urlsafe(24)
        self._site_port, self._sandbox_port = place.port(), place.port()
        self._sandbox_url = f"http://127.0.0.1:{self._sandbox_port}"
        self._orders = orders(options.messages, options.seed)
        self._data = place.folder("data")
        self._environment = clean_environment() | {
            "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
            "DEBUG": "0",
            "SECRET_KEY": secrets.token_hex(32),
            "IHUYI_DEMO_DATA": str(self._data),
            "IHUYI_ACCOUNT": "cf_chaos",
            "IHUYI_API_KEY": self._api_key,
            "IHUYI_BASE_URL": f"{self._sandbox_url}/webservice/sms.php",
            "IHUYI_PUSH_TOKEN": self._token,
        }
        if options.hurry:
            self._environment["CHAOS_HURRY"] = "1"

    def run(self) -> Outcome:
        """Do it all; the processes are still running afterwards.

        Raises:
            NotAvailableError: A server cannot be had on this machine.
        """
        victims = self._start()
        started = time.monotonic()
        kills = self._send_and_kill(victims)
        (self._data / CALM).touch()
        calm_at = time.monotonic()
        self._say(f"calm after {calm_at - started:.0f} s and {len(kills)} kills; settling")
        facts, left = self.settle(kills)
        return Outcome(
            facts,
            unsettled=left,
            sending=calm_at - started,
            settling=time.monotonic() - calm_at,
            slowest_call=float((self._place.logs / "sender.log").read_text().rsplit(maxsplit=2)[-2]),
            handed=sum(len(_RECEIVED.findall(text)) for name, text in self._logs() if name.startswith("worker")),
            leaks=self._leaks(),
        )

    def _start(self) -> dict[str, list[Supervised]]:
        victims: dict[str, list[Supervised]] = {}
        wanted = {
            "database": servers.DATABASES[self._options.database],
            "broker": servers.BROKERS[self._options.broker],
        }
        for kind, prepare in wanted.items():
            if prepare is not None:
                server, address = prepare(self._place)
                self._environment |= address
                victims[kind] = [server.start()]
        for one in self._place.all:
            one.wait()
        # This process reads the record at the end, with the settings of the others.
        os.environ.update(self._environment)
        django.setup()
        manage(self._environment, "migrate", "--verbosity=0")
        logs, pushes = self._place.logs, f"http://127.0.0.1:{self._site_port}/ihuyi/push/{self._token}/"
        options = [f"--receipt-delay={_RECEIPT_DELAY}", f"--push-pause={_PUSH_PAUSE}", "--balance=100000"]
        options.append(f"--latency={self._options.latency:.3f}")
        self._ours("sandbox", lambda _: commands.sandbox(logs, self._sandbox_port, pushes, *options))
        victims["web"] = [self._ours("web", self._web)]
        names = [f"worker-{number}" for number in range(1, self._options.workers + 1)]
        victims["worker"] = [self._ours(name, partial(self._worker, name)) for name in names]
        victims["beat"] = [self._ours("beat", self._beat)]
        for one in (ours := self._place.all[-len(names) - 3 :]):
            one.start()
        for one in ours:
            one.wait()
        return victims

    def _send_and_kill(self, victims: Mapping[str, list[Supervised]]) -> list[Kill]:
        killable = [kind for kind in ("broker", "database") if kind in victims]
        seconds, seed = self._options.seconds, self._options.seed
        planned = plan(self._options.kills, seed, killable)
        sender = self._sender(seconds)
        sender.start(self._environment)
        try:
            kills = self._kill(Killer(seed, victims, self._options.workers), planned, sender)
        finally:
            sender.end()
        self._say(sender.last_lines()[-1])
        return kills

    def _kill(self, killer: Killer, planned: list[tuple[float, str]], sender: Process) -> list[Kill]:
        """Carry the plan out until everything is sent, and keep everything else running."""
        began, seconds = time.monotonic(), self._options.seconds
        kills: list[Kill] = []
        while planned or sender.exit_status is None:
            self._place.tick()
            passed = time.monotonic() - began
            if planned and passed >= planned[0][0] * seconds and (kill := killer.kill(planned[0][1])):
                planned.pop(0)
                kills.append(kill)
                self._say(f"{passed:6.1f} s  killed: {kill.kind} ({kill.name})")
            if sender.exit_status or passed > 3 * seconds + 60:
                raise RuntimeError(f"the sender did not end well: {sender.last_lines()[-1:]}")
            time.sleep(_TICK)
        return kills

    def settle(self, kills: list[Kill]) -> tuple[Facts, int]:
        give_up_at = time.monotonic() + self._options.timeout
        was_settled = False
        while True:
            self._place.tick()
            try:
                facts = snapshot.read(self._orders, kills, self._sandbox_url)
            except (DatabaseError, InterfaceError):
                # Killed last, and not up again.
                facts = None
                connection.close()
            left = unsettled(facts) if facts else ["the database"]
            # The last receipt may come between the reading of the messages and that of the receipts: what is judged is
            # read when nothing can change any more, which is after a reading that says so.
            if facts and ((was_settled and not left) or time.monotonic() > give_up_at):
                return facts, len(left)
            was_settled = not left
            if time.monotonic() > give_up_at + 60:
                raise TimeoutError("the database did not come back")
            time.sleep(POLL_INTERVAL)

    def _ours(self, name: str, describe: Callable[[int], Process]) -> Supervised:
        return self._place.supervise(name, describe, self._environment)

    def _web(self, start: int) -> Process:
        process = commands.site(self._place.logs, self._site_port)
        # A log for each start: that of a killed one tells why it died.
        process.log = process.log.with_name(f"web.{start}.log")
        return process

    def _worker(self, name: str, start: int) -> Process:
        command = ["worker", "--loglevel=INFO", f"--concurrency={CONCURRENCY}", f"--hostname={name}@localhost"]
        # They need not know of each other, and the broker in a file could not tell them.
        command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        return self._celery(f"{name}.{start}", command, " ready.")

    def _beat(self, start: int) -> Process:
        command = ["beat", "--loglevel=INFO", f"--schedule={self._data / 'beat-schedule'}", "--pidfile="]
        return self._celery(f"beat.{start}", command, "beat: Starting...")

    def _celery(self, name: str, arguments: list[str], ready: str) -> Process:
        command = [sys.executable, "-m", "celery", "-A", "example_project.celery", *arguments]
        return Process(name, command, log=self._place.logs / f"{name}.log", answers=logged(ready))

    def _sender(self, seconds: float) -> Process:
        numbers = [str(self._options.messages), str(self._options.seed), str(seconds)]
        command = [sys.executable, "-m", "tests.chaos.sender", *numbers]
        return Process("sender", command, log=self._place.logs / "sender.log", answers=lambda _: True)

    def _leaks(self) -> list[str]:
        """Return where a log of ours says what it must not."""
        forbidden = {self._api_key: "the API key", self._token: "the push token"}
        for mark in TEXT_MARKS:
            forbidden |= dict.fromkeys((mark, quote(mark), json.dumps(mark)[1:-1]), "a text")
        return [
            f"{what} is in {name}"
            for name, text in self._logs()
            for secret, what in forbidden.items()
            if secret in text
        ]

    def _logs(self) -> Iterator[tuple[str, str]]:
        for log in sorted(self._place.logs.iterdir()):
            yield log.name, log.read_text(encoding="utf-8", errors="replace")
