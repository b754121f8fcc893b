"""Type checks for arguments of public functions. A ``TypeError`` says what to pass instead."""

from __future__ import annotations

from typing import TypeVar

from django.utils.functional import Promise

from .exceptions import ArgumentTypeError

_T = TypeVar("_T")


def read_text(name: str, value: object, *, expected: str = "a text", code: int | None = None) -> str:
    """Return a text; a lazy one, such as of ``gettext_lazy`` or ``SimpleLazyObject``, as plain text.

    Args:
        name: What the argument is called.
        value: What was given for it.
        expected: What the error says that it has to be.
        code: The code that the gateway would have answered, where it has one for this argument.

    Raises:
        ArgumentTypeError: It is no text.
    """
    if issubclass(type(value), str):
        return value  # type: ignore[return-value]  # a text, says the line above
    if isinstance(value, str | Promise):
        return str(value)
    raise wrong_type(name, value, expected, code=code)


def read_optional_text(name: str, value: object, *, code: int | None = None) -> str | None:
    """Return a text, or None where there is none; arguments and errors as of :func:`read_text`."""
    return None if value is None else read_text(name, value, code=code)


def require_type(
    name: str, value: object, kind: type[_T] | tuple[type[_T], ...], expected: str, *, code: int | None = None
) -> None:
    """Do nothing where a value is of a type, or None.

    Args:
        name: What the argument is called.
        value: What was given for it.
        kind: The type, or the types, that it may have.
        expected: How the type is called in the error, such as ``"a datetime"``.
        code: The code that the gateway would have answered, where it has one for this argument.

    Raises:
        ArgumentTypeError: It is of another type.
    """
    if value is not None and not isinstance(value, kind):
        raise wrong_type(name, value, expected, code=code)


def wrong_type(name: str, value: object, expected: str, *, code: int | None = None) -> ArgumentTypeError:
    """Return the error for a value of the wrong type. It names the type, never the value.

    Args:
        name: What the argument is called.
        value: What was given for it.
        expected: What it has to be.
        code: The code that the gateway would have answered, where it has one for this argument.
    """
    return ArgumentTypeError(code, f"{name} is of the type {type(value).__name__}: it must be {expected}.")
