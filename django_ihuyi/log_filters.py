"""Log filter that hides push tokens in request paths."""

from __future__ import annotations

import copy
import logging
import re
from collections.abc import Mapping
from typing import Any

_TOKEN = re.compile(r"(/push/)[^/\s?\"']{16,}")
"""A push's path up to its token. Tokens have 20 characters or more (E009), perhaps one was copied without its end."""

PATH_LOGGERS = (
    "django.request",
    "django.server",
    "django.channels.server",
    "gunicorn.access",
    "hypercorn.access",
    "uvicorn.access",
)
"""The loggers that write the path of each request, or of each that is refused."""


class HidePushTokens(logging.Filter):
    """Writes ``/push/***/`` for the path of a push, also where the token is a wrong one: it may be last year's.

    The record keeps its arguments in their number and form, because formatters such as uvicorn's read them.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite what names a push's path in the record's message and arguments. Every record passes."""
        if isinstance(record.msg, str):
            record.msg = _hide(record.msg)
        if isinstance(record.args, Mapping):
            record.args = _hide_in(record.args)
        elif isinstance(record.args, tuple):
            record.args = tuple(map(_hide, record.args))
        return True


def install() -> None:
    """Have the loggers of :data:`PATH_LOGGERS` hide push tokens. Calling it again changes nothing."""
    for name in PATH_LOGGERS:
        logging.getLogger(name).addFilter(_HIDE)


def _hide(value: Any) -> Any:  # noqa: ANN401  an argument of a record, of any kind
    return _TOKEN.sub(r"\1***", value) if isinstance(value, str) else value


def _hide_in(args: Mapping[str, Any]) -> Mapping[str, Any]:
    hidden = {key: _hide(value) for key, value in args.items()}
    if hidden == dict(args.items()):
        return args
    if not isinstance(args, dict):
        return hidden
    # gunicorn's is a dict of its own kind, which answers also for keys that it does not have.
    kept = copy.copy(args)
    kept.update(hidden)
    return kept


_HIDE = HidePushTokens()
