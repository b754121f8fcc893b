"""Real processes for a test: the sandbox gateway, the worker and the site, on free ports and a folder of their own."""

from __future__ import annotations

import os
import re
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

import requests

from example_project import commands
from example_project.processes import ROOT, Process, stop

from .http_visitor import Visitor

STAFF_MOBILE = "13900139000"
STAFF_PASSWORD = "sms-demo-staff"
_OWN = ("DATABASE_URL", "CELERY_BROKER_URL", "CELERY_QUEUE", "SECRET_KEY", "DEBUG", "ALLOWED_HOSTS")
_CODE = re.compile(r"验证码是：(\d{6})。")
_Found = TypeVar("_Found")


def free_ports(count: int) -> list[int]:
    """Return ports of this machine that nobody listens on."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def wait_for(look: Callable[[], _Found | None], what: str, seconds: float = 20.0) -> _Found:
    """Look again and again until there is something.

    Args:
        look: Returns what is looked for, or something false.
        what: What is waited for, in words.
        seconds: How long to wait.
    """
    give_up_at = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < give_up_at, f"{what} did not happen within {seconds:.0f} s"
        time.sleep(0.1)
    return found


def clean_environment() -> dict[str, str]:
    """Return this process's environment without what would reach the example site's settings."""
    kept = {name: value for name, value in os.environ.items() if name not in _OWN}
    return {name: value for name, value in kept.items() if not name.startswith(("IHUYI_", "DJANGO_"))}


class Stack:
    """The three processes and how to talk to them.

    Attributes:
        secrets: Texts that no log may contain, with what they are.
    """

    def __init__(self, folder: Path, *gateway: str, **environment: str) -> None:
        """Describe the processes.

        Args:
            folder: For databases and logs.
            *gateway: Further options of the sandbox gateway.
            **environment: Further environment variables, for example ``DATABASE_URL``.
        """
        self.folder = folder
        self.api_key = secrets.token_hex(16)
        self.push_token = secrets.token_urlsafe(24)
        self.secrets = {self.api_key: "API key", self.push_token: "push token", STAFF_PASSWORD: "password"}
        site_port, sandbox_port = free_ports(2)
        self.site_url = f"http://127.0.0.1:{site_port}"
        self.sandbox_url = f"http://127.0.0.1:{sandbox_port}"
        self.environment = clean_environment() | {
            "IHUYI_DEMO_DATA": str(folder),
            "IHUYI_ACCOUNT": "cf_e2e",
            "IHUYI_API_KEY": self.api_key,
            "IHUYI_BASE_URL": f"{self.sandbox_url}/webservice/sms.php",
            "IHUYI_PUSH_TOKEN": self.push_token,
            "CAPTCHA_TEST_MODE": "1",
            "CODES_PER_ADDRESS": "1000",
            **environment,
        }
        self.logs = folder / "logs"
        queue = ("--queues", environment["CELERY_QUEUE"]) if "CELERY_QUEUE" in environment else ()
        pushes = f"{self.site_url}/ihuyi/push/{self.push_token}/"
        self.processes: list[Process] = [
            commands.sandbox(self.logs, sandbox_port, pushes, "--receipt-delay=0.5", *gateway),
            commands.worker(self.logs, *queue),
            commands.site(self.logs, site_port),
        ]

    def start(self, before: Callable[[], object] = lambda: None) -> None:
        """Make the tables and the staff user, start everything, and wait until it answers.

        Args:
            before: What is done when there are tables, but no process yet.
        """
        self.logs.mkdir(parents=True)
        manage(self.environment, "migrate", "--verbosity=0")
        manage(self.environment, "demo_staff")
        before()
        gateway, *others = self.processes
        # A worker that is quicker than the gateway would be refused, and try again.
        for together in ([gateway], others):
            for process in together:
                process.start(self.environment)
            for process in together:
                wait_for(partial(_answers, process), f"the {process.name}'s start", 90)

    def stop(self) -> None:
        """Stop everything."""
        stop(self.processes, hurry=lambda: False)

    def visitor(self) -> Visitor:
        """Return somebody new with a browser of their own, without pictures."""
        return Visitor(self.site_url, self.code)

    def staff(self) -> Visitor:
        """Return the staff user, logged in."""
        staff = self.visitor()
        staff.log_in(STAFF_MOBILE, STAFF_PASSWORD)
        return staff

    def texts(self, mobile: str) -> list[dict[str, str]]:
        """Return the texts on a number's phone."""
        answer = requests.get(f"{self.sandbox_url}/sandbox/messages", params={"mobile": mobile}, timeout=10)
        return list(answer.json()["messages"])

    def make_person(self, mobile: str, password: str) -> None:
        """Make somebody who has signed up before, without a text."""
        self.secrets[password] = "password"
        lines = [
            "from example_project.users.models import Person",
            f"person = Person(mobile={mobile!r})",
            f"person.set_password({password!r})",
            "Person.objects.bulk_create([person])",
        ]
        manage(self.environment, "shell", "--no-imports", "--command", "\n".join(lines))

    def code(self, mobile: str) -> str:
        """Wait for a code on a number's phone, and return the latest; from then on it is a secret."""

        def look() -> list[str]:
            return [found[1] for text in self.texts(_digits(mobile)) if (found := _CODE.search(text["text"]))]

        code = wait_for(look, f"a code to {mobile}")[-1]
        self.secrets[code] = "code"
        return code

    def found_secrets(self) -> list[str]:
        """Return where a log says what it must not: one line for each secret and log."""
        return [
            f"the {what} is in {log.name}"
            for log in sorted(self.logs.iterdir())
            for secret, what in self.secrets.items()
            if secret in log.read_text(encoding="utf-8", errors="replace")
        ]


def _digits(mobile: str) -> str:
    return "".join(filter(str.isdigit, mobile))[-11:]


def _answers(process: Process) -> bool:
    assert process.exit_status is None, f"the {process.name} ended by itself with {process.exit_status}"
    return process.answers()


def manage(environment: Mapping[str, str], *arguments: str) -> None:
    """Run a management command of the example site."""
    subprocess.run(
        [sys.executable, str(ROOT / "example_project" / "manage.py"), *arguments],
        env=dict(environment),
        cwd=ROOT,
        check=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )


def new_mobile() -> str:
    """Return a number that no other test uses and that the sandbox has no trick for."""
    return f"137{secrets.randbelow(10**8):08d}"


def new_password() -> str:
    """Return a password that the site's rules take."""
    return f"pw-{secrets.token_hex(8)}"
