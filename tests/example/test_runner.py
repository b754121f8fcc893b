"""The demo's runner without the demo: its ports, its words, and how it ends what does not want to end."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from pathlib import Path

import pytest

from example_project import processes
from example_project.banner import welcome
from example_project.demo import DemoError, read_ports
from example_project.processes import Process, answers_http, logged, stop

_STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print("child", child.pid, "ready", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize(
    ("ports", "words"),
    [
        pytest.param({"DEMO_PORT": "web"}, "DEMO_PORT is no port", id="a word"),
        pytest.param({"SANDBOX_PORT": "70000"}, "SANDBOX_PORT is no port", id="too high"),
        pytest.param({"DEMO_PORT": "0"}, "DEMO_PORT is no port", id="none"),
        pytest.param({"DEMO_PORT": "{free}", "SANDBOX_PORT": "{free}"}, "are both", id="the same"),
        pytest.param({"DEMO_PORT": "{taken}"}, "is in use", id="in use"),
    ],
)
def test_ports_that_cannot_be(ports: dict[str, str], words: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        free = other.getsockname()[1]
        other.close()
        values = {"taken": listener.getsockname()[1], "free": free}
        with pytest.raises(DemoError, match=words):
            read_ports({"DEMO_PORT": str(free)} | {name: text.format(**values) for name, text in ports.items()})


def test_the_highest_port_has_no_next_one() -> None:
    with pytest.raises(DemoError, match="SANDBOX_PORT=65534"):
        read_ports({"DEMO_PORT": "65535", "SANDBOX_PORT": "65535"})


def test_the_welcome_names_everything(tmp_path: Path) -> None:
    text = welcome(
        site="http://127.0.0.1:8000/", phone="http://127.0.0.1:8106/", staff="139 / pw", logs=tmp_path, seconds=4.2
    )
    for part in ("http://127.0.0.1:8000/admin/   139 / pw", "http://127.0.0.1:8106/", str(tmp_path), "4.2 s", "Ctrl-C"):
        assert part in text


def test_the_welcome_warns_of_the_real_gateway(tmp_path: Path) -> None:
    text = welcome(site="http://127.0.0.1:8000/", phone=None, staff="139 / pw", logs=tmp_path, seconds=1)
    assert "cost money" in text
    assert "phone page" not in text


def _start(folder: Path, program: str) -> Process:
    process = Process("stubborn one", [sys.executable, "-c", program], log=folder / "log", answers=logged("ready"))
    process.start(os.environ)
    give_up_at = time.monotonic() + 20
    while not process.answers():
        assert time.monotonic() < give_up_at
        time.sleep(0.02)
    return process


def _is_gone(pid: int) -> bool:
    """Whether a process has ended; one that its parent has not fetched yet has."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z"


@pytest.mark.parametrize("in_a_hurry", [True, False])
def test_who_does_not_end_is_killed_with_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_a_hurry: bool
) -> None:
    monkeypatch.setattr(processes, "PATIENCE", 60.0 if in_a_hurry else 0.2)
    process = _start(tmp_path, _STUBBORN)
    child = int(process.last_lines()[0].split()[1])
    stop([process], hurry=lambda: in_a_hurry)
    assert process.exit_status == -signal.SIGKILL
    give_up_at = time.monotonic() + 10
    while not _is_gone(child):
        assert time.monotonic() < give_up_at
        time.sleep(0.02)


def test_who_was_never_started_is_stopped_already(tmp_path: Path) -> None:
    process = Process("nobody", ["true"], log=tmp_path / "log", answers=logged("ready"))
    stop([process], hurry=lambda: False)
    assert process.exit_status is None


def test_a_port_that_nobody_listens_on_does_not_answer(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = Process("nobody", ["true"], log=tmp_path / "log", answers=answers_http(port))
    assert not process.answers()
