"""What the environment says, read for the settings: plain texts become flags, databases and brokers."""

from __future__ import annotations

import os
import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

ON_LOOPBACK = "only-for-a-demo-on-this-machine"
"""Part of every secret that the demo makes up. Nothing with it may serve anybody else."""


def flag(name: str, *, default: bool) -> bool:
    """Read a flag: ``1``, ``true``, ``yes`` and ``on`` are true, an empty or missing one is the default."""
    text = os.environ.get(name, "").strip().lower()
    return text in {"1", "true", "yes", "on"} if text else default


def secret_key(*, debug: bool) -> str:
    """Read ``SECRET_KEY``; the demo makes one up.

    Raises:
        ImproperlyConfigured: There is none, and ``DEBUG`` is off.
    """
    key = os.environ.get("SECRET_KEY", "")
    if not key and not debug:
        raise ImproperlyConfigured("Set SECRET_KEY to a long random text, or DEBUG=1 to try the site on this machine.")
    return key or f"secret-key-{ON_LOOPBACK}"


def database(data_dir: Path) -> dict[str, Any]:
    """Read ``DATABASE_URL``; without one, the site keeps its tables in an SQLite file.

    Args:
        data_dir: Where that file is.

    Returns:
        Django's settings of one database.
    """
    url = os.environ.get("DATABASE_URL") or f"sqlite:///{data_dir / 'site.sqlite3'}"
    config: dict[str, Any] = dict(dj_database_url.parse(url))
    options = config.setdefault("OPTIONS", {})
    if config["ENGINE"].endswith("sqlite3"):
        # Site and worker are processes of their own that write to one file. Readers must not stop a writer (WAL), a
        # writer waits for another one (20 s), and says at the start of a transaction that it will write: one that
        # read first could not wait any more.
        options |= {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
        }
    elif config["ENGINE"].endswith("mysql"):
        options["charset"] = "utf8mb4"
    return config


def broker(data_dir: Path) -> tuple[str, dict[str, Any]]:
    """Read ``CELERY_BROKER_URL``; without one, a small broker in a file that needs no server.

    That broker is kombu's SQLAlchemy transport on an SQLite file, and not its file-system transport, which loses
    tasks between processes: a consumer may take a file that is created but not yet written, deletes it and falls over
    its empty content; and a table of queues that is being created is empty for whoever reads it meanwhile. Here both
    are transactions.

    Args:
        data_dir: Where that file is.

    Returns:
        The broker's URL and the transport's options.
    """
    url = os.environ.get("CELERY_BROKER_URL", "")
    if url:
        return url, {}
    from sqlalchemy.pool import NullPool

    path = data_dir / "broker.sqlite3"
    # No pool: a worker forks, and an SQLite connection must not be used on both sides of a fork.
    return f"sqla+sqlite:///{path}", {"poolclass": NullPool, "creator": partial(_connect_to_broker, path)}


def _connect_to_broker(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=20, check_same_thread=False)
    # Without these, each task waits for the disk several times, and publishers give up behind one another.
    connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;")
    return connection


def account(sandbox_port: str) -> dict[str, Any]:
    """Read the account at the gateway: the sandbox's own, or the one that ``IHUYI_ACCOUNT`` names.

    Args:
        sandbox_port: Where the sandbox gateway listens.

    Returns:
        An account as in ``IHUYI["ACCOUNTS"]``.
    """
    name = os.environ.get("IHUYI_ACCOUNT", "")
    sandbox = f"http://127.0.0.1:{sandbox_port}/webservice/sms.php"
    gateway = "https://106.ihuyi.com/webservice/sms.php"
    return {
        "ACCOUNT": name or "sandbox",
        "API_KEY": os.environ.get("IHUYI_API_KEY", "") if name else "sandbox-api-key",
        "SIGNATURE": os.environ.get("IHUYI_SIGNATURE") or "互亿无线",
        "BASE_URL": os.environ.get("IHUYI_BASE_URL") or (gateway if name else sandbox),
    }


def push_tokens() -> list[str]:
    """Read ``IHUYI_PUSH_TOKEN``; the demo makes one up, the real gateway gets none by itself."""
    token = os.environ.get("IHUYI_PUSH_TOKEN", "")
    if not token and not os.environ.get("IHUYI_ACCOUNT"):
        token = f"push-token-{ON_LOOPBACK}"
    return [token] if token else []
