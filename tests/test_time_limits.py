"""Celery's time limits: told by ``check`` where they are too short, and known to the task that runs under one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.checks import run_checks

from django_ihuyi import tasks, time_limits
from tests.celery import app

NAME = "django_ihuyi.tasks.submit_batch"


@pytest.fixture
def configure() -> Iterator[Any]:
    """Set options of Celery; they are as before afterwards."""
    # A task keeps the limits that the configuration has when it is bound.
    app.finalize()
    before = {name: app.conf[name] for name in ("task_soft_time_limit", "task_time_limit")}
    yield lambda **options: app.conf.update(options)
    app.conf.update(before)


def warnings() -> list[str]:
    return [str(message.msg) for message in run_checks() if message.id == "django_ihuyi.W007"]


@pytest.mark.parametrize(
    ("soft", "hard", "told"),
    [
        (None, None, ""),
        (60, None, "after 60 seconds"),
        (None, 60, "after 60 seconds"),
        (60, 90, "after 60 seconds"),
        (300, 90, "after 90 seconds"),
        (119.5, None, "after 119.5 seconds"),
        (120, 180, ""),
        (300, 360, ""),
    ],
)
def test_check__with_a_limit__warns_below_two_minutes(
    configure: Any, monkeypatch: pytest.MonkeyPatch, soft: float | None, hard: float | None, told: str
) -> None:
    configure(task_soft_time_limit=soft, task_time_limit=hard)
    for name, task in app.tasks.items():
        if name.startswith("django_ihuyi."):
            monkeypatch.setattr(task, "soft_time_limit", soft)
            monkeypatch.setattr(task, "time_limit", hard)
    found = warnings()
    assert len(found) == bool(told)
    assert all(told in text for text in found)


def test_check__with_a_limit_of_one_task__names_that_task(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks.purge, "soft_time_limit", 30)
    (found,) = warnings()
    assert "(purge)" in found


def test_problems__of_tasks_that_nobody_has_imported__are_read_from_the_configuration(configure: Any) -> None:
    configure(task_soft_time_limit=60)
    (found,) = time_limits.problems(["of_another_version"])
    assert "after 60 seconds" in found.text


def test_check__without_a_celery_application__is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("celery._state.default_app", None)
    assert list(time_limits.problems()) == []


def test_check__of_a_configuration_that_cannot_be_read__is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks.purge, "soft_time_limit", "soon")
    assert warnings() == []


@pytest.mark.parametrize(
    ("request_", "of_task", "wanted"),
    [
        ({"timelimit": (None, None)}, (None, None), None),
        ({"timelimit": (90, 60)}, (None, None), 60),
        ({"timelimit": (90, None)}, (None, 45), 45),
        ({"timelimit": (None, None)}, (50, 40), 40),
        ({"timelimit": None}, (50, None), 50),
        ({"timelimit": (90, 60), "called_directly": True}, (50, 40), None),
        ({"timelimit": (90, 60), "is_eager": True}, (50, 40), None),
    ],
    ids=["none", "soft first", "hard, and the task's soft", "the task's", "old message", "direct", "eager"],
)
def test_seconds_left__of_a_task__is_the_shortest_limit_that_celery_applies(
    monkeypatch: pytest.MonkeyPatch,
    request_: dict[str, Any],
    of_task: tuple[float | None, float | None],
    wanted: float | None,
) -> None:
    task = tasks.submit_batch
    monkeypatch.setattr(task, "time_limit", of_task[0])
    monkeypatch.setattr(task, "soft_time_limit", of_task[1])
    task.push_request(**{"called_directly": False, **request_})
    try:
        assert time_limits.seconds_left(task) == wanted
    finally:
        task.pop_request()
