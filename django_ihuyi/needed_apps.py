"""Checks that classes named in the settings have their app in ``INSTALLED_APPS``.

They can be imported, or fail in a way that says nothing of the settings, and are not used before the first request.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from django.utils.module_loading import import_string

from .hooks import Problem

_MODEL_OF_NO_APP = re.compile(r"Model class (?P<app>[\w.]+?)\.models\b")


def missing_app(path: str) -> str | None:
    """Return the app without which a class or function cannot be imported; None if it can, or fails otherwise.

    Args:
        path: Its dotted path.
    """
    try:
        import_string(path)
    except ImportError:
        return None  # which is an error of its own
    except RuntimeError as error:
        # Django's, of a model that is imported and belongs to no app.
        found = _MODEL_OF_NO_APP.match(str(error))
        return found["app"] if found else path.partition(".")[0]
    return None


def problems(where: str, path: object, find: Callable[[str], str | None] = missing_app) -> Iterator[Problem]:
    """Find that an option names a class or function whose app is not installed.

    Args:
        where: How the option is called in what is said.
        path: Its value. What is wrong with its form is reported elsewhere.
        find: Returns the missing app of a dotted path.
    """
    app = find(path) if isinstance(path, str) else None
    if app is not None:
        yield Problem(
            "E019",
            f"{where} names {path!r}, which needs the app {app!r}: it is not in INSTALLED_APPS, and "
            "every request fails.",
            f"Add {app!r} to INSTALLED_APPS and run migrate, or name another class.",
        )
