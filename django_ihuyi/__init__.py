"""SMS through ihuyi (互亿无线) for Django: the public functions and their results.

Each finds its home when it is first called, so that ``from django_ihuyi import send_sms`` is safe anywhere, also
before ``django.setup()``: importing this package imports no model and reads no setting. Those of verification codes
need the app ``django_ihuyi.verification``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.apps import apps as django_apps
from django.views.decorators.debug import sensitive_variables

from .sending.results import BulkResult, Refused

__all__ = [
    "BulkResult",
    "Refused",
    "__version__",
    "offer_code",
    "send_bulk",
    "send_code",
    "send_sms",
    "verify_code",
]

__version__ = "0.1.0.dev0"


_HOMES = {
    "offer_code": "django_ihuyi.verification.codes",
    "send_bulk": "django_ihuyi.sending.bulk",
    "send_code": "django_ihuyi.verification.codes",
    "send_sms": "django_ihuyi.sending.single",
    "verify_code": "django_ihuyi.verification.codes",
}
_APPS = dict.fromkeys(("offer_code", "send_code", "verify_code"), "django_ihuyi.verification")
"""The apps that functions need besides the core."""


def _lazy(name: str) -> Callable[..., Any]:
    """Return a function that is looked up in its home when it is called.

    It raises ImproperlyConfigured, with the line to add, where its app is not installed.
    """

    @sensitive_variables()
    def function(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  what the function in its home takes and returns
        if name in _APPS:
            from .hooks import require_app

            require_app(_APPS[name], f"{name}()")
        return getattr(import_module(_HOMES[name]), name)(*args, **kwargs)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"See :func:`{_HOMES[name]}.{name}`."
    return function


def explain_functions() -> None:
    """Give the public functions the signatures and docstrings of their homes, for ``help()`` and editors.

    The models have to be loaded: the app's configuration calls it. Functions whose app is not installed are left out.
    """
    for name, home in _HOMES.items():
        if name not in _APPS or django_apps.is_installed(_APPS[name]):
            update_wrapper(globals()[name], getattr(import_module(home), name))


if TYPE_CHECKING:
    from django_ihuyi.verification.codes import verify_code

    from .sending.bulk import send_bulk
    from .sending.single import send_sms
    from .verification.codes import offer_code, send_code
else:
    send_bulk = _lazy("send_bulk")
    send_sms = _lazy("send_sms")
    send_code = _lazy("send_code")
    offer_code = _lazy("offer_code")
    verify_code = _lazy("verify_code")
