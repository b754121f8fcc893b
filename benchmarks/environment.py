"""The servers and processes of a measurement: a database, a broker, a stand-in gateway, workers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import requests

from example_project.processes import Process, answers_http, logged, stop
from tests import services
from tests.e2e.processes import clean_environment, free_ports

PATIENCE = 300.0
"""Seconds that anything measured may take before the run is given up."""


class Stage:
    """One database and one broker with their environment; processes started on it are stopped at its end."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.environment = environment
        self.folder = folder
        self._processes: list[Process] = []

    def start(self, name: str, command: list[str], answers: Callable[[Process], bool], *, nice: int = 0) -> Process:
        """Start a process and wait until it does its work."""
        command = ["nice", "-n", str(nice), sys.executable, "-m", *command]
        process = Process(name, command, log=self.folder / f"{name}.log", answers=answers)
        process.start(self.environment)
        self._processes.append(process)
        wait_for(lambda: process.answers() or process.exit_status is not None, f"{name} to start")
        if process.exit_status is not None:
            raise RuntimeError(f"{name} ended at once:\n" + "\n".join(process.last_lines()))
        return process

    def gateway(self, milliseconds: float) -> Gateway:
        """Start a stand-in gateway that answers after so many milliseconds."""
        (port,) = free_ports(1)
        command = ["benchmarks.gateway", str(port), str(milliseconds)]
        gateway = Gateway(port, self.start(f"gateway-{port}", command, answers_http(port)))
        self.environment["BENCH_GATEWAY"] = gateway.url
        return gateway

    def worker(self, processes: int, *options: str, name: str = "worker", nice: int = 0) -> Process:
        """Start a Celery worker with so many processes."""
        command = ["celery", "-A", "benchmarks.celery", "worker", f"--concurrency={processes}", "--loglevel=INFO"]
        command += [
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
            f"--hostname={name}@{self.folder.name}",
        ]
        return self.start(name, [*command, *options], logged(" ready."), nice=nice)

    def run(self, module: str, *arguments: str) -> dict[str, Any]:
        """Run a part of a measurement in a process of its own, and return the JSON that it prints last."""
        command = [sys.executable, "-m", module, *arguments]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{module} failed:\n{done.stderr[-2000:]}")
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return result

    def stop(self, *processes: Process) -> None:
        """Stop processes, or all of them."""
        gone = list(processes or self._processes)
        stop(gone, lambda: False)
        self._processes = [process for process in self._processes if process not in gone]


class Gateway:
    """A stand-in gateway that runs."""

    def __init__(self, port: int, process: Process) -> None:
        self.process = process
        self.port = port
        self._root = f"http://127.0.0.1:{port}"
        self.url = f"{self._root}/webservice/sms.php"

    def stats(self, *, reset: bool = False) -> dict[str, Any]:
        """Return what it counted."""
        found: dict[str, Any] = requests.get(f"{self._root}/{'reset' if reset else 'stats'}", timeout=10).json()
        return found

    def rate_after(self, number: int) -> float:
        """Wait until so many messages came, and return how many came a second at full work."""
        wait_for(lambda: self.stats()["number"] >= number, f"{number} Submits")
        stats = self.stats(reset=True)
        if stats["number"] != number:
            raise AssertionError(f"{stats['number']} Submits for {number} messages")
        return float(stats["rate"])


@contextmanager
def staged(broker: str = "redis", database: str = "postgresql", **settings: str) -> Iterator[Stage]:
    """Make a database and a broker for one measurement, gone afterwards.

    Args:
        broker: ``redis`` or ``rabbitmq``.
        database: ``postgresql`` or ``mariadb``.
        **settings: More environment variables.

    Raises:
        SystemExit: One of the servers cannot be reached; a line says which.
    """
    services.need(database, broker)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ihuyi-bench-")))
        make = {"postgresql": services.postgresql_database, "mariadb": services.mariadb_database}[database]
        environment = clean_environment() | {
            "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
            "DATABASE_URL": stack.enter_context(make()),
            **settings,
        }
        if broker == "redis":
            environment["CELERY_BROKER_URL"] = stack.enter_context(services.redis_database())
        else:
            url, queue = stack.enter_context(services.rabbitmq_queue())
            environment |= {"CELERY_BROKER_URL": url, "CELERY_QUEUE": queue}
        stage = Stage(environment, folder)
        stack.callback(stage.stop)
        migrate(environment)
        yield stage


def migrate(environment: Mapping[str, str]) -> None:
    """Make the tables."""
    command = [sys.executable, "-m", "django", "migrate", "--verbosity=0"]
    subprocess.run(command, env=environment, check=True)


def wait_for(look: Callable[[], Any], what: str) -> None:
    """Look until it is true."""
    give_up_at = time.monotonic() + PATIENCE
    while not look():
        if time.monotonic() > give_up_at:
            raise TimeoutError(f"waited {PATIENCE:.0f} s for {what}")
        time.sleep(0.05)


def enter(environment: Mapping[str, str]) -> None:
    """Set Django up in this process, with a stage's environment."""
    import django

    os.environ.update(environment)
    django.setup()
