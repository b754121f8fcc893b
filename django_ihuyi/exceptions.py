"""Exceptions of the public functions. Those of the gateway are in :mod:`django_ihuyi.gateway.exceptions`."""

from __future__ import annotations

from enum import StrEnum


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


class ArgumentTypeError(TypeError):
    """An argument of a public function is of a wrong type; nothing was recorded.

    Its text names the argument and the type, never the value.

    Attributes:
        code: The code that the gateway would have answered (406 for a number, 404 for a text); None where it has none.
        reason: What is wrong, in words.
    """

    def __init__(self, code: int | None, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


class ThrottleReason(StrEnum):
    """Which limit a request for a verification code met."""

    INTERVAL = "interval"
    """The number was sent a code a moment ago."""
    NUMBER = "number"
    """The number has had as many codes as it may have in a day."""
    ADDRESS = "address"
    """The client's address has asked for too many."""
    PREFIX = "prefix"
    """Too many were sent to numbers that begin like this one."""
    COUNTRY = "country"
    """Too many were sent to the country abroad that this number is of."""
    SITE = "site"
    """The whole site's budget is used up."""
    GATEWAY = "gateway"
    """The gateway has refused a code for this number and purpose, and would again."""
    UNAVAILABLE = "unavailable"
    """The account that would send it is paused: no code goes out, to nobody."""
    CAPTCHA = "captcha"
    """A captcha has to be solved first (:class:`CaptchaRequired`)."""


class CodeThrottled(Exception):  # noqa: N818  the public name, fixed
    """No code is sent now; nothing was recorded.

    Attributes:
        retry_after: Seconds after which it makes sense to ask again, 1 or more; 0 where a captcha is asked for.
        reason: Which limit was met.
    """

    def __init__(self, retry_after: int, reason: ThrottleReason) -> None:
        super().__init__(retry_after, reason)
        self.retry_after = retry_after
        self.reason = reason

    @property
    def status(self) -> int:
        """The HTTP status that fits: 503 where no code goes out to anybody, else 429."""
        return 503 if self.reason is ThrottleReason.UNAVAILABLE else 429

    def __str__(self) -> str:
        return f"No code is sent now ({self.reason}). Ask again in {self.retry_after} s."


class CaptchaRequired(CodeThrottled):
    """No code is sent without a captcha, and none or a wrong one came: ask for one, and call again with it."""

    def __init__(self) -> None:
        super().__init__(0, ThrottleReason.CAPTCHA)

    def __reduce__(self) -> tuple[type[CaptchaRequired], tuple[()]]:
        return type(self), ()

    def __str__(self) -> str:
        return "No code is sent without a captcha that is solved."
