"""The processes of the end-to-end tests, and their logs in the report of a test that fails."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests import services

from .processes import Stack

_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
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


@pytest.fixture
def expected_statuses() -> set[int]:
    """The statuses of answers that a test means to get: Chromium's console tells of each as of an error."""
    return set()


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Chromium."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=services.chromium(), args=_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, expected_statuses: set[int]) -> Iterator[Page]:
    """A tab; whatever its console complains of is an error."""
    page = browser.new_page(locale="en-GB")
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if line.type in {"error", "warning"} else None)
    page.set_default_timeout(15_000)
    yield page
    meant = tuple(f"Failed to load resource: the server responded with a status of {one}" for one in expected_statuses)
    assert [line for line in complaints if not line.startswith(meant or "\0")] == []


@pytest.fixture
def page_without_javascript(browser: Browser) -> Page:
    """A tab in which no script runs."""
    page = browser.new_context(locale="en-GB", java_script_enabled=False).new_page()
    page.set_default_timeout(15_000)
    return page


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
