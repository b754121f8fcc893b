"""Names, types and defaults of the settings, as the code has them, put into the pages that say what each is for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from functools import partial
from typing import Any, NamedTuple

from django_ihuyi import conf
from django_ihuyi.api.conf import ApiSettings
from django_ihuyi.verification.conf import PurposeSettings, VerificationSettings
from django_ihuyi.webhooks.conf import WebhookSettings

_ITEM = re.compile(r"^- `(?P<name>[A-Z_]+): [^`]+`", re.MULTILINE)


class Setting(NamedTuple):
    """One setting as the documents write it; no default where it is required."""

    name: str
    type: str
    default: str | None

    def __str__(self) -> str:
        return f"{self.name}: {self.type}" + (f" = {self.default}" if self.default is not None else "")


def _described(item: Field[Any]) -> Setting:
    default = item.default if item.default_factory is MISSING else item.default_factory()
    return Setting(item.name.upper(), str(item.type), None if default is MISSING else repr(default))


def _of(section: type) -> list[Setting]:
    return [_described(item) for item in fields(section) if "check" in item.metadata]


# The nested dicts are no fields of IhuyiSettings.
SECTIONS = [
    [
        Setting("ACCOUNTS", "dict", None),
        *_of(conf.IhuyiSettings),
        Setting("REGISTRATION", "dict", "None"),
        Setting("VERIFICATION", "dict", "{}"),
        Setting("API", "dict", "{}"),
        Setting("WEBHOOKS", "dict", "None"),
    ],
    _of(conf.AccountSettings),
    _of(conf.RegistrationSettings),
    _of(VerificationSettings),
    _of(PurposeSettings),
    _of(ApiSettings),
    _of(WebhookSettings),
]
"""The settings of each dict, in the order of the page."""


def page(text: str) -> str:
    """Return the page of settings with the names, types and defaults of now.

    Args:
        text: The page as it is. What it says of each setting stays.

    Raises:
        LookupError: It says nothing of a setting, or something of one that is none, or has another order.
    """
    head, *parts = re.split(r"^(?=## )", text, flags=re.MULTILINE)
    for number, section in enumerate(SECTIONS):
        written = [item["name"] for item in _ITEM.finditer(parts[number])]
        if written != (wanted := [setting.name for setting in section]):
            raise LookupError(f"The page has {written}, and the code {wanted}: write what each is for.")
        spans = (f"- `{setting}`" for setting in section)
        parts[number] = _ITEM.sub(partial(_next, spans), parts[number])
    return head + "".join(parts)


def _next(spans: Iterator[str], _item: re.Match[str]) -> str:
    return next(spans)
