"""A stranger's site on the wheel alone: checks, migrations, sending, pushes, the admin and static files."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import requests

from .distribution import source_files
from .wheel_site import ADMIN, TOKEN, Site

MOBILE = "13800138000"
STATIC = "django_ihuyi/static/"


def record(site: Site, smsid: str) -> int:
    """Record a message that the gateway accepted; return its primary key."""
    return int(
        site.script(
            "from django_ihuyi.models import Message\n"
            f"print(Message.objects.create(mobile='{MOBILE}', content='您好', status='accepted', smsid='{smsid}').pk)"
        )
    )


def test_the_package_is_the_wheels(site: Site) -> None:
    path = Path(site.execute("-c", "import django_ihuyi; print(django_ihuyi.__file__)"))
    assert path.is_relative_to(site.python.parents[1])


@pytest.mark.parametrize(
    "code",
    [
        "import django_ihuyi",
        "from django_ihuyi import send_sms",
        "from django_ihuyi.gateway import Client",
        "from django_ihuyi.exceptions import InvalidMessage",
    ],
)
def test_imports_before_django_is_set_up(site: Site, code: str) -> None:
    afterwards = (
        "; from django.apps import apps; from django.conf import settings; print(apps.ready, settings.configured)"
    )
    assert site.execute("-c", code + afterwards) == "False False"


def test_send_sms_imported_before_django_is_set_up_sends_afterwards(site: Site) -> None:
    code = (
        "from django_ihuyi import send_sms\n"
        "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'shop.settings'; import django; django.setup()\n"
        f"message = send_sms('+86 {MOBILE[:3]} {MOBILE[3:]}', '您的订单已发货。', metadata={{'order': 7}})\n"
        "message.refresh_from_db()\n"
        "print(message.mobile, message.status, message.segments, message.metadata)"
    )
    assert site.execute("-c", code) == f"{MOBILE} queued 1 {{'order': 7}}"


def test_checks_find_nothing(site: Site) -> None:
    assert site.manage("check", "--fail-level", "WARNING") == "System check identified no issues (0 silenced)."


def test_migrations_are_complete(site: Site) -> None:
    assert site.manage("makemigrations", "--check", "--dry-run") == "No changes detected"
    assert site.manage("migrate", "--check") == ""


def test_a_push_over_http(site: Site) -> None:
    pk = record(site, "15870246956696820530")
    receipt = {
        "code": "2",
        "msg": "DELIVRD",
        "mobilephone": MOBILE,
        "smsid": "15870246956696820530",
        "report_time": "2017-08-02 14:31:51",
    }
    with site.serving("runserver", "--noreload", "127.0.0.1:0") as address:
        answer = requests.post(f"{address}/ihuyi/push/{TOKEN}/receipt/", receipt, timeout=20)
        refused = requests.post(f"{address}/ihuyi/push/not-the-token/receipt/", receipt, timeout=20)
    assert (answer.status_code, answer.content) == (200, b"success")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert refused.status_code == 404
    code = f"from django_ihuyi.models import Message; print(Message.objects.get(pk={pk}).status)"
    assert site.script(code) == "delivered"


def test_the_admin_pages(site: Site) -> None:
    pk = record(site, "15870246956696820531")
    with site.serving("runserver", "--noreload", "127.0.0.1:0") as address, requests.Session() as browser:
        login = browser.get(f"{address}/admin/login/", timeout=20)
        [token] = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', login.text)
        form = {"username": ADMIN[0], "password": ADMIN[1], "csrfmiddlewaretoken": token, "next": "/admin/"}
        index = browser.post(login.url, form, timeout=20)
        lists = sorted(set(re.findall(r'href="(/admin/django_ihuyi/\w+/)"', index.text)))
        assert "/admin/django_ihuyi/message/" in lists
        assert len(lists) >= 3
        styles = set()
        for path in [*lists, f"/admin/django_ihuyi/message/{pk}/change/"]:
            page = browser.get(address + path, timeout=20)
            assert (path, page.status_code, page.history) == (path, 200, [])
            styles |= set(re.findall(r'href="(/static/django_ihuyi/[^"]+)"', page.text))
        assert styles
        for path in styles:
            assert (path, browser.get(address + path, timeout=20).status_code) == (path, 200)


def test_static_files_are_found(site: Site) -> None:
    names = sorted(name.removeprefix(STATIC) for name in source_files() if name.startswith(STATIC))
    assert names
    found = site.manage("findstatic", "--first", "--verbosity", "0", *names).splitlines()
    assert [path.endswith(name) for path, name in zip(found, names, strict=True)] == [True] * len(names)


def test_the_sandbox_gateway_has_its_page(site: Site) -> None:
    with site.serving("ihuyi_sandbox", "--port", "0") as address:
        for path, kind in [("/", "text/html"), ("/phone/phone.js", "text/javascript"), ("/phone/texts.json", "json")]:
            answer = requests.get(address + path, timeout=20)
            assert (path, answer.status_code, kind in answer.headers["Content-Type"]) == (path, 200, True)


def test_it_speaks_chinese(site: Site) -> None:
    code = (
        "from django.utils.translation import override\n"
        "from django_ihuyi.models import Message\n"
        "with override('zh-hans'): print(Message._meta.verbose_name_plural)"
    )
    assert re.search("[\u4e00-\u9fff]", site.script(code))


def test_the_types_are_announced(site: Site) -> None:
    code = (
        "import json\nfrom importlib.metadata import files\n"
        "print(json.dumps([str(path) for path in files('django-ihuyi')]))"
    )
    assert "django_ihuyi/py.typed" in json.loads(site.execute("-c", code))
