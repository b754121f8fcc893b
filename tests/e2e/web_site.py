"""The test site behind real web servers: its settings, and the applications that the servers load.

The database is a file that ``DATABASE_URL`` names. Callers of the REST API log in by user name and password.
"""

from __future__ import annotations

import os

from tests import settings
from tests.settings import *  # noqa: F403  settings are their names

IHUYI = {
    **settings.IHUYI,
    "API": {
        "AUTHENTICATION_CLASSES": ["rest_framework.authentication.BasicAuthentication"],
        "PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    },
}


def __getattr__(name: str) -> object:
    """Make an application when a server asks for it: this module is the site's settings as well."""
    if name not in {"asgi", "wsgi"}:
        raise AttributeError(name)
    os.environ["DJANGO_SETTINGS_MODULE"] = __name__
    from django.core.asgi import get_asgi_application
    from django.core.wsgi import get_wsgi_application

    return get_asgi_application() if name == "asgi" else get_wsgi_application()
