"""The servers and the programs that some tests need: whether they can be used here, and throw-away places in them.

A test says ``pytest.mark.service("postgresql")``; without that server it is skipped by name with the reason, and fails
where ``IHUYI_REQUIRE_SERVICES`` or ``CI`` is set. Where a server is can be said in the environment.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from importlib import import_module
from typing import Any

import dj_database_url
import kombu
import pytest

MISSING = 3
"""The exit status of a program that misses a service."""
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def url(name: str) -> str:
    """Return where a server is, as an address that may create databases."""
    defaults = {
        "postgresql": "postgresql://postgres@127.0.0.1:5432/postgres",
        "mariadb": "mysql://root@127.0.0.1:3306/mysql",
        "redis": "redis://127.0.0.1:6379",
        "rabbitmq": "amqp://guest:guest@127.0.0.1:5672//",
    }
    return os.environ.get(f"IHUYI_TEST_{name.upper()}_URL") or defaults[name]


def are_required() -> bool:
    """Whether a test may not be skipped for want of a service."""
    values = (os.environ.get(name, "").lower() for name in ("IHUYI_REQUIRE_SERVICES", "CI"))
    return any(value not in {"", "0", "false", "no"} for value in values)


@cache
def reachable(name: str) -> str | None:
    """Try a service once.

    Args:
        name: ``postgresql``, ``mariadb``, ``redis``, ``rabbitmq``, ``chromium``, ``curl``, ``php``, or
            ``post_office``, which the benchmarks compare with.

    Returns:
        None if it can be used, else the reason why not.
    """
    try:
        _PROBES[name]()
    except ImportError as error:
        return f"its Python driver is not installed ({error.name})"
    except Exception as error:  # noqa: BLE001  every driver has errors of its own, and each means "no"
        return f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else 'no reason'}"
    return None


def require(name: str) -> None:
    """Skip the running test, or fail it, if it needs a service that cannot be used."""
    reason = reachable(name)
    if reason is None:
        return
    text = f"needs {name}: {reason}"
    if are_required():
        pytest.fail(text, pytrace=False)
    pytest.skip(text)


def need(*names: str) -> None:
    """End a program with the status 3 and a line for each service that cannot be used.

    Raises:
        SystemExit: One is missing.
    """
    missing = {name: reason for name in names if (reason := reachable(name)) is not None}
    for name, reason in missing.items():
        sys.stdout.write(f"not available: {name}: {reason}\n")
    if missing:
        raise SystemExit(MISSING)


def chromium() -> str:
    """Return the browser's program.

    Raises:
        FileNotFoundError: There is none.
    """
    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if found is None:
        raise FileNotFoundError(f"there is no {', '.join(_BROWSERS)} on the PATH")
    return found


@contextmanager
def postgresql_database() -> Iterator[str]:
    """Make a database that is gone afterwards.

    Yields:
        Its ``DATABASE_URL``.
    """
    name = _new_name()
    with closing(_connect_to_postgresql()) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield _with_path(url("postgresql"), name)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def mariadb_database() -> Iterator[str]:
    """Make a database that is gone afterwards.

    Yields:
        Its ``DATABASE_URL``.
    """
    name = _new_name()
    with closing(_connect_to_mariadb()) as connection:
        connection.cursor().execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin")
        try:
            yield _with_path(url("mariadb"), name)
        finally:
            connection.cursor().execute(f"DROP DATABASE {name}")


@contextmanager
def redis_database() -> Iterator[str]:
    """Take an empty Redis database above number 5, and empty it afterwards.

    Yields:
        Its ``CELERY_BROKER_URL``.
    """
    for number in range(6, 16):
        with closing(_connect_to_redis(number)) as connection:
            # Claimed by a key, so that another run beside this one takes the next.
            if connection.dbsize() == 0 and connection.set("ihuyi-tests", "1", nx=True, ex=600):
                try:
                    yield f"{url('redis').rstrip('/')}/{number}"
                finally:
                    connection.flushdb()
                return
    raise RuntimeError("No Redis database from 6 to 15 is empty.")


@contextmanager
def rabbitmq_queue() -> Iterator[tuple[str, str]]:
    """Make up a queue that is gone afterwards.

    Yields:
        The ``CELERY_BROKER_URL`` and the queue's name.
    """
    name = _new_name()
    yield url("rabbitmq"), name
    with kombu.Connection(url("rabbitmq")) as connection, connection.channel() as channel:
        kombu.Queue(name, channel=channel).delete()
        kombu.Exchange(name, channel=channel).delete()


def _new_name() -> str:
    return f"ihuyi_test_{secrets.token_hex(6)}"


def _with_path(address: str, path: str) -> str:
    return f"{address.rpartition('/')[0]}/{path}"


def _connect_to_postgresql() -> Any:
    import psycopg

    return psycopg.connect(url("postgresql"), connect_timeout=3, autocommit=True)


def _connect_to_mariadb() -> Any:
    driver: Any = import_module("MySQLdb")  # it has no types
    parts = dj_database_url.parse(url("mariadb"))
    return driver.connect(
        host=parts["HOST"],
        port=int(parts["PORT"] or 3306),
        user=parts["USER"],
        password=parts["PASSWORD"],
        connect_timeout=3,
    )


def _connect_to_redis(number: int) -> Any:
    import redis

    return redis.Redis.from_url(url("redis"), db=number, socket_connect_timeout=3)


def _probe_postgresql() -> None:
    _connect_to_postgresql().close()


def _probe_mariadb() -> None:
    _connect_to_mariadb().close()


def _probe_redis() -> None:
    with closing(_connect_to_redis(6)) as connection:
        connection.ping()


def _probe_rabbitmq() -> None:
    with kombu.Connection(url("rabbitmq"), connect_timeout=3) as connection:
        connection.connect()


def _probe_chromium() -> None:
    import playwright  # noqa: F401  its driver

    chromium()


def _probe_curl() -> None:
    if shutil.which("curl") is None:
        raise FileNotFoundError("there is no curl on the PATH")


def _probe_php() -> None:
    if shutil.which("php") is None:
        raise FileNotFoundError("there is no php on the PATH")
    check = "foreach (['curl', 'simplexml'] as $name) if (!extension_loaded($name)) exit(\"PHP has no $name\");"
    told = subprocess.run(["php", "-r", check], capture_output=True, encoding="utf-8", check=True).stdout
    if told:
        raise FileNotFoundError(told)


def _probe_post_office() -> None:
    import_module("post_office")


_PROBES: dict[str, Callable[[], None]] = {
    "postgresql": _probe_postgresql,
    "mariadb": _probe_mariadb,
    "redis": _probe_redis,
    "rabbitmq": _probe_rabbitmq,
    "chromium": _probe_chromium,
    "curl": _probe_curl,
    "php": _probe_php,
    "post_office": _probe_post_office,
}
