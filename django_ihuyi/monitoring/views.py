"""Page of the metrics, protected by ``METRICS_TOKENS``."""

from __future__ import annotations

import hmac

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from django_ihuyi import conf

from . import metrics


@never_cache
@require_safe
def show_metrics(request: HttpRequest) -> HttpResponse:
    """Answer with the figures.

    Raises:
        Http404: ``Authorization: Bearer TOKEN`` is missing or its token is none of ours.
    """
    scheme, _space, given = request.headers.get("Authorization", "").partition(" ")
    # Every token is compared, so that the time tells nothing of which one is nearly right.
    same = [hmac.compare_digest(given.encode(), token.encode()) for token in conf.get_settings().metrics_tokens]
    if scheme.lower() != "bearer" or not any(same):
        raise Http404
    body, content_type = metrics.render()
    return HttpResponse(body, content_type=content_type)
