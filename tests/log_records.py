"""What the package itself logged during a test: other libraries may say something besides, and once in a process."""

from __future__ import annotations

import logging

import pytest


def package_records(caplog: pytest.LogCaptureFixture, level: int = logging.NOTSET) -> list[logging.LogRecord]:
    """The package's records, the oldest first.

    Args:
        caplog: pytest's.
        level: Only those of this level; all by default.
    """
    mine = [record for record in caplog.records if record.name.partition(".")[0] == "django_ihuyi"]
    return [record for record in mine if level in (logging.NOTSET, record.levelno)]


def events(caplog: pytest.LogCaptureFixture, level: int = logging.NOTSET) -> list[str]:
    """The events that :func:`ours` name; empty where a record names none."""
    return [getattr(record, "event", "") for record in package_records(caplog, level)]
