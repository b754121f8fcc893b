"""Which database each table, transaction and router names: the one that is written to, and one only."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from django.core.checks import run_checks
from django.db import connections
from pytest_django import Settings

from django_ihuyi.models import (
    OptOut,
)
from django_ihuyi.models.base import PrimaryDBManager
from django_ihuyi.webhooks.models import WebhookDelivery
from tests.features import our_models

from .db_routers import OtherWayRound, PrimaryReplicaRouter
from .docs.markdown_reader import ROOT

_NAMES = {"atomic", "on_commit", "set_rollback", "non_atomic_requests"}


def test_every_table_is_read_where_it_is_written() -> None:
    for model in our_models():
        assert isinstance(model._default_manager, PrimaryDBManager), model
        assert isinstance(model._base_manager, PrimaryDBManager), model


def test_every_transaction_names_its_database() -> None:
    nameless = []
    for path in sorted((ROOT / "django_ihuyi").rglob("*.py")):
        nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
        calls = [node for node in nodes if isinstance(node, ast.Call)]
        named = {id(call.func) for call in calls if any(keyword.arg == "using" for keyword in call.keywords)}
        nameless += [
            f"{path.relative_to(ROOT)}:{node.lineno}"
            for node in nodes
            if isinstance(node, ast.Attribute)
            and (getattr(node.value, "id", ""), node.attr in _NAMES) == ("transaction", True)
            and id(node) not in named
        ]
    assert nameless == []


class Apart(PrimaryReplicaRouter):
    """Writes one of the tables elsewhere."""

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return "replica" if model is OptOut else "default"


class OutboxApart(PrimaryReplicaRouter):
    """Writes what goes out to other systems elsewhere than the messages that it tells of."""

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return "replica" if model is WebhookDelivery else "default"


class UsersApart(PrimaryReplicaRouter):
    """Writes users elsewhere."""

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return "replica" if model._meta.app_label == "auth" else "default"


@pytest.mark.parametrize(
    ("router", "label"),
    [(Apart, "django_ihuyi.OptOut"), (OutboxApart, "ihuyi_webhooks.WebhookDelivery"), (UsersApart, "auth.User")],
    ids=["one table", "the outbox", "users"],
)
def test_a_router_that_writes_to_several_databases(router: type, label: str, settings: Settings) -> None:
    settings.DATABASE_ROUTERS = [router()]
    (error,) = (one for one in run_checks(databases=[]) if one.id == "django_ihuyi.E016")
    assert error.msg.endswith(f"{label} to 'replica'.")


def test_a_router_that_writes_to_one_database(settings: Settings) -> None:
    for router in (PrimaryReplicaRouter(), OtherWayRound()):
        settings.DATABASE_ROUTERS = [router]
        assert [one for one in run_checks(databases=[]) if one.id == "django_ihuyi.E016"] == []


@pytest.mark.parametrize(
    ("alias", "found"), [("default", ["django_ihuyi.E017"]), ("replica", [])], ids=["written to", "only read"]
)
def test_database__without_autocommit__is_an_error_where_it_is_written(
    alias: str, found: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connections[alias].settings_dict, "AUTOCOMMIT", False)
    errors = [one for one in run_checks(databases=[]) if one.id == "django_ihuyi.E017"]
    assert [one.id for one in errors] == found
    assert all(f"DATABASES['{alias}']['AUTOCOMMIT']" in one.msg for one in errors)
