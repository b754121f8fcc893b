"""A row that cannot be deleted or emptied stays, and stops no other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DataError, IntegrityError, OperationalError, connection
from django.db.models import Model, ProtectedError
from django.db.models.signals import pre_delete
from django.utils import timezone
from pytest_django import Settings

from django_ihuyi import maintenance
from django_ihuyi.api.models import ApiCall
from django_ihuyi.models import Message, OptOut, Receipt, Reply
from django_ihuyi.privacy import erasure, retention
from django_ihuyi.tasks import purge
from django_ihuyi.verification.models import CodeQuota, VerificationCode
from tests.broken_tables import unreadable
from tests.log_records import package_records

pytestmark = pytest.mark.django_db(transaction=True)

MOBILE = "13800138000"


def make_old(count: int, **values: Any) -> list[Message]:
    """Messages that are old enough for everything."""
    then = timezone.now() - timedelta(days=40)
    fields = {"mobile": MOBILE, "content": "您好", "created_at": then, "submitted_at": then, "status": "delivered"}
    return [Message.objects.create(**{**fields, **values}) for _number in range(count)]


@contextmanager
def referenced(keys: list[int], table: str = "django_ihuyi_message") -> Iterator[None]:
    """A table of the site's that the database lets nobody delete rows under."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TABLE site_order (row_id bigint NOT NULL, FOREIGN KEY (row_id) REFERENCES {table} (id))"
        )
        cursor.executemany("INSERT INTO site_order VALUES (%s)", [[key] for key in keys])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE site_order")


@contextmanager
def protected(keys: list[int], error: Exception | None = None, *, model: type[Model] = Message) -> Iterator[None]:
    """A receiver of the site's that refuses, as a protecting foreign key of Django's does."""

    def refuse(instance: Any, **arguments: Any) -> None:
        if instance.pk in keys:
            raise error or ProtectedError("it is referenced", {instance})

    pre_delete.connect(refuse, sender=model)
    try:
        yield
    finally:
        pre_delete.disconnect(refuse, sender=model)


@contextmanager
def failing(statement: str, keys: list[int], error: Exception) -> Iterator[None]:
    """A database that refuses statements about rows, as a trigger of the site's does."""

    def execute(run: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(statement) and set(keys) & set(params or ()):
            raise error
        return run(sql, params, many, context)

    with connection.execute_wrapper(execute):
        yield


REFUSALS: dict[str, Callable[[list[int]], Any]] = {
    "foreign key of the database's": referenced,
    "foreign key of Django's": protected,
    "receiver that fails": lambda keys: protected(keys, LookupError("a fault of the site's")),
    "trigger": lambda keys: failing("DELETE", keys, OperationalError("1644", "refused by a trigger")),
}


@pytest.mark.parametrize("refuses", REFUSALS.values(), ids=REFUSALS)
@pytest.mark.parametrize("bad", [[0], [9], [0, 4, 5, 9], list(range(10))], ids=["first", "last", "some", "all"])
@pytest.mark.parametrize("chunk", [1000, 4, 1])
def test_a_purge__of_rows_that_cannot_be_deleted__deletes_all_others(
    settings: Settings, refuses: Any, bad: list[int], chunk: int
) -> None:
    settings.IHUYI = {**settings.IHUYI, "RETENTION_DAYS": 30}
    rows = make_old(10)
    make_old(2, category="marketing")
    Reply.objects.create(mobile=MOBILE, content="好", received_at=timezone.now() - timedelta(days=40))
    kept = [rows[index].pk for index in bad]
    with refuses(kept):
        for _night in range(2):
            with pytest.raises(Exception) as caught:  # noqa: PT011  what the site's own fault is
                retention.purge(timezone.now(), chunk=chunk)
            assert isinstance(caught.value, IntegrityError | LookupError | OperationalError)
            assert list(Message.objects.order_by("pk").values_list("pk", flat=True)) == kept
    assert not Reply.objects.exists()
    assert purge()["notification"] == len(kept)


def test_a_purge__of_rows_that_cannot_be_deleted__is_logged_without_a_word_of_theirs(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.IHUYI = {**settings.IHUYI, "RETENTION_DAYS": 30}
    rows = make_old(4)
    with protected([rows[1].pk, rows[3].pk], LookupError(f"{MOBILE} 您好")), pytest.raises(LookupError):
        purge()
    records = package_records(caplog, logging.ERROR)
    assert [record.__dict__["event"] for record in records] == ["row.failed", "purge.failed"]
    assert records[1].getMessage() == "The purge ended 2 rows of 'notification' and could not end 2: LookupError."
    assert MOBILE not in caplog.text
    assert "您好" not in caplog.text


@pytest.mark.parametrize("refuses", REFUSALS.values(), ids=REFUSALS)
def test_the_command__with_rows_that_cannot_be_deleted__says_so_and_fails(settings: Settings, refuses: Any) -> None:
    settings.IHUYI = {**settings.IHUYI, "RETENTION_DAYS": 30}
    rows = make_old(3)
    make_old(1, category="marketing")
    out, err = StringIO(), StringIO()
    with refuses([rows[0].pk]), pytest.raises(CommandError, match="notification") as caught:
        call_command("ihuyi_purge", stdout=out, stderr=err)
    assert caught.value.returncode == 1
    assert "notification=2\n" in out.getvalue()
    assert "marketing=1\n" in out.getvalue()
    assert "notification: 1 rows could not be deleted or emptied (" in err.getvalue()


@pytest.mark.parametrize(
    ("options", "job"),
    [({"TEXT_RETENTION_DAYS": 7}, "texts"), ({"HASH_MOBILES_AFTER_DAYS": 7}, "message_numbers")],
    ids=["emptied", "hashed"],
)
@pytest.mark.parametrize("error", [DataError("too long"), OperationalError("1644", "refused")], ids=["row", "trigger"])
def test_a_purge__of_a_row_that_cannot_be_changed__changes_all_others(
    settings: Settings, options: dict[str, int], job: str, error: Exception
) -> None:
    settings.IHUYI = {**settings.IHUYI, **options}
    rows = make_old(5)
    before = {"content": "您好", "mobile": MOBILE}
    with failing("UPDATE", [rows[2].pk], error), pytest.raises(type(error)):
        purge()
    left = [row.pk for row in Message.objects.all() if {"content": row.content, "mobile": row.mobile} == before]
    assert left == [rows[2].pk]
    assert purge()[job] == 1


def test_a_purge__when_the_database_goes_away__tries_no_row_by_itself(settings: Settings) -> None:
    settings.IHUYI = {**settings.IHUYI, "RETENTION_DAYS": 30}
    make_old(50)
    tried: list[str] = []

    def away(run: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if tried or sql.startswith("DELETE"):
            tried.append(sql)
            raise OperationalError("server closed the connection unexpectedly")
        return run(sql, params, many, context)

    with connection.execute_wrapper(away), pytest.raises(OperationalError):
        purge()
    assert len(tried) <= 10
    assert Message.objects.count() == 50


@pytest.mark.parametrize("most", [500, 2])
def test_the_sweep__with_codes_that_cannot_be_deleted__forgets_all_others(most: int) -> None:
    then = timezone.now() - timedelta(days=40)
    values = {"mobile": MOBILE, "purpose": "x", "nonce": "n", "length": 6, "created_at": then, "expires_at": then}
    codes = [VerificationCode.objects.create(**values) for _number in range(7)]
    CodeQuota.objects.create(subject="number:1", used_at=then)
    calls = [ApiCall.objects.create(key=str(number), fingerprint="x", created_at=then) for number in range(3)]
    kept = [codes[0].pk, codes[1].pk, codes[2].pk, codes[5].pk]
    with protected(kept, model=VerificationCode):
        for _sweep in range(3):
            with pytest.raises(ProtectedError):
                maintenance.sweep(batch=most)
    assert list(VerificationCode.objects.order_by("pk").values_list("pk", flat=True)) == kept
    assert not CodeQuota.objects.exists()
    assert not ApiCall.objects.filter(pk__in=[call.pk for call in calls]).exists()
    assert maintenance.sweep()["forgotten"] == len(kept)


def fill() -> tuple[Message, VerificationCode]:
    """A person in several tables."""
    messages = [Message.objects.create(mobile=MOBILE, content="您好", status="delivered") for _number in range(3)]
    for number in range(3):
        Receipt.objects.create(mobile=MOBILE, code=2, msg="您好", report_time_text=str(number))
        Reply.objects.create(mobile=MOBILE, content="您好", reply_time_text=str(number))
    later = timezone.now() + timedelta(minutes=5)
    values = {"mobile": MOBILE, "purpose": "x", "nonce": "n", "length": 6, "expires_at": later}
    codes = [VerificationCode.objects.create(**values) for _number in range(3)]
    OptOut.objects.create(mobile=MOBILE, reason="您好")
    return messages[1], codes[1]


def rows_with_the_number() -> dict[str, int]:
    models = (Message, Receipt, Reply, VerificationCode)
    return {model.__name__: model._default_manager.filter(mobile=MOBILE).count() for model in models}


def test_an_erasure__with_a_code_that_cannot_be_deleted__erases_all_else() -> None:
    _message, code = fill()
    with protected([code.pk], model=VerificationCode), pytest.raises(erasure.ErasureFailedError) as caught:
        erasure.erase(MOBILE)
    assert rows_with_the_number() == {"Message": 0, "Receipt": 0, "Reply": 0, "VerificationCode": 1}
    assert caught.value.failed == {"ihuyi_verification.VerificationCode": 1}
    assert caught.value.counts["ihuyi_verification.VerificationCode"] == 2
    assert isinstance(caught.value.error, ProtectedError)
    assert erasure.erase(MOBILE)["ihuyi_verification.VerificationCode"] == 1


def test_an_erasure__with_a_message_that_cannot_be_changed__erases_all_else() -> None:
    message, _code = fill()
    with (
        failing("UPDATE", [message.pk], DataError("refused")),
        pytest.raises(CommandError, match="DataError") as caught,
    ):
        call_command("ihuyi_erase", MOBILE, "--no-input", stdout=StringIO())
    assert caught.value.returncode == 1
    assert "django_ihuyi.Message=1" in str(caught.value)
    left = rows_with_the_number()
    assert left["Message"] == 1
    assert left["VerificationCode"] == 0
    call_command("ihuyi_erase", MOBILE, "--no-input", stdout=StringIO())
    assert set(rows_with_the_number().values()) == {0}


def test_an_erasure__when_a_table_cannot_be_read__erases_the_others() -> None:
    fill()
    with unreadable("django_ihuyi_receipt"), pytest.raises(erasure.ErasureFailedError):
        erasure.erase(MOBILE)
    left = rows_with_the_number()
    assert (left["Message"], left["Receipt"], left["Reply"], left["VerificationCode"]) == (0, 3, 0, 0)
