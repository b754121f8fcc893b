"""What else stands on the pages: answers explained, tables, times, nothing hostile."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.utils import translation

from django_ihuyi.admin.carrier_codes import explain
from django_ihuyi.models import AccountState, Message, Receipt, Reply, Template

from .conftest import MOBILE, SMSID, StaffClient, make_message, make_receipt, make_reply
from .urls import html, list_url, page_url

MODELS: list[type[Model]] = [Message, Receipt, Reply, AccountState]


@pytest.mark.parametrize(
    ("words", "delivered", "meaning"),
    [
        ("DELIVRD", True, "The phone has received"),
        (" delivrd ", True, "The phone has received"),
        ("DELIVRD", False, None),
        ("UNDELIV", False, "could not deliver"),
        ("UNDELIV", True, None),
        ("EXPIRED", False, "until its time ran out"),
        ("REJECTD", False, "refused the message"),
        ("REJECT", False, "refused the message"),
        ("ACCEPTD", False, "never said whether"),
        ("UNKNOWN", False, "does not know"),
        ("MK:0001", False, "could not reach the phone"),
        ("MK00013", False, "could not reach the phone"),
        ("MN:0017", False, "could not reach the phone"),
        ("MA:0026", False, "blocked the message"),
        ("ID:0076", False, "blocked the message"),
        ("BLACK", False, "blacklist"),
        ("ID:0077", False, None),
        ("MK:x", False, None),
        ("用户关机", False, None),
        ("", False, None),
    ],
)
def test_carriers_words(words: str, delivered: bool, meaning: str | None) -> None:
    explanation = explain(words, delivered=delivered)
    assert (explanation is None) if meaning is None else (explanation is not None and meaning in explanation.meaning)


def test_every_failure_has_advice(db: None) -> None:
    for words in ("UNDELIV", "EXPIRED", "REJECTD", "ACCEPTD", "UNKNOWN", "MK:0001", "MA:0001", "BLACK"):
        explanation = explain(words, delivered=False)
        assert explanation is not None
        assert explanation.advice


def test_the_gateway_s_answer_is_explained_beside_its_own_words(staff: StaffClient, db: None) -> None:
    message = make_message(status="rejected", code=4072, msg="内容与模板不匹配")
    client = staff("masked")
    page = html(client, page_url(message))
    for part in ("4072", "内容与模板不匹配", "The text does not match any approved template.", "punctuation included"):
        assert part in page
    row = html(client, list_url(Message))
    assert "4072" in row
    assert "The text does not match any approved template." in row


def test_the_carrier_s_words_are_explained(staff: StaffClient, db: None) -> None:
    message = make_message(status="undelivered", code=2, smsid=SMSID, receipt_code=0, receipt_msg="MK:0001")
    make_receipt(message, code=0, msg="MK:0001")
    client = staff("masked")
    for url in (page_url(message), list_url(Message), list_url(Receipt), page_url(Receipt.objects.get())):
        page = html(client, url)
        assert "MK:0001" in page
        assert "The carrier could not reach the phone" in page


def test_words_nobody_knows_are_shown_as_they_came(staff: StaffClient, db: None) -> None:
    make_receipt(code=0, msg="ZZ:42")
    make_receipt(code=0, msg="")
    assert "ZZ:42" in html(staff("masked"), list_url(Receipt))


def test_a_page_has_no_empty_parts(staff: StaffClient, db: None) -> None:
    page = html(staff("whole"), page_url(make_message()))
    for absent in ("carrier&#x27;s report", "gateway&#x27;s answer", "Error:", "Template:"):
        assert absent not in page
    assert "No receipt has come yet." in page
    assert "No reply has come." in page
    page = html(staff("superuser"), page_url(make_message(template="1", error="no answer", receipt_code=0)))
    for present in ("carrier&#x27;s report", "gateway&#x27;s answer", "Error:", "Template:"):
        assert present in page


def test_a_template_is_named_and_read_as_the_recipient_does(staff: StaffClient, db: None) -> None:
    text = "您的订单【变量】已发货，【变量】送达。"
    Template.objects.create(name="order-shipped", template_id="1001", text=text, variables=["a", "b"])
    page = page_url(make_message(template="1001", content="A7|明天"))
    client = staff("whole")
    whole, masked = html(client, page), html(staff("masked"), page)
    assert "order-shipped (1001)" in whole
    assert "您的订单A7已发货，明天送达。" in whole
    assert "order-shipped (1001)" in masked
    assert "明天" not in masked
    # The registry was changed since.
    odd = html(client, page_url(make_message(template="1001", content="A7")))
    assert "order-shipped (1001)" in odd
    assert "已发货" not in odd


def test_metadata_is_readable(staff: StaffClient, db: None) -> None:
    page = html(staff("whole"), page_url(make_message(metadata={"客户": ["甲", 1]})))
    assert "{\n  &quot;客户&quot;: [\n    &quot;甲&quot;,\n    1\n  ]\n}" in page


def test_tables_show_the_newest_fifty(staff: StaffClient, delivered: Message) -> None:
    for number in range(50):
        make_receipt(delivered, msg=f"R{number}")
        make_reply(delivered, content=f"答{number}。")
    client = staff("whole")
    page = html(client, page_url(delivered))
    assert "R49" in page
    assert "答0。" in page
    assert page.count(f'href="{list_url(Receipt)}') >= 1
    assert "Only the newest are shown" in page
    assert 'class="ihuyi-code">DELIVRD' not in page  # the oldest of 51
    assert "收到谢谢" not in page
    assert client.get(list_url(Reply, f"?message__id__exact={delivered.pk}")).context["cl"].result_count == 51


@pytest.mark.parametrize("rows", [1, 20])
def test_a_page_costs_the_same_however_many_receipts(
    rows: int, staff: StaffClient, db: None, django_assert_num_queries: Any
) -> None:
    message = make_message()
    for _number in range(rows):
        make_receipt(message)
        make_reply(message)
    client = staff("masked")
    ContentType.objects.get_for_model(Message)  # read once a process
    with django_assert_num_queries(9):
        client.get(page_url(message))


def test_times_are_the_reader_s(staff: StaffClient, db: None) -> None:
    created = datetime(2026, 3, 4, 15, 59, 58, tzinfo=UTC)
    make_message(
        created_at=created,
        submitted_at=created + timedelta(seconds=1),
        accepted_at=created + timedelta(seconds=3),
        reported_at=created + timedelta(days=365),
    )
    page = html(staff("masked"), list_url(Message))
    assert ">2026-03-04 23:59:58</time>" in page
    assert ">23:59:59</time>" in page
    assert ">03-05 00:00:01</time>" in page
    assert ">2027-03-04 23:59:58</time>" in page
    assert 'datetime="2026-03-04T15:59:58+00:00"' in page


HOSTILE = "<script>alert('x')</script>\"><img src=x onerror=y>{{ 7 }}"


@pytest.fixture
def hostile(db: None) -> dict[type[Model], Model]:
    """Rows that a stranger wrote wherever strangers can."""
    message = make_message(
        content=f"{HOSTILE} text",
        account=HOSTILE[:60],
        status="undelivered",
        code=4999,
        msg=HOSTILE,
        error=HOSTILE,
        smsid=HOSTILE[:60],
        template=HOSTILE[:30],
        receipt_code=0,
        receipt_msg=HOSTILE,
        metadata={HOSTILE: HOSTILE},
        idempotency_key=HOSTILE,
    )
    receipt = make_receipt(message, mobile=HOSTILE[:30], code=0, msg=HOSTILE, report_time_text=HOSTILE)
    reply = make_reply(message, mobile=HOSTILE[:30], content=HOSTILE, reply_time_text=HOSTILE)
    state = AccountState.objects.create(
        account=HOSTILE[:60], paused_since=message.created_at, code=4051, msg=HOSTILE, probe_at=message.created_at
    )
    return {Message: message, Receipt: receipt, Reply: reply, AccountState: state}


@pytest.mark.parametrize("kind", ["masked", "superuser"])
@pytest.mark.parametrize("model", MODELS)
def test_hostile_words_stay_words(
    kind: str, model: type[Model], staff: StaffClient, hostile: dict[type[Model], Model]
) -> None:
    client = staff(kind)
    for url in (list_url(model), page_url(hostile[model])):
        page = html(client, url)
        assert "<script>alert" not in page, url
        assert "<img src=x" not in page, url
        assert "&lt;script&gt;alert" in page or kind == "masked", url


@pytest.mark.parametrize("model", MODELS)
def test_pages_keep_a_strict_content_security_policy(
    model: type[Model], staff: StaffClient, delivered: Message
) -> None:
    AccountState.objects.create(account="default", paused_since=delivered.created_at, code=4051)
    client = staff("superuser")
    for url in (list_url(model), page_url(model._default_manager.get()), list_url(model, "?q=hello")):
        page = html(client, url)
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", page), url


@pytest.mark.parametrize("model", MODELS)
def test_pages_bring_the_style_sheet_and_a_plain_title(
    model: type[Model], staff: StaffClient, hostile: dict[type[Model], Model]
) -> None:
    client = staff("superuser")
    row = hostile[model]
    assert "django_ihuyi/admin.css" in html(client, list_url(model))
    page = html(client, page_url(row))
    assert "django_ihuyi/admin.css" in page
    assert f"<h1>{str(model._meta.verbose_name).capitalize()} {row.pk}</h1>" in page


def test_pages_open_in_every_language(staff: StaffClient, hostile: dict[type[Model], Model]) -> None:
    client = staff("superuser")
    client.cookies["django_language"] = "zh-hans"
    for model, row in hostile.items():
        assert '<html lang="zh-hans"' in html(client, list_url(model))
        assert MOBILE in html(client, page_url(row)) or model is not Message
    translation.deactivate()
