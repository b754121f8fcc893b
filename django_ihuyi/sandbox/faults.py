"""Numbers that make the sandbox fail; ``docs/sandbox.md`` prints the same table.

Two families. ``138`` and a code in eight digits, zeros in front, answers with that code: 13800004085 answers 4085.
``1390000`` and four digits does what :data:`FAULTS` says; abroad, ``+120255501`` and two digits do. Both leave ordinary
numbers alone: the eight digits must be exactly a code of the table (13800138000 is nobody's), the others exactly a row.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from django_ihuyi.gateway.result_codes import ACCEPTED, CODES

CODE_PREFIX = "138"
FAULT_PREFIX = "1390000"
ABROAD_PREFIX = "+120255501"
"""Numbers of the United States that are nobody's; the last two digits are those of a row."""
FAILED_ONCE_KEPT = 10_000

UNDOCUMENTED = {
    4010: "提交频率过快",
    40505: "帐号未签订合同",
    4054: "帐号不在有效期内",
    4077: "语音通知提交失败",
    4081: "同一手机号码一分钟之内发送频率不能超过【1】条",
    4083: "同一手机号码一分钟之内相同内容不能超过【2】条",
    4084: "同一手机号码一天之内相同内容不能超过【5】条",
    4086: "同一手机号码两分钟之内发送频率不能超过【1】条",
    4999: "未知错误",
}
"""Codes that no document has: seen in customers' programs (PROTOCOL 3), and 4999 that nobody has ever seen."""

BRACKETED = {
    408: "发送超限（[20]条），已加入黑名单，可登入平台解除",
    40722: "变量内容超过指定的长度【8】",
    4082: "超出同一手机号一天之内【5】条短信限制",
    4085: "同一手机号验证码短信发送超出【5】条",
}
"""Texts that carry the account's own settings in brackets."""

TEXTS = {number: row.text for number, row in CODES.items()} | BRACKETED | UNDOCUMENTED
"""What the sandbox answers in ``msg``, by code."""


class Answer(enum.Enum):
    """What becomes of the HTTP answer."""

    WHOLE = enum.auto()
    SLOW = enum.auto()
    HANG = enum.auto()
    RESET = enum.auto()
    BAD_GATEWAY = enum.auto()
    SERVER_ERROR = enum.auto()
    REDIRECT = enum.auto()
    RUBBISH = enum.auto()
    HALF = enum.auto()
    HUGE = enum.auto()
    DRIP = enum.auto()
    THEN_CLOSE = enum.auto()
    OTHER_FORMAT = enum.auto()
    HOSTILE = enum.auto()
    TEXT_CODE = enum.auto()
    SHORT_XML = enum.auto()
    NO_SMSID = enum.auto()
    ZERO_SMSID = enum.auto()
    FAIL_FIRST = enum.auto()
    FAIL = enum.auto()


@dataclass(frozen=True, slots=True)
class Receipt:
    """One receipt of a plan.

    Attributes:
        code: 2 for delivered, anything else for failed.
        msg: The carrier's word.
        delays: How many times the sandbox's receipt delay to wait.
    """

    code: int = 2
    msg: str = "DELIVRD"
    delays: int = 1


DELIVERED = Receipt()


@dataclass(frozen=True, slots=True)
class Fault:
    """One row of the table.

    Attributes:
        takes: Whether the gateway takes the message: it is charged, shown on the phone, and has receipts.
        meaning: What happens, in words, for the documentation.
        answer: What becomes of the HTTP answer.
        receipts: The receipts that follow when it is taken.
        receipt_first: Whether the first receipt is pushed before the answer is sent.
        reply: What the phone answers by itself.
    """

    takes: bool
    meaning: str
    answer: Answer = Answer.WHOLE
    receipts: tuple[Receipt, ...] = field(default=(DELIVERED,))
    receipt_first: bool = False
    reply: str | None = None


ORDINARY = Fault(takes=True, meaning="Accepted at once, delivered after the receipt delay.")


def _failed(word: str) -> Fault:
    return Fault(True, f"Accepted; the receipt says failed, `{word}`.", receipts=(Receipt(0, word),))


FAULTS = {
    1: Fault(True, "Accepted; the answer takes 3 s.", Answer.SLOW),
    2: Fault(True, "Accepted; no answer ever comes, the connection stays open.", Answer.HANG),
    3: Fault(False, "The connection is reset before the message is taken.", Answer.RESET),
    4: Fault(True, "Accepted; the connection is reset before the answer.", Answer.RESET),
    5: Fault(False, "HTTP 502 with an HTML page.", Answer.BAD_GATEWAY),
    6: Fault(True, "Accepted; the answer is rubbish bytes with status 200.", Answer.RUBBISH),
    7: Fault(True, "Accepted; half of the answer comes, then the connection ends.", Answer.HALF),
    8: Fault(True, "Accepted; the answer has an empty smsid, the receipt has the real one.", Answer.NO_SMSID),
    9: Fault(True, "Accepted; the answer has smsid 0, the receipt has the real one.", Answer.ZERO_SMSID),
    10: Fault(
        True,
        "Accepted; the receipt is pushed before the answer is sent.",
        receipts=(Receipt(delays=0),),
        receipt_first=True,
    ),
    11: _failed("UNDELIV"),
    12: Fault(True, "Accepted; a receipt never comes.", receipts=()),
    13: Fault(True, "Accepted; the same receipt is pushed twice.", receipts=(DELIVERED, DELIVERED)),
    14: Fault(
        True,
        "Accepted; a delivered receipt, then a failed one.",
        receipts=(DELIVERED, Receipt(0, "UNDELIV", delays=2)),
    ),
    15: Fault(True, "Code 0 the first time a text is sent, accepted the second time.", Answer.FAIL_FIRST),
    16: Fault(False, "Code 0 every time.", Answer.FAIL),
    17: Fault(True, "Accepted; HTTP 500 with an empty body.", Answer.SERVER_ERROR),
    18: Fault(False, "HTTP 302 to another address.", Answer.REDIRECT),
    19: Fault(True, "Accepted; the answer is right, with 1 MiB of spaces behind it.", Answer.HUGE),
    20: Fault(True, "Accepted; the answer drips, one byte each half second.", Answer.DRIP),
    21: Fault(True, "Accepted; the connection is closed after the answer without a word of it.", Answer.THEN_CLOSE),
    22: Fault(True, "Accepted; XML comes where JSON was asked for, and JSON for XML.", Answer.OTHER_FORMAT),
    23: Fault(True, "Accepted; the answer is XML with nested entities (a billion laughs).", Answer.HOSTILE),
    24: Fault(True, "Accepted; JSON has the code as a string.", Answer.TEXT_CODE),
    25: Fault(True, "Accepted; XML on one line, with the namespace `106.ihuyi.com`.", Answer.SHORT_XML),
    26: Fault(
        True,
        "Accepted; a failed receipt, then a delivered one.",
        receipts=(Receipt(0, "UNDELIV"), Receipt(delays=2)),
    ),
    27: Fault(True, "Accepted; the receipt comes ten times later.", receipts=(Receipt(delays=10),)),
    28: Fault(True, "Accepted; the phone answers `TD` by itself.", reply="TD"),
    31: _failed("EXPIRED"),
    32: _failed("REJECTD"),
    33: _failed("UNKNOWN"),
    34: _failed("BLACK"),
    35: _failed("MK:0001"),
    36: _failed("ID:0076"),
}
"""The faults, by the last four digits of the number."""


def magic_code(mobile: str) -> int | None:
    """Return the code that a number answers with.

    Args:
        mobile: Eleven digits.

    Returns:
        The code, or None for a number of another form and for 13800000002: code 2 is an ordinary success.
    """
    if not mobile.startswith(CODE_PREFIX):
        return None
    number = int(mobile[len(CODE_PREFIX) :])
    return number if number in TEXTS and number != ACCEPTED else None


def fault_of(mobile: str) -> Fault:
    """Return what a number does.

    Args:
        mobile: Eleven digits.

    Returns:
        The number's row in the table, or :data:`ORDINARY`.
    """
    prefix = next((one for one in (FAULT_PREFIX, ABROAD_PREFIX) if mobile.startswith(one)), None)
    return ORDINARY if prefix is None else FAULTS.get(int(mobile[len(prefix) :]), ORDINARY)
