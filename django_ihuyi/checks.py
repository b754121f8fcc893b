"""System checks of ``IHUYI``, the URLs, the broker and the databases."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004  Django's own name for it
from django.core.exceptions import FieldDoesNotExist
from django.db import connections, router
from django.urls import URLPattern, URLResolver, get_resolver

from . import celery_broker, conf, time_limits
from .conf import problems as setting_problems
from .hooks import Problem, our_apps
from .models.base import PrimaryDBModel


def check_settings(*, app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ANN401  the signature that Django calls
    """Report each problem of ``IHUYI`` as ``django_ihuyi.E...`` (wrong) or ``django_ihuyi.W...`` (incomplete)."""
    return _messages(setting_problems.problems(conf.get_raw()))


def check_broker(*, app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ANN401  the signature that Django calls
    """Report what keeps tasks from Celery's broker before it is asked, and time limits that are too short for them."""
    return _messages([*celery_broker.problems(), *time_limits.problems()])


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
    return any(cls.__module__ == "django_ihuyi.pushes.views" for cls in classes)


def check_databases(*, app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ANN401  the signature that Django calls
    """Report that tables that transactions span, or users, are not written as they have to be: to one database, which
    commits by itself."""
    written: dict[str, list[str]] = {}
    ours = (model for config in our_apps() for model in config.get_models() if issubclass(model, PrimaryDBModel))
    for model in (*ours, get_user_model()):
        written.setdefault(router.db_for_write(model), []).append(model._meta.label)
    return [*_check_one_database(written), *_check_autocommit(written)]


def _check_one_database(written: Mapping[str, Sequence[str]]) -> Iterator[CheckMessage]:
    if len(written) > 1:
        where = "; ".join(f"{', '.join(sorted(labels))} to {alias!r}" for alias, labels in sorted(written.items()))
        yield Error(
            "DATABASE_ROUTERS has tables that transactions and foreign keys of django_ihuyi span written to several "
            f"databases: {where}.",
            hint="Let db_for_write of the router return one alias for all models of django_ihuyi and the user model.",
            id="django_ihuyi.E016",
        )


def _check_autocommit(written: Iterable[str]) -> Iterator[CheckMessage]:
    for alias in written:
        if not connections[alias].settings_dict["AUTOCOMMIT"]:
            yield Error(
                f"DATABASES[{alias!r}]['AUTOCOMMIT'] is False: no claim of a message would be committed before the "
                "message is sent, and it would be sent again.",
                hint=f"Leave AUTOCOMMIT out of DATABASES[{alias!r}], and use ATOMIC_REQUESTS or transaction.atomic().",
                id="django_ihuyi.E017",
            )


def check_production(*, app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ANN401  the signature that Django calls
    """Report what is right on a developer's machine and wrong in production, for ``check --deploy``."""
    return _messages([*setting_problems.production_problems(conf.get_raw()), *celery_broker.production_problems()])


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


def check_time_zone(*, app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ANN401  the signature that Django calls
    """Report that times without a zone are stored in a zone with summer time."""
    if settings.USE_TZ or not _has_summer_time():
        return []
    zone = settings.TIME_ZONE or time.tzname[0]
    return [
        Warning(
            f"USE_TZ is False, and {zone!r} has summer time: one hour a year comes twice. In it, retries, pauses, "
            "limits and statistics can be an hour wrong, and receipts can be matched with the wrong message.",
            hint="Write USE_TZ = True, and convert the times in the tables to UTC; or TIME_ZONE = 'Asia/Shanghai', or "
            "another zone without summer time.",
            id="django_ihuyi.W008",
        )
    ]


def _has_summer_time() -> bool:
    """Whether the zone of times without a zone has more than one offset from UTC in the year to come.

    Django sets the process's zone from ``TIME_ZONE``, and that is the zone in which it writes such times.
    """
    now = time.time()
    return len({time.localtime(now + week * _WEEK).tm_gmtoff for week in range(53)}) > 1


_WEEK = 7 * 86_400
