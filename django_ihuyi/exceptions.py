"""What the public functions raise. Errors of the wire are in :mod:`django_ihuyi.gateway.errors`."""

from __future__ import annotations


class InvalidMessage(ValueError):  # noqa: N818  the public name, fixed
    """A message that the gateway would certainly refuse; nothing was recorded.

    Attributes:
        code: The code that the gateway would have answered (406, 4074 ...; PROTOCOL 3).
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason

    def __str__(self) -> str:
        return self.reason
