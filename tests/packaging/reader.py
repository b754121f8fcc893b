"""Somebody who follows the documents to the letter, in an environment that has the wheel and no checkout."""

from __future__ import annotations

import re
import shlex
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

import requests

from tests.docs.markdown_reader import Code
from tests.e2e.processes import free_ports, wait_for

from .wheel_site import Site

STAFF = ("li", "tea-and-cake-9")
NO_ISSUES = "System check identified no issues (0 silenced)."
_PIP = re.compile(r"python3? -m (pip|venv) .*|\. \.venv/bin/activate")
"""What the fixture does instead, from the wheel."""


class Reader:
    """Types what a page says into a terminal, and writes the files that it shows. Only the ports are others.

    Attributes:
        typed: The commands of the pages, as they say them.
        settings: What a reader adds to the settings who has no broker and no account, as the README says.
    """

    def __init__(self, site: Site, stack: ExitStack, settings: str = "") -> None:
        self.site = site
        self.typed: list[str] = []
        self.settings = settings
        self._stack = stack
        self._sandbox_port, self._site_port = free_ports(2)
        self.sandbox_url = f"http://127.0.0.1:{self._sandbox_port}"
        self.site_url = f"http://127.0.0.1:{self._site_port}"
        site.environment |= {"DJANGO_SUPERUSER_PASSWORD": STAFF[1]}

    def follow(self, *codes: Code) -> None:
        """Do what the blocks of a page say, in their order."""
        for code in codes:
            if code.file:
                self._write(code.file, code.text)
            elif code.language == "console":
                for line in code.text.splitlines():
                    self.type(line.removeprefix("$ "))

    def _write(self, name: str, text: str) -> None:
        """Write a file as the page says: settings at the end of what is there, everything else in its place."""
        path = self.site.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("settings.py"):
            text = f"{path.read_text('utf-8')}\n{text}\n{self.settings}"
            self.settings = ""
        path.write_text(text.replace("http://127.0.0.1:8106", self.sandbox_url), "utf-8")

    def type(self, command: str) -> None:
        """Run a command; one that serves goes on in a terminal of its own. No check warns of anything."""
        self.typed.append(command)
        if _PIP.fullmatch(command):
            return
        program, *arguments = shlex.split(command)
        if program == "export":
            self.site.environment |= dict(one.split("=", 1) for one in arguments)
        elif program == "celery":
            self._start_worker(*arguments)
        elif "ihuyi_sandbox" in arguments:
            self._serve("ihuyi_sandbox", "--port", str(self._sandbox_port), "--push-url", self._pushes())
        elif "runserver" in arguments:
            self._serve("runserver", "--noreload", f"127.0.0.1:{self._site_port}")
        elif "createsuperuser" in arguments:
            self.site.execute(*arguments, "--noinput", "--username", STAFF[0], "--email", "li@example.com")
        else:
            assert program == "python"
            told = self.site.execute(*arguments)
            assert "WARNINGS:" not in told, told
            assert arguments != ["manage.py", "check"] or told == NO_ISSUES

    def _pushes(self) -> str:
        """Where the sandbox pushes to: the default, but for the port."""
        token = self.site.script("from django.conf import settings; print(settings.IHUYI['PUSH_TOKENS'][0])", SETTINGS)
        return f"{self.site_url}/ihuyi/push/{token}/"

    def _serve(self, *arguments: str) -> None:
        self._stack.enter_context(self.site.serving(*arguments))

    def _start_worker(self, *arguments: str) -> None:
        """Start the worker, wait until it is ready, and stop it: what is sent here needs no broker."""
        with subprocess.Popen(
            [self.site.python, "-m", "celery", *arguments, "--loglevel=INFO"],
            cwd=self.site.directory,
            env=self.site.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as process:
            assert process.stdout is not None
            printed = ""
            try:
                while " ready." not in printed:
                    line = process.stdout.readline()
                    assert line, printed
                    printed += line
            finally:
                process.terminate()
                process.stdout.read()

    def latest_code(self, mobile: str) -> str:
        """The code on the phone; a second after it came the gateway takes another."""
        taken = requests.get(f"{self.sandbox_url}/sandbox/messages", {"mobile": mobile}, timeout=20).json()["messages"]
        wait_for(lambda: time.time() > taken[-1]["time"] + 1.1, "the next second")
        [code] = re.findall(r"\d{4,6}", taken[-1]["content"])
        return str(code)


SETTINGS = "mysite.settings"


def is_of_the_environment(site: Site) -> bool:
    """Whether the package that the site imports is the wheel's."""
    path = Path(site.execute("-c", "import django_ihuyi; print(django_ihuyi.__file__)"))
    return path.is_relative_to(site.python.parents[1])
