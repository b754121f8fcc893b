"""Recent messages per number, for the frequency rules. Bounded."""

from __future__ import annotations

import hashlib
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Final

REMEMBERED: Final = 200_000
MINUTE: Final = 60.0
SECONDS_TO_CHINA: Final = 8 * 3600
DAY: Final = 86_400
CODE_WORD: Final = "验证码"


def _day(now: float) -> int:
    return int(now + SECONDS_TO_CHINA) // DAY


@dataclass(slots=True)
class Number:
    """What a number had: time of the last message, and counts of one day (China's)."""

    last: float = 0.0
    day: int = 0
    messages: int = 0
    codes: int = 0


@dataclass(slots=True)
class Text:
    """How often a number had one text: ever, on one day, and the times of the latest."""

    ever: int = 0
    day: int = 0
    today: int = 0
    latest: deque[float] = field(default_factory=lambda: deque(maxlen=20))


class History:
    """Numbers and texts, the last used last. Not locked: its owner is (``State.lock``)."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._numbers: OrderedDict[str, Number] = OrderedDict()
        self._texts: OrderedDict[bytes, Text] = OrderedDict()

    def number(self, mobile: str, now: float) -> Number:
        """Return what a number has had.

        Args:
            mobile: Eleven digits.
            now: Unix time in seconds; counts of another day are left out.

        Returns:
            Its record; a new one for a number that has had nothing.
        """
        record = self._numbers.get(mobile, Number())
        return record if record.day == _day(now) else Number(last=record.last, day=_day(now))

    def text(self, mobile: str, text: str, now: float) -> Text:
        """Return how often a number has had a text.

        Args:
            mobile: Eleven digits.
            text: The text that the phone shows.
            now: Unix time in seconds; counts of another day are left out.

        Returns:
            Its record; a new one for a text that is new to the number.
        """
        record = self._texts.get(_key(mobile, text)) or Text()
        if record.day != _day(now):
            record.day, record.today = _day(now), 0
        return record

    def add(self, mobile: str, text: str, now: float) -> int:
        """Note a message that was taken.

        Args:
            mobile: Eleven digits.
            text: The text that the phone shows.
            now: Unix time in seconds.

        Returns:
            How often the number has had this text, this time included.
        """
        number = self.number(mobile, now)
        number.last = now
        number.messages += 1
        number.codes += CODE_WORD in text
        self._numbers[mobile] = number
        record = self.text(mobile, text, now)
        record.ever += 1
        record.today += 1
        record.latest.append(now)
        key = _key(mobile, text)
        self._texts[key] = record
        self._numbers.move_to_end(mobile)
        self._texts.move_to_end(key)
        for table in (self._numbers, self._texts):
            if len(table) > REMEMBERED:
                table.popitem(last=False)
        return record.ever


def _key(mobile: str, text: str) -> bytes:
    return hashlib.blake2b(f"{mobile}\n{text}".encode("utf-8", "surrogatepass"), digest_size=12).digest()
