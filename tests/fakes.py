"""The two ends of the app faked for tests: a gateway behind ``requests`` and a broker in memory, both with real bytes.

A pytest plugin, loaded by the project's pytest options: the fixtures ``wire``, ``broker`` and ``eager``.
"""

from __future__ import annotations

import json
import queue
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qs

import pytest
import requests
import responses

from .account_settings import ABROAD_URL, VOICE_URL
from .celery import app

URL = "http://127.0.0.1:9/webservice/sms.php"
_ID_FIELDS = {URL: "smsid", ABROAD_URL: "ismsid", VOICE_URL: "voiceid"}

Answer = int | dict[str, Any] | tuple[int, bytes] | Exception
"""A code, a whole JSON answer, a status with a body, or what the transport raises."""


@dataclass(frozen=True)
class SubmittedCall:
    """The gateway takes the message, and the sender gets this instead of the acceptance."""

    answer: Answer


class FakeGateway:
    """A gateway that takes everything unless told otherwise, and remembers what it took."""

    def __init__(self, mock: responses.RequestsMock) -> None:
        self.forms: list[dict[str, str]] = []
        self.accepted: list[dict[str, str]] = []
        self.headers: dict[str, str] = {"Content-Type": "application/json"}
        self.when_taken: Callable[[dict[str, str]], None] = lambda form: None
        """Called with the form and its smsid before the answer goes back."""
        self._answers: deque[Answer | SubmittedCall] = deque()
        self._smsid = 15870246956696820530
        for url in _ID_FIELDS:
            mock.add_callback(responses.POST, url, self._answer)

    def answer(self, *answers: Answer | SubmittedCall) -> None:
        """Say what the next requests get; after these, everything is accepted."""
        self._answers.extend(answers)

    def forget_answers(self) -> None:
        """Accept everything from here on."""
        self._answers.clear()

    def _answer(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], bytes]:
        form = {name: values[0] for name, values in parse_qs(cast("bytes", request.body).decode()).items()}
        self.forms.append(form)
        asks_for_balance = "method=GetNum" in str(request.url)
        default: Answer = {"code": 2, "msg": "", "num": "100"} if asks_for_balance else 2
        answer = self._answers.popleft() if self._answers else default
        if isinstance(answer, SubmittedCall):
            self._take(form, str(self._next_smsid()))
            answer = answer.answer
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, tuple):
            return answer[0], {}, answer[1]
        if isinstance(answer, int):
            answer = {"code": answer, "msg": "提交成功" if answer == 2 else "不行", "smsid": "0"}
            if answer["code"] == 2:
                answer["smsid"] = str(self._next_smsid())
        if answer["code"] == 2 and not asks_for_balance:
            self._take(form, str(answer.get("smsid")))
        name = _ID_FIELDS[str(request.url).partition("?")[0]]
        answer = {name if field == "smsid" else field: value for field, value in answer.items()}
        return 200, self.headers, json.dumps(answer).encode()

    def _next_smsid(self) -> int:
        self._smsid += 1
        return self._smsid

    def _take(self, form: dict[str, str], smsid: str) -> None:
        taken = {**form, "smsid": smsid}
        self.accepted.append(taken)
        self.when_taken(taken)


@pytest.fixture
def wire() -> Iterator[FakeGateway]:
    """The gateway that every account of the test settings talks to. What an earlier test had of it is forgotten."""
    from django_ihuyi.worker import submission  # a plugin is loaded before Django is set up

    submission.unreachable_accounts.clear()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield FakeGateway(mock)


@dataclass(frozen=True)
class Published:
    """One task as it lay in the broker."""

    task: str
    args: tuple[Any, ...]
    queue: str
    eta: str | None

    @property
    def pks(self) -> list[int]:
        """Whose task it is: one message's, or a chunk's."""
        (argument,) = self.args
        return argument if isinstance(argument, list) else [argument]

    def run(self) -> None:
        """Do what a worker does with it."""
        app.tasks[self.task](*self.args)


class FakeBroker:
    """Celery's in-memory broker, read by hand."""

    QUEUES = ("celery", "codes", "campaigns")

    def take(self) -> list[Published]:
        """Take out everything that was published."""
        taken = []
        with app.connection_for_read() as connection:
            for name in self.QUEUES:
                box = connection.SimpleQueue(name)
                while True:
                    try:
                        message = box.get_nowait()
                    except queue.Empty:
                        break
                    message.ack()
                    args, _kwargs, _embed = message.payload
                    headers = message.headers
                    taken.append(Published(headers["task"], tuple(args), name, headers["eta"]))
                box.close()
        return taken

    def take_pks(self) -> list[int]:
        """Take out everything; the primary keys of all tasks, one by one or in chunks."""
        return [pk for published in self.take() for pk in published.pks]


@pytest.fixture
def broker() -> Iterator[FakeBroker]:
    """The in-memory broker, empty before and after, and answering: what an earlier test did to it is forgotten."""
    from .dispatchers import own_dispatcher  # a plugin is loaded before Django is set up

    broker = FakeBroker()
    broker.take()
    with own_dispatcher(broker_timeout=30):  # a busy machine is no broker that hangs
        yield broker
    broker.take()


@pytest.fixture
def eager() -> Iterator[None]:
    """Celery runs tasks where they are published, as on a site without a broker."""
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False
