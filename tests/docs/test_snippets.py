"""A site made of nothing but the README's snippets works: checks, migrations, Celery, push URLs, sending, signals.

The Chinese README has the same code, as ``test_documents`` sees to.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from django_ihuyi.sandbox import Sandbox
from tests.packaging.distribution import environment, run

from .markdown_reader import ROOT, blocks, code_in, tables

README = "README.md"
TOKEN = "a-token-of-the-readmes-reader-0123456789"
FILES = ["mysite/settings.py", "mysite/urls.py", "mysite/celery.py", "mysite/__init__.py"]
SETUP = "import os, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'mysite.settings'; django.setup()\n"


class Site:
    """A site made by ``startproject``, the README, and pages that come on top of it."""

    def __init__(self, folder: Path, gateway: str, *pages: str) -> None:
        self._folder = folder
        self._environment = environment(
            PYTHONPATH=str(ROOT),
            PYTHONDONTWRITEBYTECODE="1",
            PYTHONUTF8="1",
            CELERY_BROKER_URL="memory://",
            IHUYI_ACCOUNT="sandbox",
            IHUYI_API_KEY="sandbox-api-key",
            IHUYI_PUSH_TOKEN=TOKEN,
        )
        self.python("-m", "django", "startproject", "mysite", ".")
        for code in (code for page in (README, *pages) for code in blocks(page)):
            if code.file:
                # Behind what startproject wrote, but the URLs, which are the whole file.
                before = "" if code.file.endswith("urls.py") else self._read(code.file)
                path = folder / code.file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(f"{before}\n{code.text}", "utf-8")
        with (folder / "mysite" / "settings.py").open("a", encoding="utf-8") as file:
            file.write(f"\nIHUYI['ACCOUNTS']['default']['BASE_URL'] = {gateway!r}\n")

    def _read(self, name: str) -> str:
        path = self._folder / name
        return path.read_text("utf-8") if path.exists() else ""

    def python(self, *arguments: str) -> str:
        """Run Python in the site's folder, with warnings as errors; return what it printed."""
        return run(sys.executable, "-W", "error", *arguments, cwd=self._folder, env=self._environment).strip()

    def without_broker(self) -> None:
        """Set what the README says of a site without a broker."""
        with (self._folder / "mysite" / "settings.py").open("a", encoding="utf-8") as file:
            file.write("\nCELERY_TASK_ALWAYS_EAGER = True\n")

    def with_mail_server(self) -> None:
        """Send no mail to the console: from Django 6.1 on that is an error in production."""
        with (self._folder / "mysite" / "settings.py").open("a", encoding="utf-8") as file:
            file.write("\nMAILERS = {'default': {'BACKEND': 'django.core.mail.backends.smtp.EmailBackend'}}\n")


@pytest.fixture(scope="module")
def gateway() -> Iterator[Sandbox]:
    with Sandbox(one_a_second=False) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, gateway: Sandbox) -> Site:
    site = Site(tmp_path_factory.mktemp("site"), gateway.base_url)
    site.python("manage.py", "migrate", "--verbosity", "0")
    return site


def test_the_checks_find_nothing(site: Site) -> None:
    assert [code.file for code in blocks(README, "python") if code.file] == FILES
    assert site.python("manage.py", "check", "--fail-level", "WARNING").endswith("no issues (0 silenced).")


def test_a_step_that_was_forgotten_is_told(tmp_path: Path, gateway: Sandbox) -> None:
    site = Site(tmp_path, gateway.base_url)
    site.without_broker()
    (tmp_path / "mysite" / "__init__.py").write_text("", "utf-8")
    urls = tmp_path / "mysite" / "urls.py"
    lines = urls.read_text("utf-8").splitlines()
    urls.write_text("\n".join(line for line in lines if "django_ihuyi" not in line), "utf-8")
    told = site.python("manage.py", "check")
    assert set(re.findall(r"django_ihuyi\.W\d+\) .*", told)) == {
        (
            "django_ihuyi.W002) IHUYI['PUSH_TOKENS'] is set, and mysite.urls has no URL for pushes: "
            "no receipt or reply can be received."
        ),
        (
            "django_ihuyi.W004) Celery does not read CELERY_TASK_ALWAYS_EAGER: "
            "the site's Celery application is not imported."
        ),
    }
    assert "Write in mysite/__init__.py: from .celery import app as celery_app." in told


def test_celery_finds_its_application_and_the_schedule(site: Site) -> None:
    code = (
        "import mysite; app = mysite.celery_app; app.loader.import_default_modules()\n"
        "print(app.conf.broker_url, *app.conf.beat_schedule, 'django_ihuyi.tasks.submit_message' in app.tasks)"
    )
    assert site.python("-c", code) == (
        "memory:// django-ihuyi-sweep django-ihuyi-check-balance django-ihuyi-purge True"
    )
    [commands] = [code.text.splitlines() for code in blocks(README, "console") if "celery -A" in code.text]
    assert commands == ["$ python manage.py migrate", "$ python manage.py check", "$ celery -A mysite worker -B"]
    assert "mysite" in site.python("-m", "celery", "-A", "mysite", "report")


def test_the_push_urls_are_the_sites(site: Site) -> None:
    [table] = [table for table in tables(README) if "/ihuyi/push/" in table[1][1]]
    paths = [code_in(row[1]).partition("example.com")[2].replace("<token>", TOKEN) for row in table[1:]]
    resolved = f"from django.urls import resolve; print(*(resolve(path).view_name for path in {paths!r}))"
    names = "django_ihuyi:push-receipt django_ihuyi:push-reply django_ihuyi:push-template"
    assert site.python("-c", SETUP + resolved) == names


def test_the_sweep_of_a_site_without_beat(site: Site) -> None:
    assert site.python("manage.py", "ihuyi_sweep", "--once").startswith("expired=0")
    assert "--loop" in site.python("manage.py", "help", "ihuyi_sweep")


def test_every_other_snippet_runs_and_prints_what_it_says(site: Site) -> None:
    site.without_broker()
    snippets = [code.text for code in blocks(README, "python") if not code.file]
    signals = [code.text for code in blocks("docs/signals.md", "python")]
    what_comes_back = (
        "from django_ihuyi.models import Message, Reply\n"
        "first, second, *_codes = Message.objects.order_by('pk')\n"
        "first.apply_receipt(delivered=False, code=0, msg='UNDELIV', reported_at=None)\n"
        "Reply.objects.receive(Reply(message=first, mobile=first.mobile, content='TD'))\n"
        "from django_ihuyi.signals import account_paused\n"
        "account_paused.send(None, account='default', code=4051)\n"
        "print(first.idempotency_key, first.status, second.template, second.status)\n"
    )
    printed = site.python("-c", "\n".join([SETUP, *snippets, *signals, what_comes_back])).splitlines()
    promised = re.findall(r"print\(.*\)  # (.+)", "\n".join(snippets))
    assert promised
    assert printed == [
        *promised,
        "Message 1 did not arrive: UNDELIV",
        "Reply 1 to message 1",
        "The account default is paused: the gateway answered 4051",
        "order-7-shipped undelivered 1 accepted",
    ]
