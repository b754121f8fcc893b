"""What every page knows beside its own: where the sandbox's phone page is."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def phone_page(request: HttpRequest) -> dict[str, str | None]:
    """Return the address of the sandbox's phone page, or None with the real gateway."""
    return {"phone_page": getattr(settings, "PHONE_PAGE", None)}
