"""Celery's time limits of the tasks, and a warning if they are too short."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from celery import Task, current_app

from . import celery_broker
from .hooks import Problem

TASKS = ("submit_message", "submit_batch", "sweep", "check_balance", "purge", "deliver_webhook")
_MIN_LIMIT = 120.0
"""Seconds. A slice of a campaign takes half a minute, and the calls under way at its end as long again at most. Twice
that, for a busy machine."""


def seconds_left(task: Task[Any, Any]) -> float | None:
    """Return after how many seconds Celery ends a task that has just begun; None if it does not.

    A limit on the command line of a worker (``--soft-time-limit``) is not visible here.

    Args:
        task: The task, in the process that runs it.
    """
    request = task.request
    if request.called_directly or request.is_eager:
        return None
    hard, soft = request.timelimit or (None, None)
    return _shortest(soft or task.soft_time_limit, hard or task.time_limit)


def problems(names: Sequence[str] = TASKS) -> Iterator[Problem]:
    """Find limits under which a campaign goes out in pieces of a few seconds.

    Args:
        names: Names of tasks in :mod:`django_ihuyi.tasks`.
    """
    try:
        limits = {name: limit for name in names if (limit := _limit_of(name)) and limit < _MIN_LIMIT}
    except Exception:  # noqa: BLE001  a configuration that cannot be read is for Celery to report
        return
    if limits:
        options = ", ".join(celery_broker.setting(name) for name in ("task_soft_time_limit", "task_time_limit"))
        yield Problem(
            "W007",
            f"Celery ends tasks after {min(limits.values()):g} seconds ({', '.join(limits)}): campaigns and purges go "
            "on in short pieces, and calls that are under way at the end become unknown.",
            f"Raise {options} to {_MIN_LIMIT:g} or more, or exempt these tasks: "
            f"{celery_broker.setting('task_annotations')} = "
            "{'django_ihuyi.tasks.submit_batch': {'soft_time_limit': 240, 'time_limit': 300}, ...}.",
        )


def _limit_of(name: str) -> float | None:
    if celery_broker.application() is None:
        return None
    conf = current_app.conf
    # A task that nothing has imported yet has the limits of the configuration, but for annotations of its own.
    task: Any = current_app.tasks.get(f"django_ihuyi.tasks.{name}")
    if task is None:
        return _shortest(conf.task_soft_time_limit, conf.task_time_limit)
    return _shortest(task.soft_time_limit, task.time_limit)


def _shortest(*limits: float | None) -> float | None:
    return min((limit for limit in limits if limit), default=None)
