"""Throw-away databases and brokers, started from the installed programs, so that they can be killed.

Each has a folder and a port of its own; the machine's servers are not touched. As root, PostgreSQL and MariaDB run as
the users that their packages made.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

from example_project.processes import Process

from .processes import Place, Supervised

Ready = Callable[[Process], bool]


class NotAvailableError(Exception):
    """A server cannot be had on this machine; the text says why."""


def postgresql(place: Place) -> tuple[Supervised, dict[str, str]]:
    """Prepare a PostgreSQL server. Its kill is an immediate shutdown: no checkpoint, recovery at the next start.

    Args:
        place: Where it may be.

    Returns:
        The server, not started, and the environment variables that lead to it.

    Raises:
        NotAvailableError: It cannot be had here.
    """
    needs_driver("psycopg")
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    folder = programs[-1] if programs else Path(program("postgres")).parent
    data, port = place.folder("postgresql"), place.port()
    user = as_user("postgres", data)
    subprocess.run(
        [*user, folder / "initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-sync", data],
        check=True,
        stdout=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        cwd=data,
    )
    command = [*user, str(folder / "postgres"), "-D", str(data), "-p", str(port)]
    # A killed process loses nothing that the system has: no need to wait for the disk.
    for option in ("listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "max_connections=60"):
        command += ["-c", option]

    def ready(_process: Process) -> bool:
        asked = subprocess.run([folder / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)], check=False)
        return asked.returncode == 0

    server = place.server("postgresql", command, ready, kill_signal=signal.SIGQUIT)
    return server, {"DATABASE_URL": f"postgresql://postgres@127.0.0.1:{port}/postgres"}


def mariadb(place: Place) -> tuple[Supervised, dict[str, str]]:
    """Prepare a MariaDB server; as :func:`postgresql`, but killed outright."""
    needs_driver("MySQLdb")
    install, server = program("mariadb-install-db"), program("mariadbd")
    data, port = place.folder("mariadb"), place.port()
    as_user("mysql", data)
    owner = ["--user=mysql"] if os.geteuid() == 0 else []
    subprocess.run(
        [install, "--no-defaults", *owner, f"--datadir={data}", "--auth-root-authentication-method=normal"],
        check=True,
        stdout=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
    )
    first = data / "first.sql"
    first.write_text("CREATE DATABASE IF NOT EXISTS chaos CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;\n")
    first.chmod(0o644)
    command = [server, "--no-defaults", *owner, f"--datadir={data}", f"--port={port}", "--bind-address=127.0.0.1"]
    command += [f"--socket={data}/socket", f"--pid-file={data}/pid", f"--init-file={first}"]
    # As fsync=off above.
    command += ["--innodb-flush-log-at-trx-commit=2", "--skip-name-resolve"]
    address = {"DATABASE_URL": f"mysql://root@127.0.0.1:{port}/chaos"}
    return place.server("mariadb", command, answers_tcp(port)), address


def redis(place: Place) -> tuple[Supervised, dict[str, str]]:
    """Prepare a Redis server that keeps nothing: its kill loses every task."""
    needs_driver("redis")
    folder, port = place.folder("redis"), place.port()
    command = [program("redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
    command += ["--save", "", "--appendonly", "no"]
    return place.server("redis", command, answers_tcp(port)), {"CELERY_BROKER_URL": f"redis://127.0.0.1:{port}/0"}


def rabbitmq(place: Place) -> tuple[Supervised, dict[str, str]]:
    """Prepare a RabbitMQ server with a name service of its own, so that the machine's knows nothing of it."""
    needs_driver("amqp")
    # The wrapper on the PATH insists on a user and on the machine's own folders.
    found = sorted(Path("/usr/lib/rabbitmq").glob("bin/rabbitmq-server")) or [Path(program("rabbitmq-server"))]
    folder = place.folder("rabbitmq")
    port, between_nodes, names = place.port(), place.port(), place.port()
    plugins = folder / "plugins"
    plugins.write_text("[].\n")
    own = {
        "HOME": str(folder),
        "ERL_EPMD_PORT": str(names),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": "chaos@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(between_nodes),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_CONFIG_FILE": str(folder / "none"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
    }
    name_service = [program("epmd"), "-port", str(names), "-address", "127.0.0.1"]
    place.server("epmd", name_service, answers_tcp(names), environment=own).start().wait()
    server = place.server("rabbitmq", [str(found[0])], answers_tcp(port), environment=own)
    return server, {"CELERY_BROKER_URL": f"amqp://guest:guest@127.0.0.1:{port}//"}


def program(name: str) -> str:
    """Return where a program is.

    Raises:
        NotAvailableError: There is none.
    """
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        raise NotAvailableError(f"there is no program {name}")
    return found


def needs_driver(module: str) -> None:
    """Look for a Python driver.

    Raises:
        NotAvailableError: It is not installed.
    """
    if find_spec(module) is None:
        raise NotAvailableError(f"the Python driver {module} is not installed")


def as_user(name: str, folder: Path) -> Sequence[str]:
    """Give a folder to a server's user, where we are root: these servers refuse to run as root.

    Returns:
        What to put before the server's command.
    """
    if os.geteuid() != 0:
        return []
    try:
        shutil.chown(folder, name, name)
    except LookupError as error:
        raise NotAvailableError(f"there is no user {name}, and this is root") from error
    return [program("setpriv"), f"--reuid={name}", f"--regid={name}", "--clear-groups"]


def answers_tcp(port: int) -> Ready:
    """Make a test for a server that listens on a port of this machine."""

    def ready(_process: Process) -> bool:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            return False
        return True

    return ready


DATABASES = {"postgresql": postgresql, "mariadb": mariadb, "sqlite": None}
BROKERS = {"redis": redis, "rabbitmq": rabbitmq, "embedded": None}
"""What there is; None: a file, which nobody can kill."""
