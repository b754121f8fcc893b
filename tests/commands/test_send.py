"""``ihuyi_send``: what it records, what it refuses and how it says so, and how it goes on."""

from __future__ import annotations

import io
import sys
import tracemalloc
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import requests
from django.core.management import CommandError, call_command
from django.core.management.base import CommandParser
from django.db import OperationalError
from django.db.models.signals import post_init

from django_ihuyi.management.commands.ihuyi_send import Command
from django_ihuyi.models import Batch, Message
from tests.fakes import FakeBroker, FakeGateway

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]

ONE, TWO, THREE = "13800138000", "13900139000", "13700137000"
TEXT = "您好"

Write = Callable[[str | bytes], str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file; return its path."""

    def to_file(content: str | bytes) -> str:
        path = tmp_path / "numbers.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return to_file


def run(*arguments: str, **options: Any) -> tuple[int, str, str]:
    """Run the command; its exit status, what it printed, and what it complained of."""
    out, err = StringIO(), options.pop("stderr", None) or StringIO()
    try:
        call_command("ihuyi_send", *arguments, stdout=out, stderr=err)
    except CommandError as error:
        return error.returncode, out.getvalue(), f"{err.getvalue()}{error}"
    return 0, out.getvalue(), err.getvalue()


def recorded() -> list[tuple[str, str]]:
    return list(Message.objects.order_by("pk").values_list("mobile", "content"))


def test_one_message(broker: FakeBroker) -> None:
    arguments = ("138 0013 8000", TEXT, "--category", "marketing", "--key", "k")
    status, out, err = run(*arguments)
    message = Message.objects.get()
    assert (status, out, err) == (0, f"message={message.pk} status=queued\n", "")
    assert (message.mobile, message.content, message.category, message.idempotency_key) == (ONE, TEXT, "marketing", "k")
    assert broker.take_pks() == [message.pk]
    assert run(*arguments) == (status, out, err)
    assert Message.objects.count() == 1


def test_one_message_without_a_broker(wire: FakeGateway, eager: None) -> None:
    wire.answer(requests.exceptions.ConnectTimeout())
    status, out, err = run(ONE, TEXT)
    message = Message.objects.get()
    assert (status, out) == (0, f"message={message.pk} status=queued\n")
    assert err == message.error + "\n"
    assert "127.0.0.1" in err


def test_one_message_of_a_template() -> None:
    assert run(ONE, "7|顺丰", "--template", "9")[0] == 0
    assert recorded() == [(ONE, "7|顺丰")]
    assert Message.objects.get().template == "9"


def test_one_message_that_is_refused() -> None:
    status, out, err = run("021 6277 0000", TEXT)
    assert (status, out) == (1, "")
    assert err.startswith("406 ")
    assert "6277" not in err
    assert TEXT not in err


FILES: dict[str, tuple[str | bytes, list[str], list[tuple[str, str]]]] = {
    "texts": (f"mobile,content\n{ONE},甲\n{TWO},乙\n", [], [(ONE, "甲"), (TWO, "乙")]),
    "columns the other way round": (f"content, mobile \n甲,{ONE}\n", [], [(ONE, "甲")]),
    "one text": (f"mobile\n{ONE}\n138-0013-8000\n{TWO}\n", ["--content", TEXT], [(ONE, TEXT), (TWO, TEXT)]),
    "variables": (f"name,mobile,by\n王,{ONE},顺丰\n", ["--template", "9"], [(ONE, "王|顺丰")]),
    "utf-8 with a mark": (f"\ufeffmobile,content\n{ONE},甲\n".encode(), [], [(ONE, "甲")]),
    "gb18030": (f"mobile,content\r\n{ONE},甲\r\n".encode("gb18030"), [], [(ONE, "甲")]),
    "empty lines": (f"mobile,content\n\n{ONE},甲\n,\n\n{TWO},乙", [], [(ONE, "甲"), (TWO, "乙")]),
    "a text of two lines": (
        f'mobile,content\n{ONE},"甲\n乙"\n{TWO},"a,""b"""\n',
        [],
        [(ONE, "甲\n乙"), (TWO, 'a,"b"')],
    ),
    "nobody": ("mobile,content\n", [], []),
}


@pytest.mark.parametrize(("content", "arguments", "messages"), FILES.values(), ids=FILES.keys())
def test_a_file(content: str | bytes, arguments: list[str], messages: list[tuple[str, str]], write: Write) -> None:
    status, out, err = run("--file", write(content), *arguments)
    refused = 1 if "138-0013-8000" in str(content) else 0
    batch = Batch.objects.get()
    assert recorded() == messages
    assert out == f"batch={batch.pk} recorded={len(messages)} refused={refused}\n"
    assert status == refused
    assert bool(err) is bool(refused)


def test_a_file_goes_out_in_chunks_of_one_batch(write: Write, broker: FakeBroker) -> None:
    path = write("mobile\n" + "".join(f"139{number:08}\n" for number in range(25)))
    arguments = ("--content", TEXT, "--category", "marketing", "--batch-size", "10")
    assert run("--file", path, *arguments)[0] == 0
    assert [len(task.pks) for task in broker.take()] == [10, 10, 5]
    assert set(Message.objects.values_list("category", "batch")) == {("marketing", Batch.objects.get().pk)}


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    class Piped:
        buffer = io.BytesIO(f"mobile,content\n{ONE},甲\n".encode("gb18030"))

    monkeypatch.setattr(sys, "stdin", Piped())
    assert run("--file", "-")[0] == 0
    assert recorded() == [(ONE, "甲")]


BAD = f"""mobile,content
{ONE},甲

021 6277 0000,乙
{TWO},"丙
丁"
{THREE},戊,己
{THREE},"庚
{THREE},😀
{ONE},甲
13600136000,
13600136001,辛
"""
REFUSED = [(4, "406"), (7, ""), (8, ""), (9, "4074"), (10, "4083"), (11, "404")]


def test_bad_rows_are_told_by_line_and_nothing_else_is_lost(write: Write) -> None:
    status, out, err = run("--file", write(BAD))
    assert status == 1
    assert recorded() == [(ONE, "甲"), (TWO, "丙\n丁"), ("13600136001", "辛")]
    assert "recorded=3 refused=6" in out
    lines = err.splitlines()
    assert [line.split()[:3][:2] for line in lines[:-1]] == [["line", f"{line}:"] for line, _code in REFUSED]
    assert [code in line for line, (_line, code) in zip(lines, REFUSED, strict=False)] == [True] * len(REFUSED)
    assert "The row has 3 columns, the first line 2." in lines[1]
    assert "a quotation mark is not closed" in lines[2]
    assert lines[-1] == "6 rows were refused."
    for secret in (ONE, TWO, THREE, "6277", "1360013", *"甲乙丙丁戊己庚辛"):
        assert secret not in f"{out}{err}"


def test_bad_rows_go_to_a_file(write: Write, tmp_path: Path) -> None:
    report = tmp_path / "refused.csv"
    _status, _out, err = run("--file", write(BAD), "--refused", str(report))
    assert err == "6 rows were refused."
    header, *rows = report.read_text("utf-8").splitlines()
    assert header == "line,code,reason"
    assert [tuple(row.split(",")[:2]) for row in rows] == [(str(line), code) for line, code in REFUSED]


def test_refused_rows__beyond_the_first_thousand__are_counted_on_the_terminal_and_all_in_the_file(
    write: Write, tmp_path: Path
) -> None:
    lines = ["mobile,content", *("1,a" if line % 2 else "1,a,b" for line in range(1500)), f"{ONE},{TEXT}"]
    path, report = write("\n".join(lines)), tmp_path / "refused.csv"
    arguments = ("--file", path, "--batch-size", "7")
    status, out, err = run(*arguments, "--refused", str(report))
    assert (status, "recorded=1 refused=1500" in out, err) == (1, True, "1500 rows were refused.")
    rows = [line.split(",")[:2] for line in report.read_text("utf-8").splitlines()[1:]]
    assert rows == [[str(line + 2), "406" if line % 2 else ""] for line in range(1500)]
    status, out, err = run(*arguments)
    told = err.splitlines()
    assert [line.split(":")[0] for line in told[:1000]] == [f"line {line + 2}" for line in range(1000)]
    assert told[1000:] == [
        "500 more rows were refused. --refused FILE writes all of them to a file.",
        "1500 rows were refused.",
    ]


ENDLESS = {"rows that cannot be read": "1,a,b\n", "numbers that are wrong": "1,a\n"}


@pytest.mark.parametrize("line", ENDLESS.values(), ids=ENDLESS)
def test_file__with_many_bad_rows__takes_no_more_memory_than_one_with_few(
    line: str, write: Write, tmp_path: Path
) -> None:
    def peak(rows: int) -> int:
        arguments = ("--file", write("mobile,content\n" + line * rows), "--refused", str(tmp_path / "refused.csv"))
        tracemalloc.start()
        try:
            assert run(*arguments)[0] == 1
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    run("--file", write(f"mobile,content\n{line}"))  # what is loaded once
    few, many = peak(12_000), peak(36_000)
    assert many < few * 1.25


def test_what_was_refused__before_the_database_fails__is_told(write: Write, stop_at: Any) -> None:
    path = write(f"mobile,content\n1,a\n{ONE},a\n1,b\n{TWO},b\n")
    stop_at(TWO, OperationalError(f"near {ONE}"))
    status, _out, err = run("--file", path, "--batch-size", "2", "--key", "k")
    assert (status, [line.split(":")[0] for line in err.splitlines()][:2]) == (1, ["line 2", "line 4"])


def test_a_mended_file_goes_on_under_its_key(write: Write) -> None:
    assert run("--file", write(BAD), "--key", "autumn")[0] == 1
    mended = BAD.replace("021 6277 0000", "13500135000").replace(",戊,己", ",戊").replace(",\n1", ",好\n1")
    status, out, _err = run("--file", write(mended), "--key", "autumn")
    assert status == 1
    assert "recorded=6 refused=3" in out
    assert sorted(recorded()) == sorted(
        [
            (ONE, "甲"),
            (TWO, "丙\n丁"),
            ("13600136001", "辛"),
            ("13500135000", "乙"),
            (THREE, "戊"),
            ("13600136000", "好"),
        ]
    )
    assert Batch.objects.get().idempotency_key == "autumn"


WRONG: dict[str, tuple[str | bytes, list[str], str]] = {
    "no header": (f"{ONE},甲\n", [], "The first line has to name the columns"),
    "an empty file": ("", [], "The first line has to name the columns"),
    "two numbers": ("mobile,mobile\n", [], "“mobile” once"),
    "no text": ("mobile\n", [], "other columns than are read: write mobile,content."),
    "a column nobody reads": (f"mobile,content,{ONE}\n", [], "other columns than are read"),
    "two texts": ("mobile,content\n", ["--content", TEXT], "other columns than are read: write mobile."),
    "a column without a name": ("mobile,,by\n", ["--template", "9"], "a column without a name"),
    "two of one name": ("mobile,by,by\n", ["--template", "9"], "two of one name"),
    "no text at all": (b"mobile,content\n\xff\xff\n", [], "neither UTF-8 nor GB18030"),
    "text and template": ("mobile\n", ["--content", TEXT, "--template", "9"], "Give --content or --template"),
    "a number as well": ("mobile\n", [ONE], "not both"),
    "an unknown account": ("mobile,content\n", ["--account", "nobody's"], "has no account"),
    "chunks of nothing": ("mobile,content\n", ["--batch-size", "0"], "batch_size is 0"),
    "a key that is too long": ("mobile,content\n", ["--key", "k" * 101], "1 to 100 characters"),
    "a report nowhere": ("mobile,content\n", ["--refused", "/nowhere/refused.csv"], "No such file"),
}


@pytest.mark.parametrize(("content", "arguments", "says"), WRONG.values(), ids=WRONG.keys())
def test_wrong_use_of_a_file(content: str | bytes, arguments: list[str], says: str, write: Write) -> None:
    status, out, err = run("--file", write(content), *arguments)
    assert (status, out) == (2, "")
    assert says in err
    assert ONE not in err
    assert TEXT not in err
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    "arguments", [[], [ONE], [ONE, TEXT, "--content", TEXT], [ONE, TEXT, "--refused", "x"], ["--file", "/nowhere.csv"]]
)
def test_wrong_use(arguments: list[str]) -> None:
    assert run(*arguments)[0] == 2
    assert not Message.objects.exists()


def test_a_quotation_mark_too_many_does_not_swallow_the_file(write: Write) -> None:
    many = "".join(f"139{number:08},您好\n" for number in range(200))
    status, out, err = run("--file", write(f'mobile,content\n{ONE},"甲\n{many}'))
    assert status == 1
    assert "recorded=200 refused=1" in out
    assert "line 2:" in err


@pytest.fixture
def stop_at() -> Any:
    """Raise something when the draft of a number is made, once."""
    receivers = []

    def arm(mobile: str, error: BaseException) -> None:
        def stop(instance: Message, **kwargs: Any) -> None:
            if instance.mobile == mobile and instance.pk is None:
                post_init.disconnect(stop, sender=Message)
                raise error

        receivers.append(stop)
        post_init.connect(stop, sender=Message)

    yield arm
    for receiver in receivers:
        post_init.disconnect(receiver, sender=Message)


STOPS = {
    "Ctrl-C": (KeyboardInterrupt(), 130, "Interrupted."),
    "a database that fails": (OperationalError(f"near {ONE}"), 1, "The database failed: OperationalError."),
}


@pytest.mark.parametrize("key", ["autumn", None], ids=["a key", "no key"])
@pytest.mark.parametrize(("error", "wanted", "says"), STOPS.values(), ids=STOPS.keys())
def test_what_was_stopped_goes_on(
    error: BaseException, wanted: int, says: str, key: str | None, write: Write, stop_at: Any
) -> None:
    path = write("mobile\n" + "".join(f"139{number:08}\n" for number in range(25)))
    arguments = ["--file", path, "--content", TEXT, "--batch-size", "10"]
    stop_at("13900000015", error)
    status, out, err = run(*arguments, *(["--key", key] if key else []))
    assert (status, out) == (wanted, "")
    assert says in err
    assert ONE not in err
    assert Message.objects.count() == 10
    named = err.rpartition("--key ")[2]
    assert named == key or named.startswith("ihuyi_send-")
    status, out, err = run(*arguments, "--key", named)
    assert (status, err) == (0, "")
    assert "recorded=25 refused=0" in out
    assert recorded() == [(f"139{number:08}", TEXT) for number in range(25)]
    assert Batch.objects.count() == 1


class Terminal(StringIO):
    """Somebody is looking."""

    def isatty(self) -> bool:
        return True


def test_a_bar_on_a_terminal_counts_bytes(write: Write) -> None:
    path = write("mobile\n" + "".join(f"139{number:08}\n" for number in range(2000)))
    screen = Terminal()
    assert run("--file", path, "--content", TEXT, stderr=screen)[0] == 0
    assert "100%" in screen.getvalue()
    assert "1390000" not in screen.getvalue()


def test_the_help_says_how_to_go_on() -> None:
    parser: CommandParser = Command().create_parser("manage.py", "ihuyi_send")
    words = " ".join(parser.format_help().split())
    assert "goes on when it is started again with the same file and the same --key" in words
    assert "Exit status 0: all are recorded; 1: some were refused; 2: wrong use." in words


def test_file__with_numbers_as_spreadsheets_write_them__records_the_digits_or_refuses(write: Write) -> None:
    rows = [
        "mobile,content",
        f"{ONE}.0,a",
        "\u202d139 0013 9000\u202c,b",
        "1380013800.0,c",
        "1.3800138E+10,d",
        '"13,800,138,000",e',
    ]
    status, _out, err = run("--file", write("\n".join(rows)))
    assert recorded() == [(ONE, "a"), (TWO, "b")]
    assert status == 1
    assert err.count("406") == 3
    assert "1380013800" not in err
