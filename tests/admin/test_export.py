"""Exports: who may, what is in them, that nothing in them is a formula, that memory stays flat, and the log."""

from __future__ import annotations

import csv
import io
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import openpyxl
import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from django_ihuyi.admin import MessageAdmin
from django_ihuyi.admin.export import files
from django_ihuyi.admin.export.rows import Rows
from django_ihuyi.models import Message
from django_ihuyi.privacy.audit import VIEWED

from .conftest import MASKED, MOBILE, SMSID, StaffClient, make_message
from .urls import html, list_url

pytestmark = pytest.mark.django_db

MAY = ("view_message", "export_messages")


def export_url(query: str = "") -> str:
    """The address of the export of a list."""
    return reverse("admin:django_ihuyi_message_export") + query


def read_csv(client: Client, query: str = "", **asked: str) -> list[dict[str, str]]:
    """Export as CSV."""
    answer = client.post(export_url(query), {"format": "csv", **asked})
    assert answer.status_code == 200
    content = b"".join(answer).decode()
    assert content[0] == "\ufeff"
    return list(csv.DictReader(io.StringIO(content[1:], newline="")))


def test_it_is_asked_first(staff: StaffClient, delivered: Message) -> None:
    client = staff("only", *MAY)
    assert f'href="{export_url("?status__exact=delivered")}"' in html(
        client, list_url(Message, "?status__exact=delivered&p=1")
    )
    page = html(client, export_url("?status__exact=delivered"))
    assert "Export 1 message?" in page
    assert "Numbers are masked and texts left out" in page
    assert 'name="texts"' not in page
    assert 'name="texts"' in html(staff("only", *MAY, "view_unmasked"), export_url())
    assert not LogEntry.objects.exclude(action_flag=VIEWED).exists()


def test_what_no_index_counts_is_not_counted(staff: StaffClient, delivered: Message) -> None:
    client = staff("superuser")
    for query, counts in (("?account=default", 0), (f"?account=default&q={delivered.mobile}", 1), ("", 1)):
        with CaptureQueriesContext(connection) as captured:
            page = html(client, export_url(query))
        assert ("Export all messages that fit these filters?" in page) is (counts == 0), query
        assert sum("COUNT(" in one["sql"] for one in captured.captured_queries) == counts
    assert len(read_csv(client, "?account=default")) == 1


@pytest.mark.parametrize("lacking", MAY)
def test_it_needs_the_permissions(lacking: str, staff: StaffClient, delivered: Message) -> None:
    client = staff("only", "view_unmasked", *(name for name in MAY if name != lacking))
    assert client.get(export_url()).status_code == 403
    assert client.post(export_url(), {"format": "csv"}).status_code == 403
    if lacking == "export_messages":
        page = html(client, list_url(Message))
        assert export_url() not in page
        assert 'value="export"' not in page
    assert not LogEntry.objects.exclude(action_flag=VIEWED).exists()


def test_what_is_in_it(staff: StaffClient, delivered: Message) -> None:
    Message.objects.update(receipt_msg=f"DELIVRD {MOBILE}")
    [row] = read_csv(staff("only", *MAY), texts="yes")
    assert row["Mobile"] == MASKED
    assert row["Status"] == "delivered"
    assert row["Meaning"] == "accepted"
    assert row["Smsid"] == SMSID
    assert row["Accepted at"] == f"{timezone.localtime(delivered.accepted_at):%Y-%m-%d %H:%M:%S}"
    assert "Text" not in row
    assert MOBILE not in str(row)
    [row] = read_csv(staff("only", *MAY, "view_unmasked"))
    assert (row["Mobile"], "Text" in row) == (MOBILE, False)
    [row] = read_csv(staff("superuser"), texts="yes")
    assert row["Text"] == "您的订单已发货"


def test_a_verification_code_is_in_no_export(staff: StaffClient, db: None) -> None:
    make_message(category="verification", content="您的验证码是：482193。", status="queued")
    make_message(category="verification", content="482193", template="1", status="queued")
    rows = read_csv(staff("superuser"), texts="yes")
    assert len(rows) == 2
    assert "482193" not in str(rows)


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@A1", "|cmd", "%0", "\t1", "\r1", "\n1", "＝1+1", "＋1", "－1", "＠A1"]
)
def test_nothing_is_a_formula(cell: str) -> None:
    assert files.escape_formula(cell) == f"'{cell}"


@pytest.mark.parametrize(
    ("text", "defused"),
    [
        ("您好;=1+1;", "您好;'=1+1;"),
        ("您好\t=1+1", "您好\t'=1+1"),
        ("您好\r\n@A1", "您好\r\n'@A1"),
        ('您好;"=1+1"', '您好;"\'=1+1"'),
        ("您好;＝1;;-2", "您好;'＝1;;'-2"),
        ("=1;=2", "'=1;'=2"),
        ("\t=1", "'\t'=1"),
    ],
    ids=["semicolon", "tab", "line", "quotes", "several", "first and later", "behind a tab"],
)
def test_nothing_is_a_formula_further_on(text: str, defused: str) -> None:
    assert files.escape_formula(text) == defused


def first_signs(content: str, delimiter: str) -> set[str]:
    """What the cells of a file begin with, for a program that splits it at a delimiter and drops space around them."""
    found = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter)
    return {cell.lstrip("\t\r\n")[:1] for row in found for cell in row}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
@given(texts=st.lists(st.text("=@;,\t\r\n\"'a", max_size=12), min_size=1, max_size=4))
def test_no_cell_is_a_formula_whatever_a_program_splits_at(delimiter: str, texts: list[str]) -> None:
    page = io.StringIO()
    # As in a file: a number begins each row.
    csv.writer(page).writerows([number, files.escape_formula(text), "x"] for number, text in enumerate(texts))
    assert not first_signs(page.getvalue(), delimiter) & set("=@")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
def test_no_cell_of_a_file_is_a_formula(delimiter: str, staff: StaffClient, db: None) -> None:
    text = '您好;=1+1;\t=1+1,=1+1\n=1+1;"=1+1"'
    make_message(content=text, status="undelivered", receipt_msg=text)
    answer = staff("superuser").post(export_url(), {"format": "csv", "texts": "yes"})
    content = b"".join(answer).decode()
    assert content.count("1+1") == 10
    assert "=" not in first_signs(content, delimiter)


@pytest.mark.parametrize(
    "cell", ["", "您好", " =1", "1=1", "138-1", SMSID, "a;b", "a; -1", "a,=1", "a;1-1", "a;'=1", "行\n二"]
)
def test_other_texts_stay(cell: str) -> None:
    assert files.escape_formula(cell) == cell


def test_formulas_are_defused_in_both_files(staff: StaffClient, db: None) -> None:
    text = '=HYPERLINK("http://x","y"),\n第二行'
    make_message(content=text, status="undelivered", receipt_msg="=1+1")
    client = staff("superuser")
    [row] = read_csv(client, texts="yes")
    assert (row["Text"], row["Carrier's words"]) == (f"'{text}", "'=1+1")
    [header, cells] = read_xlsx(client, texts="yes")
    found = dict(zip(header, cells, strict=True))
    assert (found["Text"].value, found["Text"].data_type) == (text, "s")


def read_xlsx(client: Client, query: str = "", **asked: str) -> list[Any]:
    """Export as XLSX: the header's texts, then each row's cells."""
    answer = client.post(export_url(query), {"format": "xlsx", **asked})
    assert answer.status_code == 200
    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer)))
    header, *rows = book.active.iter_rows()
    return [[cell.value for cell in header], *rows]


def test_xlsx_keeps_long_numbers_and_times(staff: StaffClient, delivered: Message) -> None:
    [header, cells] = read_xlsx(staff("only", *MAY))
    found = {name: cell.value for name, cell in zip(header, cells, strict=True)}
    assert found["Smsid"] == SMSID
    assert found["ID"] == delivered.pk
    assert found["Mobile"] == MASKED
    created = timezone.localtime(delivered.created_at).replace(tzinfo=None, microsecond=0)
    assert abs(found["Created"] - created) < timedelta(seconds=1)


def test_without_xlsxwriter_it_is_said(staff: StaffClient, delivered: Message, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    client = staff("superuser")
    assert "disabled" in html(client, export_url())
    page = client.post(export_url(), {"format": "xlsx"}).content.decode()
    assert "pip install &#x27;django-ihuyi[xlsx]&#x27;" in page
    assert not LogEntry.objects.exclude(action_flag=VIEWED).exists()


def test_xlsx_ends_at_the_newest_rows(staff: StaffClient, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MessageAdmin, "xlsx_most", 2)
    rows = [make_message() for _number in range(3)]
    found = read_xlsx(staff("superuser"))[1:]
    assert [cells[0].value for cells in found] == [rows[2].pk, rows[1].pk]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["e", "d", "c", "b", "a"]),
        ("?status__exact=queued", ["e", "d", "c", "a"]),
        ("?category__exact=marketing", ["d", "c"]),
        ("?created_at__lt=2026-03-03T00:00Z", ["b", "d", "c", "a"]),
        ("?created_at__gte=2026-03-02T00:00Z&created_at__lt=2026-03-03T00:00Z&category__exact=marketing", ["d", "c"]),
        (f"?q={MOBILE}", ["e", "d", "c", "b", "a"]),
        ("?q=13900139000", []),
        ("?chosen={a},{c},x,99", ["c", "a"]),
    ],
)
def test_it_is_the_filtered_list_whole_and_in_order(
    query: str, names: list[str], staff: StaffClient, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Pieces of two: several of the same moment lie across their ends.
    monkeypatch.setattr(MessageAdmin, "export_chunk", 2)
    second = datetime(2026, 3, 2, 4, tzinfo=UTC)
    pks = {
        name: make_message(account=name, created_at=created, **values).pk
        for name, created, values in (
            ("a", second - timedelta(days=1), {}),
            ("b", second + timedelta(hours=1), {"status": "delivered"}),
            ("c", second, {"category": "marketing"}),
            ("d", second, {"category": "marketing"}),
            ("e", second + timedelta(days=9), {}),
        )
    }
    assert [row["Account"] for row in read_csv(staff("superuser"), query.format(**pks))] == names


def test_an_address_cannot_ask_what_a_mask_hides(staff: StaffClient, delivered: Message) -> None:
    client = staff("only", *MAY)
    assert client.post(export_url("?mobile__startswith=138"), {"format": "csv"}).status_code == 400
    assert client.get(export_url("?created_at__gte=x")).url == list_url(Message)  # type: ignore[attr-defined]  # a redirect


def test_pieces_cost_the_same(db: None, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    Message.objects.bulk_create(Message(mobile=MOBILE, content="x") for _row in range(23))
    rows = Rows(Message.objects.order_by("-id"), whole=False, chunk=5)
    with django_assert_num_queries(6) as captured:
        pieces = [len(piece) for piece in rows]
    assert pieces == [5, 5, 5, 5, 3]
    assert rows.count == 23
    assert "OFFSET" not in str(captured.captured_queries)
    assert all("content" not in query["sql"] for query in captured.captured_queries)


def test_the_log_says_who_exported_what_and_how_much(staff: StaffClient, delivered: Message) -> None:
    client = staff("superuser")
    read_csv(client, f"?status__exact=delivered&q={MOBILE}", texts="yes")
    entry = LogEntry.objects.get()
    assert entry.user_id == int(client.session["_auth_user_id"])
    assert entry.change_message == f"Exported as CSV + text: status__exact=delivered&q={MASKED}. Rows: 1."
    read_xlsx(client)
    assert LogEntry.objects.first().change_message == "Exported as XLSX: all. Rows: 1."  # type: ignore[union-attr]


def test_a_download_that_is_broken_off_is_in_the_log(
    staff: StaffClient, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MessageAdmin, "export_chunk", 1)
    for _row in range(3):
        make_message()
    answer: Any = staff("superuser").post(export_url(), {"format": "csv"})
    assert LogEntry.objects.get().change_message == "Exported as CSV: all."
    pieces = iter(answer)
    next(pieces)
    next(pieces)
    # What a server does when the reader is gone, without the test's connection being closed as well.
    for close in answer._resource_closers:
        close()
    assert LogEntry.objects.get().change_message == "Exported as CSV: all. Rows: 1."


def test_chosen_rows_are_exported(staff: StaffClient, db: None) -> None:
    rows = [make_message() for _number in range(3)]
    client = staff("only", *MAY)
    data: dict[str, Any] = {"action": "export", "_selected_action": [rows[0].pk, rows[2].pk], "index": "0"}
    answer: Any = client.post(list_url(Message), data)
    assert answer.url == export_url(f"?chosen={rows[2].pk},{rows[0].pk}")
    assert "2 rows" in html(client, list_url(Message, f"?chosen={rows[2].pk},{rows[0].pk}"))
    answer = client.post(list_url(Message, "?status__exact=queued"), {**data, "select_across": "1"})
    assert answer.url == export_url("?status__exact=queued")
    answer = client.post(list_url(Message), {**data, "_selected_action": ["99"]})
    assert answer.url == list_url(Message)


def test_words_and_times_are_the_reader_s_although_the_file_is_written_later(db: None) -> None:
    make_message(created_at=datetime(2026, 3, 4, 15, 59, 58, tzinfo=UTC))
    with translation.override("zh-hans"), timezone.override("Asia/Tokyo"):
        rows = Rows(Message.objects.order_by("-id"), whole=False)
    content = b"".join(files.csv_chunks(rows)).decode()
    assert "排队中" in content or "等待" in content
    assert "2026-03-05 00:59:58" in content


def test_times_without_zones(db: None, settings: Any) -> None:
    settings.USE_TZ = False
    message = make_message(created_at=datetime(2026, 3, 4, 15, 59, 58))  # noqa: DTZ001  such a site's
    assert (
        "2026-03-04 15:59:58"
        in b"".join(files.csv_chunks(Rows(Message.objects.filter(pk=message.pk), whole=False))).decode()
    )
