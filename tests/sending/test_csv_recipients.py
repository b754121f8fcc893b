"""CSV files of numbers, where ``ihuyi_send``'s tests do not reach: long files, and lines against indexes."""

from __future__ import annotations

import io
from typing import Any

import pytest

from django_ihuyi.sending.csv_recipients import RecipientFile, RecipientFileError, UnreadableLine


def read(text: str, encoding: str = "utf-8") -> RecipientFile:
    return RecipientFile(io.BytesIO(text.encode(encoding)), template=False, content=False, key="k")


def rows_of(file: RecipientFile) -> tuple[list[dict[str, Any]], list[UnreadableLine]]:
    """The rows that can be read, and the others."""
    rows = list(file.rows())
    return (
        [row for row in rows if not isinstance(row, UnreadableLine)],
        [row for row in rows if isinstance(row, UnreadableLine)],
    )


@pytest.mark.parametrize("shift", range(4))
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_character_across_two_blocks_is_no_fault(encoding: str, shift: int) -> None:
    rows = [f"1390000{number:04},您的订单已发货" for number in range(4000)]
    file = read("mobile,content\n" + "\n" * shift + "\n".join(rows), encoding)
    assert [f"{row['mobile']},{row['content']}" for row in rows_of(file)[0]] == rows
    assert file.position == file.size > 1 << 16


def test_a_fault_at_the_very_end_is_found() -> None:
    content = b"mobile,content\n" + b"13800138000,ok\n" * 10_000 + b"\xff"
    with pytest.raises(RecipientFileError, match="neither UTF-8 nor GB18030"):
        RecipientFile(io.BytesIO(content), template=False, content=False, key="k")


def test_lines_are_kept_where_they_part_from_indexes() -> None:
    file = read('mobile,content\n1,a\n\n2,b\n3,"c\nc"\n4\n5,"e\n6,f\n7,g\n\n8,h\n')
    readable, unreadable = rows_of(file)
    rows = [(row["mobile"], row["idempotency_key"]) for row in readable]
    lines = [2, 4, 5, 9, 10, 12]
    assert rows == [(mobile, f"k:{line}") for mobile, line in zip("123678", lines, strict=True)]
    assert [file.line_of(index) for index in range(len(rows))] == lines
    assert [row.line for row in unreadable] == [7, 8]
