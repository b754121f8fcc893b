"""The tables of settings say what ``conf.py`` says: names, types, defaults, and the checks' numbers."""

from __future__ import annotations

import re
from dataclasses import MISSING, Field, fields
from typing import Any

import pytest

from django_ihuyi import conf
from django_ihuyi.api.settings import ApiSettings
from django_ihuyi.verification.settings import PurposeSettings, VerificationSettings
from django_ihuyi.webhooks.settings import WebhookSettings

from .reading import READMES, ROOT, code_in, read, tables

Row = tuple[str, str, str]
REQUIRED = {"required": "required", "必填": "required"}


def described(item: Field[Any]) -> Row:
    """A setting as the documents write it: name, type, default."""
    default = item.default
    if item.default_factory is not MISSING:
        default = item.default_factory()
    return item.name.upper(), str(item.type), "required" if default is MISSING else repr(default)


def of(section: type) -> list[Row]:
    """All settings of one dict."""
    return [described(item) for item in fields(section) if "check" in item.metadata]


# The nested dicts are no fields of IhuyiSettings.
SECTIONS = {
    "IHUYI": [
        ("ACCOUNTS", "dict", "required"),
        *of(conf.IhuyiSettings),
        ("REGISTRATION", "dict", "None"),
        ("VERIFICATION", "dict", "{}"),
        ("API", "dict", "{}"),
        ("WEBHOOKS", "dict", "None"),
    ],
    "account": of(conf.AccountSettings),
    "REGISTRATION": of(conf.RegistrationSettings),
    "VERIFICATION": of(VerificationSettings),
    "purpose": of(PurposeSettings),
    "API": of(ApiSettings),
    "WEBHOOKS": of(WebhookSettings),
}


@pytest.mark.parametrize("readme", READMES)
def test_the_readmes_tables(readme: str) -> None:
    found = [table for table in tables(readme) if code_in(table[0][0]).startswith("IHUYI")]
    assert len(found) == len(SECTIONS)
    for table, section in zip(found, SECTIONS.values(), strict=True):
        rows = [
            (code_in(name), code_in(kind), REQUIRED.get(default) or code_in(default))
            for name, kind, default in table[1:]
        ]
        assert rows == section


@pytest.mark.parametrize("page", ["docs/settings.md", "docs/zh-hans/settings.md"])
def test_the_page(page: str) -> None:
    _before, *parts = re.split(r"^## ", read(page), flags=re.MULTILINE)
    for part, section in zip(parts, SECTIONS.values(), strict=False):
        rows = [
            (name, kind, default or REQUIRED[required])
            for name, kind, default, required in re.findall(
                r"^- `([A-Z_]+): (.+?)(?: = (.+?))?`[.。] ?(required|必填)?", part, re.MULTILINE | re.IGNORECASE
            )
            for required in [required.lower() or "no"]
        ]
        assert rows == section


@pytest.mark.parametrize("page", ["docs/settings.md", "docs/zh-hans/settings.md"])
def test_the_checks(page: str) -> None:
    names = ("conf.py", "account_checks.py", "sections.py", "production.py", "checks.py")
    sources = [(ROOT / "django_ihuyi" / name).read_text("utf-8") for name in names]
    in_code = set(re.findall(r'"(?:django_ihuyi\.)?([EW]\d{3})"', "".join(sources)))
    assert {code_in(row[0]) for row in tables(page)[-1][1:]} == in_code
