"""The tutorial, followed to the letter with the wheel alone: from an empty folder to a verified sign-up."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from tests.docs.reading import blocks
from tests.e2e.stack import free_ports, wait_for

from .building import Built
from .stranger import Site, install

PAGE = "docs/tutorial.md"
MOBILE = "13712345678"
STAFF = ("li", "tea-and-cake-9")
# What the fixture does instead, from the wheel.
INSTALLING = ["python3 -m venv .venv", ". .venv/bin/activate", 'python -m pip install "$PACKAGE"']


class Reader:
    """Types what the page says into a terminal, and writes the files that it shows. Only the ports are others."""

    def __init__(self, site: Site, stack: ExitStack) -> None:
        self.site = site
        self._stack = stack
        self._sandbox_port, self._site_port = free_ports(2)
        self.sandbox_url = f"http://127.0.0.1:{self._sandbox_port}"
        self.site_url = f"http://127.0.0.1:{self._site_port}"
        self.typed: list[str] = []
        site.environment |= {"DJANGO_SUPERUSER_PASSWORD": STAFF[1]}

    def write(self, name: str, text: str) -> None:
        """Write a file as the page says: settings at the end of what is there, everything else in its place."""
        path = self.site.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.read_text("utf-8") if name.endswith("settings.py") else ""
        path.write_text(before + text.replace("http://127.0.0.1:8106", self.sandbox_url), "utf-8")

    def type(self, command: str) -> None:
        """Run a command; one that serves goes on in a terminal of its own."""
        self.typed.append(command)
        if command in INSTALLING:
            return
        python, *arguments = shlex.split(command)
        assert python == "python"
        if "ihuyi_sandbox" in arguments:
            token = re.findall(r'"PUSH_TOKENS": \["(.+)"\]', (self.site.directory / "mysite/settings.py").read_text())[
                0
            ]
            pushes = f"{self.site_url}/ihuyi/push/{token}/"
            self._serve("ihuyi_sandbox", "--port", str(self._sandbox_port), "--push-url", pushes)
        elif "runserver" in arguments:
            self._serve("runserver", "--noreload", f"127.0.0.1:{self._site_port}")
        elif "createsuperuser" in arguments:
            self.site.execute(*arguments, "--noinput", "--username", STAFF[0], "--email", "li@example.com")
        else:
            self.site.execute(*arguments)

    def _serve(self, *arguments: str) -> None:
        self._stack.enter_context(self.site.serving(*arguments))

    def latest_code(self) -> str:
        """The code on the phone."""
        taken = requests.get(f"{self.sandbox_url}/sandbox/messages", {"mobile": MOBILE}, timeout=20).json()["messages"]
        [code] = re.findall(r"\d{6}", taken[-1]["content"])
        return str(code)


@pytest.fixture(scope="module")
def reader(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """Somebody who has followed the whole page."""
    folder = tmp_path_factory.mktemp("tutorial")
    python = install(built.wheel, tmp_path_factory.mktemp("environment"))
    with ExitStack() as stack:
        reader = Reader(Site(python, folder), stack)
        for code in blocks(PAGE):
            if code.file:
                reader.write(code.file, code.text)
            elif code.language == "console":
                for line in code.text.splitlines():
                    reader.type(line.removeprefix("$ "))
        yield reader


class Visitor:
    """A person's browser at the sign-up."""

    def __init__(self, reader: Reader) -> None:
        self._address = f"{reader.site_url}/sign-up/"
        self._session = requests.Session()
        self._session.get(self._address, timeout=20)

    def post(self, **fields: str) -> requests.Response:
        """Send the form."""
        fields |= {"mobile": MOBILE, "csrfmiddlewaretoken": self._session.cookies["csrftoken"]}
        return self._session.post(self._address, fields, timeout=20)


def test_the_page_begins_with_an_install(reader: Reader) -> None:
    assert reader.typed[: len(INSTALLING)] == INSTALLING
    path = Path(reader.site.execute("-c", "import django_ihuyi; print(django_ihuyi.__file__)"))
    assert path.is_relative_to(reader.site.python.parents[1])


def test_somebody_signs_up_with_a_code(reader: Reader) -> None:
    visitor = Visitor(reader)
    assert visitor.post(send_code="1").status_code == 200
    assert visitor.post(send_code="1").status_code == 429  # within a minute
    code = reader.latest_code()
    assert "You are" not in visitor.post(code="000000" if code != "000000" else "111111").text
    assert f"You are {MOBILE}, and that is verified." in visitor.post(code=code).text
    assert "You are" not in Visitor(reader).post(code=code).text
    arrived = "from django_ihuyi.models import Message; print(*Message.objects.values_list('category', 'status'))"
    wait_for(lambda: "('verification', 'delivered')" in reader.site.script(arrived, "mysite.settings"), "the receipt")


def test_staff_see_the_text(reader: Reader) -> None:
    with requests.Session() as browser:
        login = browser.get(f"{reader.site_url}/admin/login/?next=/admin/django_ihuyi/message/", timeout=20)
        fields = {"username": STAFF[0], "password": STAFF[1], "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
        page = browser.post(login.url, fields, timeout=20)
    assert page.url.endswith("/admin/django_ihuyi/message/")
    assert MOBILE in page.text  # the text that the page had them send
