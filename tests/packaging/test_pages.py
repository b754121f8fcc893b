"""The README's installation and pages on top of it, followed to the letter with the wheel alone.

No page that a person is led to may be missing, and ``check`` finds nothing wherever the documents have it typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import requests

from tests.docs.markdown_reader import fenced, read
from tests.e2e.processes import wait_for

from .distribution import Built
from .reader import SETTINGS, Reader, is_of_the_environment
from .wheel_site import Site, install

README = read("README.md").partition("## Install it into your site\n")[2].partition("\n## ")[0]
STEPS_1_TO_4, _, _STEP_5 = README.partition("**5. ")
MOBILE = "13800138000"
PASSWORDS = ("tea-and-cake-9", "milk-and-honey-7")
TO_TRY_IT = """
IHUYI["ACCOUNTS"]["default"]["BASE_URL"] = "http://127.0.0.1:8106/webservice/sms.php"
CELERY_TASK_ALWAYS_EAGER = True
"""
"""What the README says to add without an account and without a broker."""
NO_PAUSE = '\nIHUYI.setdefault("VERIFICATION", {})["INTERVAL"] = 0\n'
"""So that two codes may follow one another: a reader would wait for a minute."""


@pytest.fixture(scope="module")
def python(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel, and what a page says to install."""
    return install(built.wheel, tmp_path_factory.mktemp("environment"), extras="[allauth]")


@contextmanager
def followed(python: Path, folder: Path, *texts: str, start: bool) -> Iterator[Reader]:
    """Follow texts on a new site, with the sandbox beside it; start the site where the texts do not."""
    with ExitStack() as stack:
        reader = Reader(Site(python, folder), stack, TO_TRY_IT + NO_PAUSE)
        reader.type("python -m django startproject mysite .")
        for text in texts:
            reader.follow(*fenced(text))
        reader.type("python manage.py ihuyi_sandbox")
        if start:
            reader.type("python manage.py runserver")
        yield reader


class Visitor:
    """A person's browser."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._session = requests.Session()

    def get(self, path: str) -> requests.Response:
        """Open a page, which must be there."""
        page = self._session.get(self._reader.site_url + path, timeout=30)
        assert page.status_code == 200, (page.url, page.status_code)
        return page

    def post(self, path: str, **fields: str) -> requests.Response:
        """Fill a page's form in and send it; the page that the site leads to must be there."""
        page = self.get(path)
        [token] = set(re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text))
        answer = self._session.post(page.url, fields | {"csrfmiddlewaretoken": token}, timeout=30)
        assert answer.status_code == 200, (answer.url, answer.status_code)
        return answer

    def code(self) -> str:
        """Read the code on the phone."""
        return self._reader.latest_code(MOBILE)

    def path_of(self, page: requests.Response) -> str:
        """Return where a page is."""
        return page.url.removeprefix(self._reader.site_url)


def test_readme__followed_to_the_letter__sends_and_receives(python: Path, tmp_path: Path) -> None:
    with followed(python, tmp_path, README, start=True) as reader:
        assert is_of_the_environment(reader.site)
        assert {"python manage.py check", "celery -A mysite worker -B"} <= set(reader.typed)
        reader.type(f'python manage.py ihuyi_send {MOBILE} "您的订单已发货。"')
        status = "from django_ihuyi.models import Message; print(*Message.objects.values_list('status', flat=True))"
        wait_for(lambda: reader.site.script(status, SETTINGS) == "delivered", "the receipt")
        assert Visitor(reader).get("/admin/").status_code == 200


def allauth(reader: Reader) -> None:
    """Sign up, log out, log in by password and by code, change the number, and set a new password."""
    visitor = Visitor(reader)
    assert "Sign up" in visitor.get("/").text
    asked = visitor.post("/accounts/signup/", phone=MOBILE, password1=PASSWORDS[0])
    assert visitor.path_of(asked) == "/accounts/phone/verify/"
    home = visitor.post("/accounts/phone/verify/", code=visitor.code())
    assert visitor.path_of(home) == "/"
    assert f"You are {MOBILE}." in home.text
    assert visitor.path_of(visitor.post("/accounts/logout/")) == "/"
    assert f"You are {MOBILE}." in visitor.post("/accounts/login/", login=MOBILE, password=PASSWORDS[0]).text
    visitor.post("/accounts/logout/")
    visitor.post("/accounts/login/code/", phone=MOBILE)
    assert f"You are {MOBILE}." in visitor.post("/accounts/login/code/confirm/", code=visitor.code()).text
    visitor.get("/accounts/phone/change/")
    visitor.post("/accounts/logout/")
    reset = "/accounts/password/reset/"
    assert reset in visitor.get("/accounts/login/").text
    visitor.post(reset, mobile=MOBILE, send_code="1")
    done = visitor.post(reset, mobile=MOBILE, code=visitor.code(), password=PASSWORDS[1])
    assert visitor.path_of(done) == "/accounts/login/"
    assert f"You are {MOBILE}." in visitor.post("/accounts/login/", login=MOBILE, password=PASSWORDS[1]).text


def log_in_by_code(reader: Reader) -> None:
    """Log in."""
    visitor = Visitor(reader)
    assert "/log-in/" in visitor.get("/").text
    visitor.post("/log-in/", mobile=MOBILE, send_code="1")
    home = visitor.post("/log-in/", mobile=MOBILE, code=visitor.code())
    assert visitor.path_of(home) == "/"
    assert f"You are {MOBILE}." in home.text


@pytest.mark.parametrize(
    ("page", "visit"), [("allauth", allauth), ("log-in-by-code", log_in_by_code)], ids=["allauth", "log-in-by-code"]
)
def test_page_with_a_user_model__followed_to_the_letter__leads_to_pages_that_are_there(
    python: Path, tmp_path: Path, page: str, visit: Callable[[Reader], None]
) -> None:
    assert "README's installation up to step 4" in read(f"docs/{page}.md")
    with followed(python, tmp_path, STEPS_1_TO_4, read(f"docs/{page}.md"), start=False) as reader:
        assert "python manage.py runserver" in reader.typed
        visit(reader)
