"""Keeping the push token out of the logs: the development server and Django's own loggers write paths of requests."""

from __future__ import annotations

import logging
import re

_TOKEN = re.compile(r"(/push/)[^/\s?\"']+")


class HidePushTokens(logging.Filter):
    """Writes ``/push/***/`` for the path of a push, also where the token is a wrong one: it may be last year's."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record's message if it names a push's path. Every record passes."""
        message = record.getMessage()
        hidden = _TOKEN.sub(r"\1***", message)
        if hidden != message:
            record.msg, record.args = hidden, ()
        return True
