"""Every command of a Chinese site, on terminals that have no Chinese: it prints, and ends as it does elsewhere."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import call_command, get_commands, load_command_class
from django.utils import translation

from django_ihuyi.management.printing import TerminalCommand

ROOT = Path(__file__).parents[2]
OURS = {name: app for name, app in get_commands().items() if app.partition(".")[0] == "django_ihuyi"}
MOBILE = "13800138000"

TERMINALS: dict[str, dict[str, str]] = {
    "ASCII": {"PYTHONIOENCODING": "ascii"},
    "Latin-1": {"PYTHONIOENCODING": "latin-1"},
    "the C locale": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "GBK": {"PYTHONIOENCODING": "gbk"},
    "UTF-8": {"PYTHONIOENCODING": "utf-8"},
}
# What is wrong is told in words as well. The gateway cannot be reached.
RUNS: list[tuple[list[str], str]] = [
    (["ihuyi_balance"], "2"),
    (["ihuyi_balance", "--json"], "2"),
    (["ihuyi_balance", "营"], "2"),
    (["ihuyi_check", "--timeout", "1"], "2"),
    (["ihuyi_check", "--json", "--timeout", "1"], "2"),
    (["ihuyi_check", "--timeout", "0"], "3"),
    (["ihuyi_erase", MOBILE, "--no-input"], "0"),
    (["ihuyi_erase", MOBILE], "2"),
    (["ihuyi_erase", "短信"], "2"),
    (["ihuyi_purge"], "0"),
    (["ihuyi_recount", "--since", "{today}"], "0"),
    (["ihuyi_recount", "--since", "昨天"], "1"),
    (["ihuyi_sandbox", "--port", "0", "--balance", "-1"], "1"),
    (["ihuyi_send", MOBILE, "您好"], "0"),
    (["ihuyi_send", MOBILE, "您好😀"], "1"),
    (["ihuyi_send", "--file", "{file}"], "1"),
    (["ihuyi_sweep", "--once"], "0"),
    (["ihuyi_sweep", "--loop", "--interval", "0"], "1"),
    *((([name, "--help"]), "0") for name in sorted(OURS)),
]


def test_commands__all_of_them__are_run_here() -> None:
    assert {command[0] for command, _status in RUNS} == OURS.keys()
    assert all(isinstance(load_command_class(app, name), TerminalCommand) for name, app in OURS.items())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a Chinese site, migrated."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "numbers.csv").write_text("mobile,content\n1,您好\n13900139000,您好\n", "utf-8")
    run(folder, ["-m", "django", "migrate", "--verbosity", "0"])
    return folder


def run(folder: Path, arguments: list[str], given: str = "", **more: str) -> bytes:
    """Run Python for the site; what it wrote to standard output."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHON"))}
    settings = {"DJANGO_SETTINGS_MODULE": "tests.commands.chinese_settings", "CHINESE_SITE": str(folder / "site.db")}
    done = subprocess.run(
        [sys.executable, *arguments],
        check=False,
        cwd=ROOT,
        env={**environment, **settings, **more},
        input=given.encode(),
        capture_output=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    assert b"Traceback" not in done.stderr, done.stderr.decode(errors="replace")
    return done.stdout


@pytest.mark.parametrize(("terminal", "environment"), TERMINALS.items(), ids=TERMINALS)
def test_commands__of_a_chinese_site__print_on_this_terminal(
    terminal: str, environment: dict[str, str], site: Path, tmp_path: Path
) -> None:
    values = {"file": site / "numbers.csv", "today": datetime.now(UTC).date()}
    commands = [[part.format(**values) for part in command] for command, _status in RUNS]
    results = tmp_path / "results.json"
    printed = run(site, ["-m", "tests.commands.running", str(results)], json.dumps(commands), **environment)
    ended = json.loads(results.read_text("utf-8"))
    assert [(command, status) for (command, wanted), status in zip(RUNS, ended, strict=True) if status != wanted] == []
    if terminal in {"UTF-8", "GBK"}:
        assert "永久保留" in printed.decode(terminal)
    else:
        assert b"Everything is kept for ever" in printed
        # What is in the tables is written all the same.
        assert b"\\u8425\\u9500" in printed


ENGLISH, CHINESE = "Everything is kept for ever", "永久保留"
STREAMS: dict[str, tuple[str, str, str, bytes]] = {
    "ASCII": ("ascii", "strict", ENGLISH, b"\\u8425"),
    "ASCII of the C locale": ("ascii", "surrogateescape", ENGLISH, b"\\u8425"),
    "Latin-1 that is told what to do": ("latin-1", "replace", ENGLISH, b"?"),
    "GB18030": ("gb18030", "strict", CHINESE, "营".encode("gb18030")),
    "UTF-8": ("utf-8", "strict", CHINESE, "营".encode()),
}


@pytest.mark.parametrize(("encoding", "errors", "says", "other"), STREAMS.values(), ids=STREAMS)
def test_call_command__with_a_stream_of_this_encoding__prints(
    encoding: str, errors: str, says: str, other: bytes
) -> None:
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding=encoding, errors=errors, write_through=True)
    with translation.override("zh-hans"):
        call_command("ihuyi_purge", stdout=stream)
        assert translation.get_language() == "zh-hans"
    assert says.encode(encoding) in written.getvalue()
    stream.write("营")
    assert written.getvalue().endswith(other)
