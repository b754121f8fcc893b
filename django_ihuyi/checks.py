"""System checks: everything that is wrong with ``IHUYI``, told at start-up with what to write instead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004  Django's own name for it
from django.core.exceptions import FieldDoesNotExist

from . import conf


def check_settings(*, app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ANN401  the signature that Django calls
    """Report each problem of ``IHUYI`` as ``django_ihuyi.E...`` (wrong) or ``django_ihuyi.W...`` (incomplete)."""
    return [
        (Error if problem.id.startswith("E") else Warning)(
            problem.text, hint=problem.hint, id=f"django_ihuyi.{problem.id}"
        )
        for problem in conf.problems(conf.get_raw())
    ]


def check_registration(*, app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ANN401  the signature that Django calls
    """Report a ``REGISTRATION`` whose mobile field the user model does not have."""
    raw = conf.get_raw()
    registration = raw.get("REGISTRATION") if isinstance(raw, dict) else None
    name = registration.get("MOBILE") if isinstance(registration, dict) else None
    if not isinstance(name, str) or "." in name:
        return []
    model = get_user_model()
    try:
        model._meta.get_field(name)
    except FieldDoesNotExist:
        return [
            Error(
                f"IHUYI['REGISTRATION']['MOBILE'] names {name!r}, which {model._meta.label} does not have.",
                hint="Write the user model's field that holds the mobile number, "
                "or a callable that takes the user and returns the number.",
                id="django_ihuyi.E010",
            )
        ]
    return []
