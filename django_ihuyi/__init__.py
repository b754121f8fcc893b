"""SMS through ihuyi (互亿无线) for Django sites: the public functions, and nothing else.

Each finds its home when it is first called, so that ``from django_ihuyi import send_sms`` is safe anywhere, also
before ``django.setup()``: importing this package imports no model and reads no setting.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.views.decorators.debug import sensitive_variables

__all__ = ["__version__", "offer_code", "send_bulk", "send_code", "send_sms", "verify_code"]

__version__ = "0.1.0.dev0"


_HOMES = {
    "offer_code": "django_ihuyi.verification.issuing",
    "send_bulk": "django_ihuyi.outbound.bulk",
    "send_code": "django_ihuyi.verification.issuing",
    "send_sms": "django_ihuyi.outbound.sending",
    "verify_code": "django_ihuyi.verification.checking",
}


def _late(name: str) -> Callable[..., Any]:
    """Return a function that is looked up in its home when it is called."""

    @sensitive_variables()
    def function(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  what the function in its home takes and returns
        return getattr(import_module(_HOMES[name]), name)(*args, **kwargs)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"See :func:`{_HOMES[name]}.{name}`."
    return function


def explain_functions() -> None:
    """Give the public functions the signatures and docstrings of their homes, for ``help()`` and editors.

    The models have to be loaded: the app's configuration calls it.
    """
    for name, home in _HOMES.items():
        update_wrapper(globals()[name], getattr(import_module(home), name))


if TYPE_CHECKING:
    from .outbound.bulk import send_bulk
    from .outbound.sending import send_sms
    from .verification.checking import verify_code
    from .verification.issuing import offer_code, send_code
else:
    send_bulk = _late("send_bulk")
    send_sms = _late("send_sms")
    send_code = _late("send_code")
    offer_code = _late("offer_code")
    verify_code = _late("verify_code")
