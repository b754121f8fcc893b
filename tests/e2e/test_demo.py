"""``make demo``'s runner: it starts, it stops without leftovers, and it says what is wrong."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from example_project.processes import ROOT

from .processes import clean_environment, free_ports, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.measures_processes]

_READY = "What to try:"


class _Demo:
    """A running demo and what it has said so far."""

    def __init__(self, popen: subprocess.Popen[bytes], output: Path) -> None:
        self.popen = popen
        self._output = output

    def says(self, text: str) -> bool:
        return text in self.said() or self.popen.poll() is not None

    def said(self) -> str:
        return self._output.read_text(encoding="utf-8")

    def children(self) -> dict[str, int]:
        """The process groups of its children, by the last word of what they are."""
        lines = _ps("pid=,ppid=,args=")
        mine = [line.split(maxsplit=2) for line in lines if line.split()[1] == str(self.popen.pid)]
        names = ("ihuyi_sandbox", "celery", "runserver")
        return {name: int(pid) for pid, _, command in mine for name in names if f" {name}" in command}

    def wait(self) -> int:
        """Return the exit status. Celery alone takes ten seconds to end on a busy machine."""
        return self.popen.wait(timeout=60)


@contextmanager
def _demo(folder: Path, site_port: int, sandbox_port: int, **more: str) -> Iterator[_Demo]:
    environment = clean_environment() | {
        "IHUYI_DEMO_DATA": str(folder / "data"),
        "DEMO_PORT": str(site_port),
        "SANDBOX_PORT": str(sandbox_port),
        **more,
    }
    output = folder / "output.txt"
    with output.open("wb") as file:
        popen = subprocess.Popen(
            [sys.executable, "-m", "example_project.demo"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    demo = _Demo(popen, output)
    try:
        yield demo
    finally:
        if popen.poll() is None:
            popen.terminate()
            popen.wait(timeout=60)


def _are_gone(groups: dict[str, int]) -> bool:
    """Whether no process of these groups is left, grandchildren included; one that waits to be fetched has ended."""
    lines = _ps("pgid=,stat=")
    alive = {int(line.split()[0]) for line in lines if not line.split()[1].startswith("Z")}
    return not alive & set(groups.values())


def _ps(columns: str) -> list[str]:
    listing = subprocess.run(["ps", "-A", "-ww", "-o", columns], capture_output=True, text=True, check=True)
    return listing.stdout.splitlines()


def test_it_stops_cleanly_starts_again_and_tells_which_process_died(tmp_path: Path) -> None:
    ports = free_ports(2)
    with _demo(tmp_path, *ports) as demo:
        wait_for(lambda: demo.says(_READY), "the demo's start", 60)
        children = demo.children()
        assert sorted(children) == ["celery", "ihuyi_sandbox", "runserver"], demo.said()
        demo.popen.send_signal(signal.SIGINT)
        assert demo.wait() == 0, demo.said()
        wait_for(lambda: _are_gone(children), "the end of all processes", 2)
        assert "Traceback" not in demo.said()
        assert demo.said().endswith("Stopped.\n")
    with _demo(tmp_path, *ports) as demo:
        wait_for(lambda: demo.says(_READY), "the second start", 60)
        children = demo.children()
        os.kill(children["celery"], signal.SIGKILL)
        assert demo.wait() == 1
        wait_for(lambda: _are_gone(children), "the end of all processes", 2)
        assert "The worker ended by itself (exit status -9)." in demo.said()
        assert "worker.log" in demo.said()


def test_demo__of_a_chinese_user_on_an_ascii_terminal__runs_in_english(tmp_path: Path) -> None:
    folder = tmp_path / "数据"
    folder.mkdir()
    with _demo(folder, *free_ports(2), LANG="zh_CN.UTF-8", PYTHONIOENCODING="ascii") as demo:
        wait_for(lambda: demo.says(_READY), "the demo's start", 60)
        demo.popen.terminate()
        assert demo.wait() == 0, demo.said()
    assert "\\u6570\\u636e" in demo.said()
    logs = [path.read_text("utf-8") for path in (folder / "data" / "logs").iterdir()]
    assert len(logs) == 3
    assert not any("Error" in text for text in (demo.said(), *logs))


def test_it_can_be_stopped_while_it_starts(tmp_path: Path) -> None:
    with _demo(tmp_path, *free_ports(2)) as demo:
        wait_for(lambda: demo.says("Starting:"), "the start", 30)
        wait_for(lambda: len(demo.children()) == 3, "three processes", 10)
        children = demo.children()
        demo.popen.terminate()
        assert demo.wait() == 0
        wait_for(lambda: _are_gone(children), "the end of all processes", 2)
        assert "Traceback" not in demo.said()


@pytest.mark.parametrize("taken", ["DEMO_PORT", "SANDBOX_PORT"])
def test_a_port_in_use_is_named_and_nothing_starts(tmp_path: Path, taken: str) -> None:
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = listener.getsockname()[1]
        (other,) = free_ports(1)
        ports = (port, other) if taken == "DEMO_PORT" else (other, port)
        demo = stack.enter_context(_demo(tmp_path, *ports))
        assert demo.wait() == 1
        (line,) = demo.said().splitlines()
        assert line.startswith(f"Port {port} is in use.")
        assert f"make demo {taken}={port + 1}" in line
        assert not (tmp_path / "data").exists()
