"""SMS through ihuyi (互亿无线) for Django sites: the public functions, and nothing else.

They are looked up when first used, so that ``from django_ihuyi import send_sms`` is safe anywhere, also before
``django.setup()``: importing this package imports no model and reads no setting.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .outbound.sending import send_sms

__all__ = ["__version__", "send_sms"]

__version__ = "0.1.0.dev0"

_HOMES = {"send_sms": "django_ihuyi.outbound.sending"}


def __getattr__(name: str) -> Any:  # noqa: ANN401  a module attribute can be anything
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
