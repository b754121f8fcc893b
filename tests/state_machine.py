"""What state machines share that drive tasks, sweeps and deaths in any order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import connection
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

START = datetime(2026, 11, 22, 12)  # noqa: DTZ001  as time_machine takes it: UTC


class Death(BaseException):
    """What SIGKILL would be: nothing catches it."""


class DieAt:
    """Dies before or after the n-th statement of the process."""

    def __init__(self, statement: int, after: bool) -> None:
        self.left = statement
        self.after = after

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.left -= 1
        if self.left == 0 and not self.after:
            raise Death
        result = execute(sql, params, many, context)
        if self.left == 0:
            raise Death
        return result


@contextmanager
def dying(statement: int, after: bool) -> Iterator[None]:
    """Die at a statement of what is done here, if it comes that far."""
    try:
        with connection.execute_wrapper(DieAt(statement, after)):
            yield
    except Death:
        # The server ends what a dead process had begun; SQLite's BEGIN is a statement, too. Not by closing alone:
        # a closed SQLite connection keeps its lock for as long as a frame of the traceback holds a cursor.
        if connection.connection is not None:
            connection.connection.rollback()
        connection.close()


def explore(machine: type[RuleBasedStateMachine], *, examples: int, steps: int) -> None:
    """Let hypothesis drive a machine through so many runs of so many steps."""
    made: Any = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    run_state_machine_as_test(machine, settings=made)
