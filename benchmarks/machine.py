"""When, where and with what something is measured."""

from __future__ import annotations

import os
import platform
import time
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import kombu

from tests import services

PACKAGES = ("Django", "celery", "psycopg", "redis", "gunicorn")


def about() -> dict[str, object]:
    """Return the date, the machine, and the versions of what is measured; the servers must be reachable."""
    packages = {name: version(name) for name in PACKAGES}
    return {
        "date": time.strftime("%Y-%m-%d"),
        "machine": f"{os.cpu_count()} x {processor()}",
        "software": {"Python": platform.python_version(), **packages, **servers()},
    }


def processor() -> str:
    """Return the name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def servers() -> dict[str, str]:
    """Return the versions of the servers."""
    import psycopg
    import redis

    with psycopg.connect(services.url("postgresql")) as connection:
        number = connection.info.server_version
    with closing(redis.Redis.from_url(services.url("redis"))) as client:
        redis_version = str(client.info()["redis_version"])
    with kombu.Connection(services.url("rabbitmq")) as broker:
        rabbitmq = str(broker.connection.server_properties["version"])
    return {"PostgreSQL": f"{number // 10000}.{number % 10000}", "Redis": redis_version, "RabbitMQ": rabbitmq}
