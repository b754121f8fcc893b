"""A push in sites that are set up otherwise, and where something fails: what the gateway is answered then."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError, connection, connections
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.response import Response

from django_ihuyi.models import Message, Receipt
from django_ihuyi.signals import message_delivered
from tests.pushes.push_client import RECEIPT, REPLY, push, url

pytestmark = pytest.mark.django_db(transaction=True)


def test_behind_login_required_and_csrf(settings: Settings, message: Message) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
    client = Client(enforce_csrf_checks=True)
    assert push(client, "receipt", RECEIPT).content == b"success"


def test_with_atomic_requests(client: Client, message: Message, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)
    inside: list[bool] = []

    def look(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("SELECT"):
            inside.append(connection.in_atomic_block)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(look):
        assert push(client, "receipt", RECEIPT).content == b"success"
    assert inside[0] is False  # a receipt must be committed before its message is looked for again
    assert push(client, "receipt", RECEIPT).content == b"success"
    assert push(client, "receipt", {}).status_code == 400
    message.refresh_from_db()
    assert message.status == "delivered"


VERSIONING = ["NamespaceVersioning", "URLPathVersioning", "AcceptHeaderVersioning", "QueryParameterVersioning"]


@pytest.mark.parametrize("versioning", VERSIONING)
def test_a_sites_own_defaults_for_its_api_do_not_reach_the_gateway(
    client: Client, message: Message, settings: Settings, versioning: str
) -> None:
    settings.REST_FRAMEWORK = {
        "DEFAULT_VERSIONING_CLASS": f"rest_framework.versioning.{versioning}",
        "ALLOWED_VERSIONS": ["v1"],
        "EXCEPTION_HANDLER": "tests.pushes.test_in_a_site.a_sites_own_handler",
    }
    assert push(client, "receipt", RECEIPT).content == b"success"
    assert push(client, "receipt", {}).status_code == 400
    assert client.post(url("receipt", "wrong"), RECEIPT).status_code == 404


def a_sites_own_handler(exc: Exception, context: Any) -> Response:
    return Response({"code": 1, "message": "no"}, status=418)


@pytest.mark.parametrize("kind", ["receipt", "reply"])
def test_the_last_slash_may_be_missing(client: Client, kind: str) -> None:
    fields = RECEIPT if kind == "receipt" else REPLY
    assert client.post(url(kind).rstrip("/"), fields).content == b"success"


def test_a_receiver_that_fails_does_not_make_the_gateway_push_again(client: Client, message: Message) -> None:
    def fail(**arguments: Any) -> None:
        raise LookupError("a site's own fault")

    message_delivered.connect(fail)
    try:
        assert push(client, "receipt", RECEIPT).content == b"success"
    finally:
        message_delivered.disconnect(fail)


def test_anything_unforeseen_is_a_500(settings: Settings, message: Message) -> None:
    client = Client(raise_request_exception=False)
    settings.IHUYI = None
    assert push(client, "receipt", RECEIPT).status_code == 500


@pytest.mark.parametrize("statement", [1, 2, 3])
def test_the_database_away_is_no_success_and_the_push_is_taken_again(message: Message, statement: int) -> None:
    client = Client(raise_request_exception=False)
    left = statement

    def away(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0:
            raise OperationalError("server closed the connection unexpectedly")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(away):
        response = push(client, "receipt", RECEIPT)
    assert response.status_code == 500
    assert response.content != b"success"
    assert push(client, "receipt", RECEIPT).content == b"success"
    message.refresh_from_db()
    assert message.status == "delivered"
    assert Receipt.objects.get().message == message


def test_statements_of_one_push(
    client: Client, message: Message, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    # Find, keep, tell; and the transaction's two ends.
    with django_assert_num_queries(5):
        push(client, "receipt", RECEIPT)
