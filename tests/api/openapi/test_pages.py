"""The addresses of the document and its page: who sees them, and that they ask for nothing from elsewhere."""

from __future__ import annotations

import os
import re
import sys

import pytest
from django.apps import apps
from django.contrib.staticfiles import finders
from django.test import Client
from pytest_django import Settings

from django_ihuyi.api.conf import validate_schema
from tests.api.conftest import API, Caller, open_api
from tests.packaging.distribution import ROOT, run

pytestmark = pytest.mark.django_db

both = pytest.mark.parametrize("path", ["schema/", "docs/"])


@both
def test_who_sees_them(settings: Settings, path: str) -> None:
    caller = Caller()
    assert caller.get(path).status_code == 404
    open_api(settings, SCHEMA=True)
    assert caller.get(path).status_code == 200
    refused = Client().get(API + path)
    assert (refused.status_code, refused["Content-Type"]) == (403, "application/problem+json")
    assert caller.post(path).status_code == 405
    open_api(settings, SCHEMA=True, PERMISSION_CLASSES=[])
    assert caller.get(path).status_code == 404


BARE = """
import sys
sys.modules.update(dict.fromkeys(["drf_spectacular", "drf_spectacular_sidecar"]))
import django
from django.conf import settings
settings.INSTALLED_APPS.remove("drf_spectacular_sidecar")
settings.IHUYI["API"] = {"PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"]}
django.setup()
from django.test import Client
print([Client().get(f"/ihuyi/api/v1/{path}/").status_code for path in ("verifications", "schema", "docs")])
"""


def test_nothing_of_it_is_needed_for_the_api() -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    told = run(sys.executable, "-W", "error", "-c", BARE, cwd=ROOT, env=environment)
    assert told.splitlines()[-1] == "[403, 404, 404]"


@both
def test_they_are_counted_as_reading(settings: Settings, path: str) -> None:
    open_api(settings, SCHEMA=True, THROTTLE_RATES={"read": "1/min"})
    caller = Caller()
    assert [caller.get(path).status_code for _ in range(2)] == [200, 429]


def test_the_document_comes_in_the_readers_language(settings: Settings) -> None:
    open_api(settings, SCHEMA=True)
    caller = Caller()
    english = caller.get("schema/")
    chinese = caller.call("GET", "schema/", Accept_Language="zh-hans")
    assert (english["Content-Type"], "Accept-Language" in english["Vary"]) == ("application/json", True)
    assert english.json()["info"]["description"] != chinese.json()["info"]["description"]
    assert english.json()["paths"].keys() == chinese.json()["paths"].keys()


def test_the_page_takes_everything_from_the_sites_own_files(settings: Settings) -> None:
    open_api(settings, SCHEMA=True)
    page = Caller().call("GET", "docs/", Accept="text/html")
    text = page.content.decode()
    files = re.findall(r'(?:src|href)="/static/([^"]+)"', text)
    assert len(files) == 5
    assert [name for name in files if not finders.find(name)] == []
    assert "//" not in text.replace("<!doctype html>", "")
    assert not re.search(r"<script(?![^>]* src=)|<style| style=| on\w+=", text)
    assert "script-src 'self';" in page["Content-Security-Policy"]
    assert f'data-schema="{API}schema/"' in text
    assert re.search(r'data-csrf-token="\w{64}"', text)
    assert 'data-csrf-header="X-CSRFTOKEN"' in text


def test_the_page_of_a_site_with_its_files_elsewhere(settings: Settings) -> None:
    settings.STATIC_URL = "https://files.example.com/static/"
    open_api(settings, SCHEMA=True)
    page = Caller().call("GET", "docs/", Accept="text/html")
    assert "script-src 'self' https://files.example.com;" in page["Content-Security-Policy"]


@pytest.mark.parametrize("value", [False, True])
def test_the_setting(value: bool) -> None:
    assert validate_schema(value) is None


def test_the_setting_without_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert validate_schema("yes") == "True or False"
    monkeypatch.setattr(apps, "is_installed", lambda name: False)
    assert "django-ihuyi[openapi]" in str(validate_schema(True))


@pytest.mark.parametrize("path", ["nothing/", "messages/7/else/", "schemas/"])
def test_no_other_address_is_a_page_of_the_sites(path: str) -> None:
    for answer in (Caller(name=path).get(path), Client().post(API + path)):
        assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
