"""Settings of ``IHUYI["API"]``: options, defaults, problems."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.utils.module_loading import import_string

from django_ihuyi import conf, needed_apps
from django_ihuyi.conf.base import option, read_section
from django_ihuyi.conf.validators import validate_flag, validate_importable
from django_ihuyi.hooks import Problem

RATES: Mapping[str, str] = {
    "read": "600/min",
    "write": "300/min",
    "bulk": "10/min",
    "codes": "120/min",
    "failures": "20/min",
}
"""How many requests of each scope a caller has, unless ``THROTTLE_RATES`` says otherwise; of ``failures`` a client's
address has so many."""
_RATE = re.compile(r"[1-9]\d*/(s|sec|m|min|h|hour|d|day)")


def validate_classes(value: object) -> str | None:
    right = isinstance(value, list | tuple) and all(
        isinstance(item, str) and validate_importable(item) is None for item in value
    )
    return None if right else "a list of dotted paths such as ['rest_framework.permissions.IsAuthenticated']"


def validate_rates(value: object) -> str | None:
    right = isinstance(value, Mapping) and all(
        scope in RATES and (rate is None or (isinstance(rate, str) and _RATE.fullmatch(rate)))
        for scope, rate in value.items()
    )
    return None if right else f"a dict from {', '.join(map(repr, RATES))} to a rate such as '300/min', or None for any"


def validate_schema(value: object) -> str | None:
    if value is not True:
        return validate_flag(value)
    if find_spec("drf_spectacular") is None or not apps.is_installed("drf_spectacular_sidecar"):
        return "False; or pip install 'django-ihuyi[openapi]' and have 'drf_spectacular_sidecar' in INSTALLED_APPS"
    return None


@dataclass(frozen=True, kw_only=True)
class ApiSettings:
    """Who may use the API, how they say who they are, and how often."""

    permission_classes: Sequence[str] = option(validate_classes, default=list)
    authentication_classes: Sequence[str] = option(
        validate_classes, default=lambda: ["rest_framework.authentication.SessionAuthentication"]
    )
    throttle_rates: Mapping[str, str | None] = option(validate_rates, default=dict)
    schema: bool = option(validate_schema, default=False)

    def rate(self, scope: str) -> str | None:
        """Return how many requests of a scope a caller has; None: any number."""
        return self.throttle_rates.get(scope, RATES[scope])


@conf.cached
def get_api() -> ApiSettings:
    """Read ``IHUYI['API']``; without it, nobody may use the API.

    Raises:
        ImproperlyConfigured: If a name is unknown or a value has the wrong form.
    """
    return read_section(conf.get_section("API", {}), ApiSettings, "IHUYI['API']")


def setting_problems(raw: Mapping[str, Any]) -> Iterator[Problem]:
    """Find classes that need an app which is not installed.

    Args:
        raw: ``IHUYI`` as it stands in the settings; its sections may have any form.
    """
    section = raw.get("API", {})
    for name in ("AUTHENTICATION_CLASSES", "PERMISSION_CLASSES"):
        paths = section.get(name) if isinstance(section, Mapping) else None
        for path in paths if isinstance(paths, list | tuple) else ():
            yield from needed_apps.problems(f"IHUYI['API'][{name!r}]", path, _missing_app)


def _missing_app(path: str) -> str | None:
    return needed_apps.missing_app(path) or _missing_app_of_tokens(path)


def _missing_app_of_tokens(path: str) -> str | None:
    """Return the app of the tokens that a class of DRF's, or one made of it, looks up, if it is not installed."""
    from rest_framework.authentication import TokenAuthentication  # DRF reads settings when it is imported

    try:
        target = import_string(path)
    except ImportError:
        return None  # which is an error of its own
    if not (isinstance(target, type) and issubclass(target, TokenAuthentication)):
        return None
    # Without its app, the model of DRF's tokens is abstract.
    model = target().get_model()
    is_installed = not model._meta.abstract and model._meta.app_config is not None
    return None if is_installed else model.__module__.removesuffix(".models")
