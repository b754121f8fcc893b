"""Metadata: what is taken, and that whatever stands in a row can be read, shown and sent on."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import DatabaseError, connection, transaction
from django.test import Client
from pytest_django import Settings

from django_ihuyi import send_bulk, send_sms
from django_ihuyi.models import Message
from django_ihuyi.models.metadata import MAX_LENGTH, MAX_LEVELS, UNREADABLE, check_metadata
from django_ihuyi.webhooks import payload
from django_ihuyi.webhooks.models import WebhookDelivery, WebhookEndpoint
from tests.api.conftest import API, open_api
from tests.bad_metadata import BAD, nested
from tests.fakes import FakeBroker, FakeGateway

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.by_database]

MOBILE = "13800138000"


GOOD: dict[str, dict[str, Any]] = {
    "nothing": {},
    "everything": {
        "text": "𠮷😀\n",
        "number": 7,
        "half": 0.5,
        "yes": True,
        "no": False,
        "none": None,
        "list": [1, [2]],
    },
    "the deepest": nested(MAX_LEVELS),
    "the longest": {"a": "x" * (MAX_LENGTH - 9)},
    "no NUL": {"path": "C:\\u0000"},
}


@pytest.mark.parametrize("make", BAD.values(), ids=BAD)
def test_metadata__that_is_no_json__is_a_clear_error_of_send_sms(make: Callable[[], Any], broker: FakeBroker) -> None:
    with pytest.raises(ValueError, match=r"^metadata (has|is) .*\.$") as caught:
        send_sms(MOBILE, "您好", metadata=make())
    assert [word for word in (MOBILE, "2026", "1.5") if word in str(caught.value)] == []
    assert not Message.objects.exists()


@pytest.mark.parametrize("metadata", GOOD.values(), ids=GOOD)
def test_metadata__that_is_json__is_read_back_as_it_was(metadata: dict[str, Any], broker: FakeBroker) -> None:
    send_sms(MOBILE, "您好", metadata=metadata)
    send_bulk([{"mobile": MOBILE, "content": "再见", "metadata": metadata}])
    assert [row.metadata for row in Message.objects.all()] == [metadata, metadata]


def test_metadata__with_a_million_values__is_refused_without_a_copy_of_them() -> None:
    values = [0] * 1_000_000
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="is longer"):
            check_metadata({"a": values})
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


HIDDEN = dict(UNREADABLE)
STORED: dict[str, tuple[str, Any]] = {
    "deeper than a page can write": ('{"a":' * 900 + "1" + "}" * 900, HIDDEN),
    "deeper than Python's parser goes": ('{"a":' * 5000 + "1" + "}" * 5000, HIDDEN),
    "lists": ("[" * 900 + "]" * 900, HIDDEN),
    "more digits than Python reads": ('{"a":' + "9" * 5000 + "}", HIDDEN),
    "half of a surrogate pair": ('{"a":"\\ud800"}', HIDDEN),
    "Infinity": ('{"a":1e999}', HIDDEN),
    "deeper than is taken now": (json.dumps(nested(25)), nested(25)),
    "longer than is taken now": (json.dumps({"a": "x" * 9000}), {"a": "x" * 9000}),
    "a list": ("[1]", [1]),
    "null": ("null", None),
}
"""What a statement of the site's own writes into a row, and what is read there."""


@pytest.mark.parametrize(("written", "read"), STORED.values(), ids=STORED)
def test_metadata__whatever_stands_in_the_row__hides_neither_row_nor_page(
    written: str, read: Any, settings: Settings, wire: FakeGateway, broker: FakeBroker
) -> None:
    open_api(settings)
    settings.IHUYI = {**settings.IHUYI, "WEBHOOKS": {}}
    message = send_sms(MOBILE, "您好")
    if not write(message, written):
        read = {}
    elif connection.vendor == "postgresql" and read == HIDDEN and "1e999" in written:
        read = {"a": 10**999}  # its numbers are decimal
    [task] = broker.take()
    task.run()
    message = Message.objects.get()
    assert (message.status, message.metadata) == ("accepted", read)
    client = Client()
    client.force_login(
        get_user_model().objects.create_superuser("boss"), backend="django.contrib.auth.backends.ModelBackend"
    )
    list_page, api_list = "/admin/django_ihuyi/message/", f"{API}messages/"
    pages = [list_page, f"{list_page}{message.pk}/change/", api_list, f"{api_list}{message.pk}/"]
    assert [client.get(page).status_code for page in pages] == [200] * 4
    endpoint = WebhookEndpoint.objects.create(name="shop", url="https://shop.example/", whole_numbers=True)
    event = WebhookDelivery.objects.create(
        endpoint=endpoint, event_id="evt_1", event="message.accepted", message=message
    )
    assert json.loads(payload.render(event))["data"]["metadata"] == read


def write(message: Message, metadata: str) -> bool:
    """Write metadata into a row as it is. Returns whether the database takes it."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE django_ihuyi_message SET metadata = %s WHERE id = %s", [metadata, message.pk])
    except DatabaseError:
        return False
    return True
