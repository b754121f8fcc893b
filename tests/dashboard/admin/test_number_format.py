"""Numbers as people read them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from django_ihuyi.dashboard.admin import number_format
from tests.dashboard.conftest import NOW


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (0.44, "0.4 s"),
        (12.4, "12 s"),
        (59.9, "60 s"),
        (90, "1.5 min"),
        (7200, "2.0 h"),
        (86400, "24 h"),
        (345600, "4.0 days"),
    ],
)
def test_lengths_of_time(seconds: float, text: str) -> None:
    assert number_format.duration(seconds).replace("\u00a0", " ") == text


@pytest.mark.parametrize(
    ("part", "text"),
    [(None, "–"), (0, "0.0 %"), (0.5, "50.0 %"), (0.99999, "99.9 %"), (1, "100 %")],
)
def test_parts(part: float | None, text: str) -> None:
    assert number_format.percent(part).replace("\u00a0", " ") == text


def test_caps_and_moments() -> None:
    assert (number_format.up_to_cap(10_000), number_format.up_to_cap(10_001)) == ("10,000", "10,000+")
    assert number_format.ago(NOW - timedelta(seconds=30), NOW) == "30\u00a0s ago"
    assert number_format.ago(NOW + timedelta(seconds=30), NOW) == "0.0\u00a0s ago"
    assert number_format.ago(None, NOW) == "never"
