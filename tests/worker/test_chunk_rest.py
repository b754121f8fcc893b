"""What a worker leaves of a chunk: who has it next, from when on, and that nobody else has it meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests
from celery.exceptions import Retry, SoftTimeLimitExceeded
from django.db import InterfaceError, InternalError, OperationalError, connection
from django.utils import timezone
from time_machine import travel

from django_ihuyi import maintenance, send_sms
from django_ihuyi.gateway import Client, SubmitResult
from django_ihuyi.models import AccountState, Message
from django_ihuyi.tasks import submit_batch, submit_message
from django_ihuyi.worker import backlog
from tests.dispatchers import AwayDispatcher
from tests.fakes import FakeBroker, FakeGateway
from tests.worker.helpers import as_a_worker, bulk, statuses

pytestmark = pytest.mark.django_db(transaction=True)


def publish_times() -> set[datetime]:
    return set(Message.objects.filter(status="queued").values_list("publish_at", flat=True))


def failing(what: str, error: Exception, *, times: int = 1) -> Callable[..., Any]:
    """An execute wrapper under which some statements fail, the second of their kind first."""
    met: list[str] = []

    def execute_or_fail(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if what in sql:
            met.append(sql)
            if 1 < len(met) <= 1 + times:
                raise error
        return execute(sql, params, many, context)

    return execute_or_fail


# The sweep keeps its hands off what a chunk holds.


@pytest.mark.parametrize("delay", [0, 59, 300], ids="{} s in the queue".format)
def test_chunk__that_runs_for_its_whole_slice__is_not_published_by_a_sweep(
    wire: FakeGateway, broker: FakeBroker, use: Any, delay: int
) -> None:
    use(CONCURRENCY=1)
    start = timezone.now()
    with travel(start, tick=False) as clock:
        pks = bulk(9)
        broker.take()
        clock.shift(delay)

        def take_four_seconds(_form: dict[str, str]) -> None:
            clock.shift(4)
            assert maintenance.enqueue_due(timezone.now()) == (0, False)
            connection.close()

        wire.when_taken = take_four_seconds
        submit_batch(pks)
    # As long as a slice is and the last call that it began, if the monotonic clock travels, too; then one is left.
    assert len(wire.forms) >= 8
    assert len(wire.forms) + len(broker.take_pks()) == 9


def test_chunk__of_fresh_messages__costs_no_statement_to_hold(wire: FakeGateway, broker: FakeBroker) -> None:
    pks = bulk(20)
    before = publish_times()
    wire.answer(*[4051] * 20)
    held: list[bool] = []
    wire.when_taken = lambda _form: held.append(True)
    seen: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        submit_batch(pks)
    first_update = next(sql for sql in seen if sql.startswith("UPDATE"))
    assert "claimed_by" in first_update
    assert len(before) == 1


@pytest.mark.parametrize("seconds", [20, 70])
def test_chunk__given_back_for_later__stays_out_of_the_sweeps_hands_until_then(
    wire: FakeGateway, broker: FakeBroker, use: Any, seconds: int
) -> None:
    use(RATE_LIMIT=0.1)
    start = timezone.now()
    with travel(start, tick=False) as clock:
        pks = bulk(3, category="marketing")
        broker.take()
        AccountState.objects.create(account="default", next_turn_at=start + timedelta(seconds=seconds))
        submit_batch(pks)
        (task,) = broker.take()
        assert task.pks == pks
        assert task.eta is not None
        for second in range(seconds + 30):
            clock.move_to(start + timedelta(seconds=second))
            assert maintenance.enqueue_due(timezone.now()) == (0, False)


def test_countdown__of_a_task_that_the_broker_refuses__is_kept_by_the_sweep(
    wire: FakeGateway, broker: FakeBroker
) -> None:
    start = timezone.now()
    with travel(start, tick=False) as clock:
        pks = bulk(2)
        broker.take()
        assert not AwayDispatcher().enqueue_batch(pks, "notification", countdown=30)
        for second in (1, 29):
            clock.move_to(start + timedelta(seconds=second))
            assert maintenance.enqueue_due(timezone.now()) == (0, False)
        clock.move_to(start + timedelta(seconds=31))
        assert maintenance.enqueue_due(timezone.now()) == (2, False)


# The account is paused.


@pytest.mark.parametrize(
    ("answer", "code"),
    [(4051, 4051), (405, 405), (requests.exceptions.ConnectTimeout(), None), ((502, b""), None)],
    ids=["no credit", "wrong key", "not reached", "502"],
)
def test_rest__when_the_account_pauses__is_due_at_once_and_goes_with_the_resume(
    wire: FakeGateway, broker: FakeBroker, use: Any, answer: Any, code: int | None
) -> None:
    use(CONCURRENCY=2)
    start = timezone.now()
    with travel(start, tick=True) as clock:
        pks = bulk(300)
        # As it is for the end of a long bulk: the sweep takes its task for lost after an hour.
        Message.objects.update(publish_at=start + timedelta(hours=1))
        broker.take()
        wire.answer(*[answer] * 12)
        submit_batch(pks)
        assert AccountState.objects.get().code == code
        assert max(publish_times()) <= timezone.now() + timedelta(minutes=2)
        wire.forget_answers()
        clock.shift(60)
        maintenance.sweep()
        # The probe resumes the account, and its worker publishes everything: no other sweep is needed.
        for _round in range(3):
            for task in broker.take():
                task.run()
        left = Message.objects.filter(status="queued", due_at__lte=timezone.now()).count()
    assert left == 0
    assert statuses()["accepted"] >= 288


def test_chunk__of_a_paused_account__makes_its_rows_due_after_one_claim(wire: FakeGateway, broker: FakeBroker) -> None:
    pks = bulk(250)
    AccountState.objects.pause("default", code=4052, msg="", clock_offset=None, now=timezone.now())
    Message.objects.update(publish_at=timezone.now() + timedelta(hours=1))
    claims: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        claims.extend([sql] if "claimed_by" in sql and sql.startswith("UPDATE") else [])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        submit_batch(pks)
    assert len(claims) == 1
    assert wire.forms == []
    assert all(moment <= timezone.now() for moment in publish_times())


def test_resume__of_many__publishes_codes_before_campaigns(wire: FakeGateway, broker: FakeBroker) -> None:
    campaign = bulk(1200, category="marketing")
    notice = send_sms("13800138001", "您好")
    code = send_sms("13800138000", "验证码 123456", category="verification")
    broker.take()
    AccountState.objects.pause("default", code=4052, msg="", clock_offset=None, now=timezone.now())
    Message.objects.update(publish_at=timezone.now() - timedelta(seconds=1))
    Message.objects.filter(pk__in=campaign).update(publish_at=timezone.now() - timedelta(hours=1))
    probe = Message.objects.get(pk=campaign[-1])
    with travel(timezone.now() + timedelta(minutes=1), tick=True):
        submit_message(probe.pk)
        published = broker.take_pks()
    assert published[:2] == [code.pk, notice.pk]
    assert sorted(published[2:]) == campaign[:-1]


# The database or a time limit.


@pytest.mark.parametrize("error", [OperationalError, InterfaceError, InternalError])
@pytest.mark.parametrize("what", ["claimed_by", "SELECT"], ids=["at a claim", "at a page"])
def test_chunk__that_finds_no_database__is_tried_again_in_ten_seconds(
    wire: FakeGateway, broker: FakeBroker, use: Any, error: type[Exception], what: str
) -> None:
    use(CONCURRENCY=2)
    pks = bulk(40)
    Message.objects.update(publish_at=timezone.now() + timedelta(hours=1))
    broker.take()
    away = connection.execute_wrapper(failing(what, error("gone")))
    with as_a_worker(submit_batch, pks), away, pytest.raises(Retry):
        submit_batch.run(pks)
    (task,) = broker.take()
    assert (task.task, task.pks) == ("django_ihuyi.tasks.submit_batch", pks)
    assert task.eta is not None
    assert 5 < (datetime.fromisoformat(task.eta) - timezone.now()).total_seconds() <= 10
    task.run()
    assert statuses() == {"accepted": 40}


def test_chunk__that_finds_no_database_in_a_direct_call__raises(wire: FakeGateway, broker: FakeBroker) -> None:
    pks = bulk(4)
    broker.take()
    with connection.execute_wrapper(failing("SELECT", OperationalError("gone"))), pytest.raises(OperationalError):
        submit_batch(pks)
    assert broker.take() == []


@pytest.mark.parametrize("at", [1, 3, 10], ids="at call {}".format)
def test_chunk__under_a_soft_time_limit__gives_back_the_rest_at_once(
    wire: FakeGateway, broker: FakeBroker, use: Any, at: int
) -> None:
    use(CONCURRENCY=1)
    pks = bulk(30)
    Message.objects.update(publish_at=timezone.now() + timedelta(hours=1))
    broker.take()
    interrupted: list[int] = []

    def interrupt(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "claimed_by" in sql and sql.startswith("UPDATE"):
            interrupted.append(1)
            if len(interrupted) == at:
                raise SoftTimeLimitExceeded
        return execute(sql, params, many, context)

    with connection.execute_wrapper(interrupt), pytest.raises(SoftTimeLimitExceeded):
        submit_batch(pks)
    (task,) = broker.take()
    assert task.eta is None
    assert len(task.pks) + len(wire.forms) == 30
    assert "submitting" not in statuses()
    task.run()
    assert statuses() == {"accepted": 30}


@pytest.mark.parametrize(
    ("limits", "attribute"),
    [((None, 26), None), ((26, None), None), ((None, None), "soft_time_limit"), ((None, None), "time_limit")],
    ids=["soft, of the call", "hard, of the call", "soft, of the task", "hard, of the task"],
)
def test_slice__of_a_task_with_a_time_limit__ends_before_it(
    wire: FakeGateway,
    broker: FakeBroker,
    use: Any,
    monkeypatch: pytest.MonkeyPatch,
    limits: tuple[float | None, float | None],
    attribute: str | None,
) -> None:
    use(CONCURRENCY=1)  # a call takes 23 s at most: of 26 s a chunk has one
    if attribute:
        monkeypatch.setattr(submit_batch, attribute, 26)
    pks = bulk(30)
    broker.take()
    wire.when_taken = lambda _form: time.sleep(0.1)
    began = time.monotonic()
    with as_a_worker(submit_batch, pks, timelimit=limits):
        submit_batch.run(pks)
    assert time.monotonic() - began < 2.5
    # A worker that has seen no sweep sweeps, and asks whether the queue is served.
    (task,) = [task for task in broker.take() if task.task.endswith("submit_batch")]
    assert 30 - 15 <= len(task.pks) < 30


class Broken(Client):
    """A site's own client, with a fault."""

    def submit(self, mobile: str, content: str, template: int | str | None = None) -> SubmitResult:
        raise ZeroDivisionError


def test_rest__of_a_chunk_with_a_broken_client__waits_longer_each_time(
    wire: FakeGateway, broker: FakeBroker, use: Any
) -> None:
    use(CONCURRENCY=1, CLIENT=f"{__name__}.Broken")
    waits = []
    with travel(timezone.now(), tick=False) as clock:
        pks = bulk(30)
        for _round in range(4):
            broker.take()
            with pytest.raises(ZeroDivisionError):
                submit_batch(pks)
            (publish_at,) = publish_times()
            waits.append(round((publish_at - timezone.now()).total_seconds()))
            clock.move_to(publish_at)
            assert maintenance.enqueue_due(timezone.now())[0] > 0
    assert waits == [60, 120, 240, 480]
    assert statuses()["unknown"] <= 8


def test_backlog__of_an_account_that_is_well__leaves_out_what_has_a_task(broker: FakeBroker) -> None:
    pks = bulk(3)
    broker.take()
    backlog.enqueue_account("default")
    assert broker.take_pks() == []
    Message.objects.update(publish_at=timezone.now())
    backlog.enqueue_account("default")
    assert broker.take_pks() == pks


@pytest.mark.parametrize("category", ["verification", "notification", "marketing"])
def test_single_message__whose_task_finds_the_account_paused__goes_with_the_resume(
    wire: FakeGateway, broker: FakeBroker, category: str
) -> None:
    AccountState.objects.pause("default", code=4052, msg="", clock_offset=None, now=timezone.now())
    messages = [send_sms(f"1380013800{number}", "您好", category=category) for number in range(3)]
    for task in broker.take():
        task.run()
    assert statuses() == {"queued": 3}
    with travel(timezone.now() + timedelta(seconds=31), tick=True):
        submit_message(messages[1].pk)
        assert sorted(broker.take_pks()) == [messages[0].pk, messages[2].pk]
