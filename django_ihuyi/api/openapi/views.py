"""Views of the OpenAPI document and its page, for callers that the site's permission classes admit."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from django_ihuyi.api.base import Endpoint
from django_ihuyi.api.conf import get_api


class _Described(Endpoint):
    permissions: ClassVar = {"GET": None}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  the signature of DRF
        """Let nobody in unless the site wants it shown.

        Raises:
            Http404: It does not.
        """
        if not get_api().schema:
            raise Http404
        super().initial(request, *args, **kwargs)


class SchemaPage(_Described):
    """Where programs read the document."""

    def get(self, request: Request) -> Response:
        """Answer with it."""
        from .generator import document

        return Response(document())


class DocsPage(_Described):
    """Where people read it, and try what it says."""

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:  # noqa: ANN401  the signature of DRF
        """Take any request: browsers ask for HTML, and what goes wrong is JSON as everywhere."""
        return super().perform_content_negotiation(request, force=True)

    def get(self, request: Request) -> HttpResponse:
        """Show the page. All of it comes from the site's own static files, and nothing else may."""
        context = {
            "schema_url": reverse("django_ihuyi:api-schema"),
            "csrf_header": settings.CSRF_HEADER_NAME.removeprefix("HTTP_").replace("_", "-"),
        }
        page = render(request._request, "django_ihuyi/api_docs.html", context)  # noqa: SLF001  Django's own request, as DRF names it
        page["Content-Security-Policy"] = _policy()
        return page


def _policy() -> str:
    elsewhere = urlsplit(static("django_ihuyi/api_docs.js"))
    files = f"'self' {elsewhere.scheme}://{elsewhere.netloc}" if elsewhere.netloc else "'self'"
    return (
        f"default-src 'none'; script-src {files}; style-src {files}; img-src {files} data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
