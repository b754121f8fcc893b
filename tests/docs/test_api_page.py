"""The page of the REST API: its table is that of the addresses, its bodies are taken, its settings are right."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import resolve
from pytest_django import Settings

from django_ihuyi.api.conf import RATES, validate_rates
from django_ihuyi.api.requests import NewMessages
from tests.api.conftest import API, Caller, open_api

from .markdown_reader import blocks, code_in, tables

PAGE = "docs/api.md"


def test_the_table_is_that_of_the_addresses() -> None:
    for row in tables(PAGE)[0][1:]:
        verb, path = code_in(row[0]).split()
        view = resolve(API + path.replace("<id>", "7")).func.view_class  # type: ignore[attr-defined]
        assert (view.permissions[verb] or "") == code_in(row[1])
        assert ("read" if verb == "GET" else view.scope) == code_in(row[2])


@pytest.mark.django_db
def test_what_it_sends_is_taken_and_what_it_shows_is_answered(settings: Settings) -> None:
    names: dict[str, dict[str, dict[str, str | None]]] = {}
    own, _client = blocks(PAGE, "python")
    exec(own.text, names)
    assert validate_rates(names["API"]["THROTTLE_RATES"]) is None
    open_api(settings)
    caller = Caller("add_message")
    [http] = blocks(PAGE, "http")
    body = json.loads(http.text.partition("\n\n")[2])
    assert caller.post("messages/", body).status_code == 202
    bulk, problem = (json.loads(code.text) for code in blocks(PAGE, "json"))
    assert NewMessages(data=bulk).is_valid()
    assert caller.post("messages/bulk/", bulk).json()["recorded"] == 2
    assert caller.post("messages/", {**body, "mobile": "1"}).json() == problem
    assert Client().get(f"{API}messages/").status_code == 403
    assert sorted(RATES) == ["bulk", "codes", "failures", "read", "write"]
