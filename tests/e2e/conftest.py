"""The processes of the end-to-end tests, and their logs in the report of a test that fails."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests import services

from .stack import Stack

_STACKS = pytest.StashKey[list[Stack]]()


def _run(stack: Stack, config: pytest.Config) -> Iterator[Stack]:
    stacks = config.stash.setdefault(_STACKS, [])
    stacks.append(stack)
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()
        stacks.remove(stack)
    assert stack.found_secrets() == []


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Stack]:
    """Everything on SQLite and the broker in a file, as ``make demo`` has it."""
    yield from _run(Stack(tmp_path_factory.mktemp("sqlite")), pytestconfig)


@pytest.fixture(params=["postgresql-redis", "mariadb-rabbitmq"])
def served_stack(request: pytest.FixtureRequest, tmp_path: Path, pytestconfig: pytest.Config) -> Iterator[Stack]:
    """Everything on servers, in throw-away places of theirs."""
    with ExitStack() as places:
        if request.param == "postgresql-redis":
            environment = {
                "DATABASE_URL": places.enter_context(services.postgresql_database()),
                "CELERY_BROKER_URL": places.enter_context(services.redis_database()),
            }
        else:
            database = places.enter_context(services.mariadb_database())
            broker, queue = places.enter_context(services.rabbitmq_queue())
            environment = {"DATABASE_URL": database, "CELERY_BROKER_URL": broker, "CELERY_QUEUE": queue}
        yield from _run(Stack(tmp_path / "data", **environment), pytestconfig)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Attach the ends of all logs to a failure."""
    report = yield
    if report.failed:
        for stack in item.config.stash.get(_STACKS, []):
            for log in sorted(stack.logs.glob("*.log")):
                end = log.read_text(encoding="utf-8", errors="replace").splitlines()[-60:]
                report.sections.append((f"the end of {log}", "\n".join(end)))
    return report
