"""A site that takes a push and then fails to say so, now and then: the gateway pushes the same again."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

CALM = "calm"
"""The file in the data folder that ends it."""
_SHARE = 0.15


class ForgetfulSite(MiddlewareMixin):
    """Answers some pushes with 502 after they are taken."""

    get_response: Callable[[HttpRequest], HttpResponse]

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Lose the answer to one push in seven, as long as there is no calm."""
        lost = "/push/" in request.path and random.random() < _SHARE
        if lost and not (Path(os.environ["IHUYI_DEMO_DATA"]) / CALM).exists():
            return HttpResponse("Bad Gateway", status=502)
        return response
