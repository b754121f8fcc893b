"""Exceptions of the gateway: each says whether the message may have been sent.

Every error says by ``retryable`` whether the same request may be sent again by itself. No error carries the request:
no key, no password, no text of a message and no exception of the HTTP libraries, which do carry it.
"""

from __future__ import annotations

from .result_codes import lookup


class GatewayError(Exception):
    """A call to the gateway that did not end in an accepted answer."""

    @property
    def retryable(self) -> bool:
        """Whether the same request may be sent again by itself."""
        return False


class NotSent(GatewayError):  # noqa: N818  the word of the design
    """The request was surely not sent: no connection, no TLS, no name, or the body was not written."""

    @property
    def retryable(self) -> bool:
        """Always true: nothing went out, so nothing can go out twice."""
        return True


class Uncertain(GatewayError):  # noqa: N818  the word of the design
    """No answer, or none that can be read: the message may have gone out and cost money, so it is never sent again."""


class SubmitRefused(GatewayError):  # noqa: N818  the word of the design
    """The gateway answered with a code other than 2.

    Attributes:
        code: The gateway's code.
        msg: The gateway's own words, at most 255 characters. They stand in neither ``str()`` nor ``repr()``, because a
            gateway may quote the refused text in them.
        product: The name of the account's product, on which the meaning of some codes depends.
    """

    def __init__(self, code: int, msg: str = "", product: str = "sms") -> None:
        super().__init__(code)
        self.code = code
        self.msg = msg
        self.product = product

    @property
    def retryable(self) -> bool:
        """What the code table says of this code."""
        return lookup(self.code, self.product).retryable

    def __str__(self) -> str:
        return f"code {self.code}: {lookup(self.code, self.product).meaning}"

    def __reduce__(self) -> tuple[type[SubmitRefused], tuple[int, str, str]]:
        return (type(self), (self.code, self.msg, self.product))
