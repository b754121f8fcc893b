"""A caller with permissions, and settings that let callers in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

API = "/ihuyi/api/v1/"
MOBILE = "13712345678"


class Caller:
    """Speaks JSON for a user."""

    def __init__(self, *permissions: str, name: str = "shop") -> None:
        self.user = get_user_model().objects.create_user(username=name)
        self.client = Client()
        self.client.force_login(self.user, backend="django.contrib.auth.backends.ModelBackend")
        self.allow(*permissions)

    def allow(self, *permissions: str) -> None:
        self.user.user_permissions.add(*Permission.objects.filter(codename__in=permissions))

    def call(self, verb: str, path: str, body: object = None, **headers: str) -> Any:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        if not path.startswith("http"):
            path = API + path
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return self.client.generic(verb, path, data, content_type="application/json", headers=names)

    def get(self, path: str) -> Any:
        return self.call("GET", path)

    def post(self, path: str, body: object = None, **headers: str) -> Any:
        return self.call("POST", path, body, **headers)


def open_api(settings: Settings, **options: Any) -> None:
    """Let callers in."""
    api = {"PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"], **options}
    settings.IHUYI = {**settings.IHUYI, "API": api}


@pytest.fixture(autouse=True)
def _open(settings: Settings) -> None:
    cache.clear()
    open_api(settings)


@pytest.fixture
def caller(db: None) -> Caller:
    """A caller who may do everything but see whole numbers and texts."""
    return Caller(
        *("view_message", "add_message", "change_message", "view_batch", "view_reply"),
        *("view_optout", "add_optout", "delete_optout", "add_verificationcode", "change_verificationcode"),
        *("view_template", "view_balancereading", "view_dashboard"),
    )
