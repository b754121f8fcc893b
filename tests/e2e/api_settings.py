"""The example site's settings, for callers that try everything at once: no rates, no captcha, no limit of codes."""

from __future__ import annotations

from example_project import settings
from example_project.settings import *  # noqa: F403  settings are their names

IHUYI = {
    **settings.IHUYI,
    "API": {
        **settings.IHUYI["API"],
        "THROTTLE_RATES": {"read": None, "write": None, "bulk": None, "codes": None, "failures": None},
    },
    "VERIFICATION": {"SITE_PER_HOUR": None, "SITE_PER_DAY": None, "WATCH": False},
}
# With the usual one, each request that brings a password takes half a second.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
