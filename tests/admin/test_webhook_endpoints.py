"""Webhook endpoints in the admin: the secret is shown once, and what is done needs its permission."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import timezone, translation
from pytest_django import Settings

from django_ihuyi.webhooks import signatures, ssrf
from django_ihuyi.webhooks.admin import endpoint_form
from django_ihuyi.webhooks.models import WebhookDelivery, WebhookEndpoint
from tests.fakes import FakeBroker
from tests.webhooks.factories import URL, make_delivery, make_endpoint

from .conftest import StaffClient
from .urls import html, list_url, page_url

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("webhooks_on")]

ALL = ("view_webhookendpoint", "add_webhookendpoint", "change_webhookendpoint", "rotate_webhook_secret")
SECRET = re.compile(re.escape(signatures.PREFIX) + r"[A-Za-z0-9+/=]+")
ADD = "/admin/ihuyi_webhooks/webhookendpoint/add/"


def written(**values: Any) -> dict[str, Any]:
    return {"name": "shop", "url": URL, "events": ["message.delivered"], "account": "", "category": "", **values}


def act_url(endpoint: WebhookEndpoint, name: str) -> str:
    return reverse("admin:ihuyi_webhooks_webhookendpoint_act", args=[endpoint.pk, name])


def shown(answer: Any) -> str | None:
    """The secret on a page."""
    found = SECRET.search(answer.content.decode())
    return found[0] if found else None


def test_the_secret_is_shown_when_it_is_made_and_never_again(staff: StaffClient) -> None:
    client = staff("only", *ALL)
    answer = client.post(ADD, written(events=["reply.received", "message.delivered"]))
    endpoint = WebhookEndpoint.objects.get()
    assert shown(answer) == endpoint.secret
    assert "no-store" in answer.headers["Cache-Control"]
    assert endpoint.events == ["message.delivered", "reply.received"]
    for url in (page_url(endpoint), list_url(WebhookEndpoint), page_url(endpoint, "history")):
        assert SECRET.search(html(client, url)) is None
    assert endpoint.secret not in str(list(LogEntry.objects.values_list("change_message", "object_repr")))


def test_a_new_secret_is_shown_and_logged(staff: StaffClient) -> None:
    endpoint, client = make_endpoint(), staff("only", *ALL)
    old = endpoint.secret
    assert SECRET.search(html(client, act_url(endpoint, "rotate"))) is None
    answer = client.post(act_url(endpoint, "rotate"))
    endpoint.refresh_from_db()
    assert shown(answer) == endpoint.secret != old
    assert "The secret before counts until" in answer.content.decode()
    assert LogEntry.objects.get().change_message == "The secret was changed."
    assert "Old secret counts until" in html(client, page_url(endpoint))


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://hooks.example/", "https://"),
        ("https://hooks.example:22/", "its port"),
        ("https://127.0.0.1/", "not public"),
        ("https://[::ffff:10.0.0.1]/", "not public"),
        ("https://me:pw@hooks.example/", "no user"),
        ("https://a..b/", "malformed"),
        ("https://[::1/", "malformed"),
    ],
)
def test_where_nothing_can_be_posted_is_refused(url: str, why: str, staff: StaffClient) -> None:
    page = staff("only", *ALL).post(ADD, written(url=url)).content.decode()
    assert "Nothing can be posted there:" in page
    assert why in page
    assert not WebhookEndpoint.objects.exists()


@pytest.mark.parametrize("url", ["https://8.8.8.8/", "https://10.1.0.7/", "http://hooks.example:8080/"])
def test_what_the_settings_allow_is_taken(url: str, staff: StaffClient, settings: Settings) -> None:
    options = {"ALLOWED_NETWORKS": ["10.1.0.0/16"], "ALLOW_HTTP": True, "PORTS": [443, 8080]}
    settings.IHUYI = {**settings.IHUYI, "WEBHOOKS": options}
    staff("only", *ALL).post(ADD, written(url=url))
    assert WebhookEndpoint.objects.get().url == url


def test_each_reason_has_a_translation() -> None:
    source = Path(ssrf.__file__).read_text("utf-8")
    assert set(re.findall(r'AddressError\("(.+)"\)', source)) == set(endpoint_form.REASONS)
    with translation.override("zh-hans"):
        assert all(translation.gettext(reason) != reason for reason in endpoint_form.REASONS)


def test_a_change_saves_what_was_written_and_nothing_else(staff: StaffClient) -> None:
    endpoint, client = make_endpoint(failures=3), staff("only", *ALL)
    nonce = endpoint.nonce
    client.post(page_url(endpoint), written(name="till", category="marketing"))
    endpoint.refresh_from_db()
    assert (endpoint.name, endpoint.category, endpoint.nonce, endpoint.failures) == ("till", "marketing", nonce, 3)
    assert endpoint.active


def test_whole_numbers_are_for_those_to_give_who_see_them(staff: StaffClient) -> None:
    masked, whole = staff("only", *ALL), staff("only", *ALL, "view_unmasked")
    masked.post(ADD, written(whole_numbers="on"))
    endpoint = WebhookEndpoint.objects.get()
    assert not endpoint.whole_numbers
    whole.post(page_url(endpoint), written(whole_numbers="on"))
    endpoint.refresh_from_db()
    assert endpoint.whole_numbers
    # Nor may they say where whole numbers go from now on, or have them sent.
    assert masked.post(page_url(endpoint), written(url="https://elsewhere.example/")).status_code == 403
    assert masked.post(act_url(endpoint, "ping")).status_code == 403
    assert whole.get(act_url(endpoint, "ping")).status_code == 200


def test_the_url_is_shown_whole_to_those_who_may_change_it(staff: StaffClient) -> None:
    endpoint = make_endpoint()
    reader, writer = staff("only", "view_webhookendpoint"), staff("only", *ALL)
    assert "of-the-hook" in html(writer, page_url(endpoint))
    for page in (html(reader, page_url(endpoint)), html(reader, list_url(WebhookEndpoint))):
        assert "https://hooks.example" in page
        assert "of-the-hook" not in page
    assert "a message was delivered" in html(reader, page_url(endpoint))


@pytest.mark.parametrize(
    ("values", "badge"),
    [({}, "active"), ({"active": False}, "switched off"), ({"failures": 1}, "does not answer")],
)
def test_states(values: dict[str, Any], badge: str, staff: StaffClient) -> None:
    endpoint = make_endpoint(**values)
    if endpoint.failures:
        endpoint.pause(now=timezone.now())
    assert badge in html(staff("only", "view_webhookendpoint"), list_url(WebhookEndpoint))


def test_switching_off_and_on(staff: StaffClient) -> None:
    endpoint, client = make_endpoint(), staff("only", *ALL)
    page = html(client, page_url(endpoint))
    assert act_url(endpoint, "off") in page
    assert act_url(endpoint, "on") not in page
    for name, active in (("off", False), ("off", False), ("on", True), ("on", True)):
        client.get(act_url(endpoint, name))
        client.post(act_url(endpoint, name))
        endpoint.refresh_from_db()
        assert endpoint.active is active
    assert sorted(LogEntry.objects.values_list("change_message", flat=True)) == ["Switched off.", "Switched on."]


@pytest.mark.django_db(transaction=True)
def test_a_ping_goes_out(staff: StaffClient, broker: FakeBroker) -> None:
    endpoint, client = make_endpoint(), staff("only", *ALL)
    client.get(act_url(endpoint, "ping"))
    assert not WebhookDelivery.objects.exists()
    client.post(act_url(endpoint, "ping"))
    ping = WebhookDelivery.objects.get()
    assert (ping.event, ping.endpoint, ping.status) == ("ping", endpoint, "pending")
    assert broker.take_pks() == [ping.pk]


@pytest.mark.parametrize("name", ["ping", "rotate", "off"])
def test_acts_need_their_permission(name: str, staff: StaffClient) -> None:
    endpoint = make_endpoint()
    nonce = endpoint.nonce
    client = staff("only", "view_webhookendpoint")
    assert act_url(endpoint, name) not in html(client, page_url(endpoint))
    assert client.post(act_url(endpoint, name)).status_code == 403
    endpoint.refresh_from_db()
    assert (endpoint.nonce, endpoint.active) == (nonce, True)
    assert not WebhookDelivery.objects.exists()


def test_what_is_not_there(staff: StaffClient) -> None:
    client = staff("superuser")
    endpoint = make_endpoint()
    assert client.get(act_url(endpoint, "burn")).status_code == 404
    endpoint.pk += 1
    assert client.get(act_url(endpoint, "ping")).status_code == 404
    assert client.get(reverse("admin:ihuyi_webhooks_webhookdelivery_replay", args=[1])).status_code == 404


def test_the_list_says_so_where_nothing_is_posted(staff: StaffClient, settings: Settings) -> None:
    client = staff("only", *ALL)
    assert "Nothing is posted" not in html(client, list_url(WebhookEndpoint))
    settings.IHUYI = {name: value for name, value in settings.IHUYI.items() if name != "WEBHOOKS"}
    assert "Nothing is posted" in html(client, list_url(WebhookEndpoint))
    client.post(ADD, written())
    client.post(act_url(WebhookEndpoint.objects.get(), "rotate"))
    assert WebhookEndpoint.objects.get().previous_nonce


def test_nobody_deletes_and_who_may_not_add_does_not(staff: StaffClient) -> None:
    endpoint = make_endpoint()
    row = make_delivery(endpoint)
    root = staff("superuser")
    for one in (endpoint, row):
        assert root.post(page_url(one, "delete"), {"post": "yes"}).status_code == 403
    assert root.post(page_url(row), {"status": "pending"}).status_code == 403
    assert staff("only", "view_webhookendpoint").post(ADD, written(name="till")).status_code == 403


def test_an_endpoint_leads_to_its_deliveries(staff: StaffClient) -> None:
    endpoint = make_endpoint()
    url = f"{list_url(WebhookDelivery)}?endpoint={endpoint.pk}"
    assert url not in html(staff("only", "view_webhookendpoint"), page_url(endpoint))
    assert url in html(staff("only", "view_webhookendpoint", "view_webhookdelivery"), page_url(endpoint))
