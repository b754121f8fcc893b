"""The tutorial, followed to the letter with the wheel alone: from an empty folder to a verified sign-up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import requests

from tests.docs.markdown_reader import blocks
from tests.e2e.processes import wait_for

from .distribution import Built
from .reader import STAFF, Reader, is_of_the_environment
from .wheel_site import Site, install

PAGE = "docs/tutorial.md"
MOBILE = "13712345678"
INSTALLING = ["python3 -m venv .venv", ". .venv/bin/activate", 'python -m pip install "$PACKAGE"']


@pytest.fixture(scope="module")
def reader(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """Somebody who has followed the whole page."""
    folder = tmp_path_factory.mktemp("tutorial")
    python = install(built.wheel, tmp_path_factory.mktemp("environment"))
    with ExitStack() as stack:
        reader = Reader(Site(python, folder), stack)
        reader.follow(*blocks(PAGE))
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
    assert is_of_the_environment(reader.site)


def test_somebody_signs_up_with_a_code(reader: Reader) -> None:
    visitor = Visitor(reader)
    assert visitor.post(send_code="1").status_code == 200
    assert visitor.post(send_code="1").status_code == 429  # within a minute
    code = reader.latest_code(MOBILE)
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
