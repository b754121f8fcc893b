"""Declaration and reading of a settings section: options, problems, values."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, field, fields
from typing import Any, TypeVar

from django.core.exceptions import ImproperlyConfigured

from django_ihuyi.hooks import Problem

_Section = TypeVar("_Section")


def option(validate: Callable[[Any], str | None], *, default: Any = MISSING, secret: bool = False) -> Any:  # noqa: ANN401  like dataclasses.field
    """Declare an option: its check returns what a right value would be, or None if the value is right."""
    factory: dict[str, Any] = {"default_factory": default} if callable(default) else {"default": default}
    return field(repr=not secret, metadata={"check": validate}, **factory)


def did_you_mean(name: str, known: list[str]) -> str:
    """Say which known name was meant, or which there are."""
    near = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.6)
    return f"Did you mean {near[0]!r}?" if near else f"Known names: {', '.join(sorted(known))}."


def _options(cls: type) -> dict[str, Field[Any]]:
    return {item.name.upper(): item for item in fields(cls) if "check" in item.metadata}


def section_problems(raw: object, cls: type, where: str, also_known: tuple[str, ...] = ()) -> Iterator[Problem]:
    """Find what is wrong with one dict: unknown names, missing ones, values of a wrong form.

    Args:
        raw: The dict as it stands in the settings.
        cls: A dataclass whose fields are made by :func:`option`.
        where: How the dict is called in what is said.
        also_known: Names that are right but no fields.
    """
    if not isinstance(raw, Mapping):
        yield Problem("E001", f"{where} is not a dict.", f"Write {where} = {{...}}.")
        return
    options = _options(cls)
    for name in raw:
        if name not in options and name not in also_known:
            hint = did_you_mean(str(name), [*options, *also_known])
            yield Problem("E002", f"{where} has no option {name!r}.", hint)
    for name, item in options.items():
        if name in raw:
            wanted = item.metadata["check"](raw[name])
            if wanted:
                # The value itself may be a secret in the wrong place, so it is not repeated.
                yield Problem("E003", f"{where}[{name!r}] has a wrong value.", f"Write {wanted}.")
        elif item.default is MISSING and item.default_factory is MISSING:
            yield Problem("E004", f"{where}[{name!r}] is missing.", f"Write {item.metadata['check'](None)}.")


def read_section(raw: object, cls: type[_Section], where: str, also_known: tuple[str, ...] = ()) -> _Section:
    """Read one dict; see :func:`section_problems`.

    Raises:
        ImproperlyConfigured: What is wrong first.
    """
    for problem in section_problems(raw, cls, where, also_known):
        raise ImproperlyConfigured(f"{problem.text} {problem.hint}")
    names = _options(cls)
    return cls(**{names[key].name: value for key, value in dict(raw).items() if key in names})  # type: ignore[call-overload]  # a Mapping, says the line above
