"""Ctrl-C for the demo alone: it takes the terminal for a group of its own, and gives it back."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

pytestmark = pytest.mark.measures_processes

DEMO = """
import os, sys
from example_project.terminal import of_our_own

group = os.getpgrp()
with of_our_own():
    sys.stdout.write(f"{os.getpgrp() == os.getpid()} {os.tcgetpgrp(0) == os.getpid()} ")
sys.stdout.write(f"{os.getpgrp() == os.tcgetpgrp(0) == group}\\n")
"""
WITHOUT = """
from example_project.terminal import of_our_own

with of_our_own():
    print(os.getpgrp() == group)
"""
UNDER_MAKE = """
import os, subprocess, sys
# A terminal of its own, whose group is this process's, as make is the leader of what a shell starts.
os.setsid()
os.close(os.open(os.ttyname(0), os.O_RDWR))
sys.exit(subprocess.run([sys.executable, "-c", sys.argv[1]]).returncode)
"""


def run(*command: str) -> str:
    """Run Python at a terminal; return what it wrote there."""
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run([sys.executable, "-c", *command], stdin=theirs, stdout=theirs, stderr=theirs, check=False)
        written = os.read(ours, 10_000).decode()
    finally:
        os.close(theirs)
        os.close(ours)
    assert done.returncode == 0, written
    return written.strip()


def test_under_make_it_has_the_terminal_meanwhile() -> None:
    assert run(UNDER_MAKE, DEMO) == "True True True"


def test_without_a_terminal_there_is_nothing_to_do() -> None:
    command = [sys.executable, "-c", f"import os; group = os.getpgrp()\n{WITHOUT}"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    assert done.stdout.strip() == b"True"
