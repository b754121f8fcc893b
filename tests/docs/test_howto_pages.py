"""Sites made of the README and a page on production, moving or the push URLs work as the page says."""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from django_ihuyi.sandbox import Sandbox

from .markdown_reader import blocks
from .test_snippets import SETUP, TOKEN, Site

QUEUES = "from django.conf import settings; print(*sorted(settings.IHUYI['QUEUES'].values()))"

NO_OTHER_BROKER = "import os; del os.environ['CELERY_BROKER_URL']\n"  # which Celery prefers to the settings
FOLDER_AND_FILE = """
import pathlib, warnings
from django.conf import settings
from django.db import connection
from mysite import celery_app
with connection.cursor() as cursor:
    print(cursor.execute("PRAGMA journal_mode").fetchone()[0], connection.transaction_mode)
celery_app.send_task("nothing")
print(len(list(pathlib.Path(settings.FOLDER).glob("*.msg"))))
"""

PUSH = """
import logging
from django.test import Client
fields = {"code": "2", "msg": "DELIVRD", "mobilephone": "13800138000", "smsid": "15870246956696820530"}
fields["report_time"] = "2017-08-02 14:31:51"
def push(token, address):
    client = Client(SERVER_NAME="localhost", REMOTE_ADDR="127.0.0.1", headers={"x-forwarded-for": address})
    print(token[:3], address, client.post(f"/ihuyi/push/{token}/receipt/", fields).status_code)
"""

OLD_AND_NEW = """
import shop.codes, shop.old_sms, shop.orders, shop.sms
from types import SimpleNamespace
from django.conf import settings
from django_ihuyi import send_code
from django_ihuyi.models import Message
account = settings.IHUYI["ACCOUNTS"]["default"]
shop.old_sms.URL = account["BASE_URL"] + "?method=Submit"
shop.old_sms.ACCOUNT, shop.old_sms.KEY = account["ACCOUNT"], account["API_KEY"]
print(shop.old_sms.send("13712345678", "您的订单 7 已发货。"), shop.sms.send("13612345678", "您的订单 8 已发货。"))
print(shop.sms.send("1", "您的订单 8 已发货。"), shop.orders.ship(9, "13512345678").idempotency_key)
before = SimpleNamespace(session={"sms_code": "1234"})
print(shop.codes.is_right(before, "13712345678", "1234"), shop.codes.is_right(before, "13712345678", "4321"))
print(shop.codes.is_right(SimpleNamespace(session={}), "13712345678", "1234"))
from django_ihuyi.models import Receipt
from django.utils import timezone
Receipt.objects.create(smsid="15870246956696820530", mobile="13712345678", code=2, report_time=timezone.now())
"""


@pytest.fixture(scope="module")
def gateway() -> Iterator[Sandbox]:
    with Sandbox(one_a_second=False) as sandbox:
        yield sandbox


def made_of(folder: Path, gateway: Sandbox, *pages: str) -> Site:
    """A migrated site that sends without a broker."""
    site = Site(folder, gateway.base_url, *(f"docs/{page}.md" for page in pages))
    site.without_broker()
    site.python("manage.py", "migrate", "--verbosity", "0")
    return site


def ready(page: str) -> str:
    """The snippets of a page that are no files."""
    return "\n".join(code.text for code in blocks(f"docs/{page}.md", "python") if not code.file)


def test_production_is_right_and_every_queue_has_a_worker(tmp_path: Path, gateway: Sandbox) -> None:
    site = made_of(tmp_path, gateway, "production")
    site.with_mail_server()
    told = site.python("manage.py", "check", "--deploy")
    # The sandbox, and no broker: this test adds both.
    assert set(re.findall(r"django_ihuyi\.\w+", told)) == {"django_ihuyi.W022", "django_ihuyi.W024"}
    served = []
    for unit in blocks("docs/production.md", "ini"):
        parser = configparser.ConfigParser(interpolation=None)
        parser.read_string(unit.text)
        command = parser["Service"]["ExecStart"].split()
        assert command[1:3] == ["-A", "mysite"]
        served += command[command.index("-Q") + 1].split(",") if "-Q" in command else []
    assert site.python("-c", SETUP + QUEUES).split() == sorted(served)


def test_sqlite_and_a_folder_are_a_database_and_a_broker(tmp_path: Path, gateway: Sandbox) -> None:
    site = Site(tmp_path, gateway.base_url, "docs/databases.md")
    assert site.python("-c", NO_OTHER_BROKER + SETUP + FOLDER_AND_FILE).splitlines() == ["wal IMMEDIATE", "1"]


def test_the_push_urls_are_closed_as_the_page_says(tmp_path: Path, gateway: Sandbox) -> None:
    site = made_of(tmp_path, gateway, "push-urls")
    pushes = [("the-new-token-0123456789abcdef", "203.0.113.9"), (TOKEN, "203.0.113.9"), (TOKEN, "198.51.100.7")]
    told = site.python("-c", "\n".join([SETUP, PUSH, *(f"push{push}" for push in pushes)]))
    statuses = [line for line in told.splitlines() if line[-3:].isdecimal()]
    assert statuses == ["the 203.0.113.9 200", "a-t 203.0.113.9 200", "a-t 198.51.100.7 404"]
    assert "A push was refused" in told
    line = f'logging.getLogger("django.server").info("POST /ihuyi/push/{TOKEN}/receipt/ 200")'
    assert site.python("-c", "\n".join([SETUP, "import logging", line])) == "POST /ihuyi/push/***/receipt/ 200"


def test_the_new_call_does_what_the_old_one_did(tmp_path: Path, gateway: Sandbox) -> None:
    site = made_of(tmp_path, gateway, "moving")
    assert site.python("-c", "\n".join([SETUP, OLD_AND_NEW, ready("moving")])).splitlines()[:5] == [
        "True True",
        "False order-9-shipped",
        "True False",
        "False",
        "15870246956696820530 2 " + site.python("-c", SETUP + LATEST),
    ]
    taken = {message.mobile: message.content for message in gateway.messages}
    assert [taken[f"13{digit}12345678"] for digit in "765"] == [f"您的订单 {number} 已发货。" for number in (7, 8, 9)]


LATEST = "from django_ihuyi.models import Receipt; print(Receipt.objects.get().report_time)"


@pytest.mark.parametrize(("page", "printed"), [("never-twice", ["True"]), ("limits", ["interval True"])])
def test_what_is_explained_is_so(tmp_path: Path, gateway: Sandbox, page: str, printed: list[str]) -> None:
    site = made_of(tmp_path, gateway, page, "unknown")
    assert "RESEND_UNKNOWN" in (tmp_path / "mysite/settings.py").read_text("utf-8")
    assert site.python("manage.py", "check", "--fail-level", "WARNING").endswith("no issues (0 silenced).")
    assert site.python("-c", f"{SETUP}\n{ready(page)}").splitlines() == printed


def test_an_upgrade_is_three_commands(tmp_path: Path, gateway: Sandbox) -> None:
    site = made_of(tmp_path, gateway)
    [code] = [code for code in blocks("docs/upgrading.md", "console") if "--upgrade" in code.text]
    install, *commands = [line.removeprefix("$ python ") for line in code.text.splitlines()]
    assert install == "-m pip install --upgrade django-ihuyi"
    assert [bool(site.python(*command.split())) for command in commands] == [True, True]
