"""System checks: everything that is wrong with ``IHUYI``, told at start-up with what to write instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004  Django's own name for it
from django.core.exceptions import FieldDoesNotExist
from django.db import router
from django.urls import URLPattern, URLResolver, get_resolver

from . import broker, conf, setting_problems
from .production import production_problems
from .sections import Problem


def check_settings(*, app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ANN401  the signature that Django calls
    """Report each problem of ``IHUYI`` as ``django_ihuyi.E...`` (wrong) or ``django_ihuyi.W...`` (incomplete)."""
    return _messages(setting_problems.problems(conf.get_raw()))


def check_broker(*, app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ANN401  the signature that Django calls
    """Report what keeps tasks from Celery's broker before it is asked."""
    return _messages(broker.problems())


def check_urls(*, app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ANN401  the signature that Django calls
    """Report that there are tokens for pushes, and no URL at which a push could arrive."""
    raw, root = conf.get_raw(), getattr(settings, "ROOT_URLCONF", None)
    expected = root and isinstance(raw, Mapping) and raw.get("PUSH_TOKENS")
    if not expected or any(hasattr(settings, name) for name in _MORE_URLS) or _has_pushes(get_resolver().url_patterns):
        return []
    return [
        Warning(
            f"IHUYI['PUSH_TOKENS'] is set, and {root} has no URL for pushes: no receipt or reply can be received.",
            hint=f"Write path('ihuyi/', include('django_ihuyi.urls')) in the urlpatterns of {root}. If it stands in "
            "another URLconf of the site, add 'django_ihuyi.W002' to SILENCED_SYSTEM_CHECKS.",
            id="django_ihuyi.W002",
        )
    ]


_MORE_URLS = ("ROOT_HOSTCONF", "SUBDOMAIN_URLCONFS", "PUBLIC_SCHEMA_URLCONF")
"""Settings of packages that give hosts URLs of their own: which, is known when a request comes."""


def _has_pushes(patterns: Iterable[URLPattern | URLResolver]) -> bool:
    """Whether a view for receipts is among them, under whatever path and namespace, and whatever is wrapped around."""
    return any(
        _has_pushes(pattern.url_patterns)
        if isinstance(pattern, URLResolver)
        else pattern.name == "push-receipt" or _is_push(pattern.callback)
        for pattern in patterns
    )


def _is_push(view: Any) -> bool:  # noqa: ANN401  any callable
    classes = getattr(getattr(view, "view_class", None), "__mro__", ())
    return any(cls.__module__ == "django_ihuyi.inbound.views" for cls in classes)


def check_databases(*, app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ANN401  the signature that Django calls
    """Report that a database router has the app's tables, or the users that one of them names, in several databases."""
    written: dict[str, list[str]] = {}
    for model in (*apps.get_app_config("django_ihuyi").get_models(), get_user_model()):
        written.setdefault(router.db_for_write(model), []).append(model._meta.label)
    if len(written) == 1:
        return []
    where = "; ".join(f"{', '.join(sorted(labels))} to {alias!r}" for alias, labels in sorted(written.items()))
    return [
        Error(
            "DATABASE_ROUTERS has tables that transactions and foreign keys of django_ihuyi span written to several "
            f"databases: {where}.",
            hint="Let db_for_write of the router return one alias for all models of django_ihuyi and the user model.",
            id="django_ihuyi.E016",
        )
    ]


def check_production(*, app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ANN401  the signature that Django calls
    """Report what is right on a developer's machine and wrong in production, for ``check --deploy``."""
    return _messages([*production_problems(conf.get_raw()), *broker.production_problems()])


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
