"""System checks: everything that is wrong with ``IHUYI``, told at start-up with what to write instead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.apps import AppConfig
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004  Django's own name for it
from django.core.exceptions import FieldDoesNotExist

from . import conf, setting_problems
from .production import production_problems
from .sections import Problem


def check_settings(*, app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ANN401  the signature that Django calls
    """Report each problem of ``IHUYI`` as ``django_ihuyi.E...`` (wrong) or ``django_ihuyi.W...`` (incomplete)."""
    return _messages(setting_problems.problems(conf.get_raw()))


def check_production(*, app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ANN401  the signature that Django calls
    """Report what is right on a developer's machine and wrong in production, for ``check --deploy``."""
    return _messages(production_problems(conf.get_raw()))


def _messages(problems: Iterable[Problem]) -> list[CheckMessage]:
    return [
        (Error if problem.id.startswith("E") else Warning)(
            problem.text, hint=problem.hint, id=f"django_ihuyi.{problem.id}"
        )
        for problem in problems
    ]


def check_registration(*, app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ANN401  the signature that Django calls
    """Report each field that ``REGISTRATION`` names and the user model does not have."""
    raw = conf.get_raw()
    registration = raw.get("REGISTRATION") if isinstance(raw, dict) else None
    if not isinstance(registration, dict):
        return []
    return [
        Error(
            f"IHUYI['REGISTRATION'][{option!r}] names {registration[option]!r}, "
            f"which {get_user_model()._meta.label} does not have.",
            hint=f"Write the user model's field that {holds}, or a callable that takes the user and returns it.",
            id="django_ihuyi.E010",
        )
        for option, holds in _FIELDS.items()
        if option in registration and not _has_field(registration[option])
    ]


_FIELDS = {"MOBILE": "holds the mobile number", "VERIFIED": "says whether the number is verified"}


def _has_field(name: object) -> bool:
    """Whether the user model has a field; what names none, such as a callable's path, is right as far as this goes."""
    if not isinstance(name, str) or "." in name:
        return True
    try:
        get_user_model()._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True
