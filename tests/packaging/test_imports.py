"""Nothing happens at import but definitions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .distribution import ROOT, source_files

WATCH = Path(__file__).with_name("import_audit.py")


def watch(package: str, directory: Path) -> tuple[list[str], list[str]]:
    """Import all of a package that lies in a directory; return its modules, and what their import did."""
    more = {"DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONPATH": f"{ROOT}{os.pathsep}{directory}"}
    done = subprocess.run(
        [sys.executable, "-B", WATCH, package],
        check=False,
        cwd=ROOT,
        env=os.environ | more,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    return told["modules"], told["deeds"]


OF_A_FOREIGN_KEY_TO_USERS = {
    "django_ihuyi.models.reply: setting AUTH_USER_MODEL",
    "django_ihuyi.migrations.0001_initial: setting AUTH_USER_MODEL",
    "django_ihuyi.contrib.otp.models: setting AUTH_USER_MODEL",
    "django_ihuyi.contrib.otp.migrations.0001_initial: setting AUTH_USER_MODEL",
}
"""Which model that is has to be known when the table is defined: Django has no other way."""


def test_every_module_only_defines() -> None:
    modules, deeds = watch("django_ihuyi", ROOT)
    assert set(deeds) - OF_A_FOREIGN_KEY_TO_USERS == set()
    files = {
        name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for name in source_files()
        if name.startswith("django_ihuyi/") and name.endswith(".py")
    }
    assert set(modules) == files


DEEDS = [
    ("setting", "from django.conf import settings\nsettings.DEBUG", "setting DEBUG"),
    ("ihuyi", "from django.conf import settings\ngetattr(settings, 'IHUYI', None)", "setting IHUYI"),
    ("conf", "from django_ihuyi import conf\nconf.get_settings()", "setting IHUYI"),
    (
        "thread",
        "import threading\nthreading.Thread(target=print, args=('',), kwargs={'end': ''}).start()",
        "Thread.start",
    ),
    ("handler", "import logging\nlogging.getLogger('x').addHandler(logging.NullHandler())", "Logger.addHandler"),
    ("level", "import logging\nlogging.getLogger('x').setLevel('INFO')", "Logger.setLevel"),
    ("socket", "import socket\nsocket.socket().close()", "socket"),
    ("file", "open('/dev/null', 'w').close()", "file"),
    ("append", "import pathlib\npathlib.Path('/dev/null').open('ab').close()", "file"),
    ("process", "import subprocess, sys\nsubprocess.run([sys.executable, '-c', ''])", "process"),
    ("signal", "import signal\nsignal.signal(signal.SIGUSR1, signal.SIG_IGN)", "signal.signal"),
    ("exit", "import atexit\natexit.register(print, end='')", "atexit.register"),
    ("database", "import sqlite3\nsqlite3.connect(':memory:').close()", "database"),
]
DEFINITIONS = [
    ("logger", "import logging\nlogger = logging.getLogger(__name__)"),
    ("library", "import urllib3.util.connection"),  # which opens a socket to learn whether there is IPv6
    ("reading", "import pathlib\npathlib.Path(__file__).read_bytes()"),
    ("defining", "def work():\n    open('/dev/null', 'w').close()"),
]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What is seen of a package that has one module for each of these."""
    directory = tmp_path_factory.mktemp("planted")
    package = directory / "planted"
    package.mkdir()
    (package / "__init__.py").touch()
    planted = {name: code for name, code, *_ in (*DEEDS, *DEFINITIONS)}
    for name, code in planted.items():
        (package / f"{name}.py").write_text(code, "utf-8")
    modules, deeds = watch("planted", directory)
    assert set(modules) == {"planted", *(f"planted.{name}" for name in planted)}
    return deeds


@pytest.mark.parametrize(("name", "deed"), [(row[0], row[2]) for row in DEEDS], ids=[row[0] for row in DEEDS])
def test_a_deed_is_seen(seen: list[str], name: str, deed: str) -> None:
    assert f"planted.{name}: {deed}" in seen


@pytest.mark.parametrize("name", [row[0] for row in DEFINITIONS])
def test_a_definition_is_no_deed(seen: list[str], name: str) -> None:
    assert [deed for deed in seen if deed.startswith(f"planted.{name}:")] == []
