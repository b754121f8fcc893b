"""URLs of the API under ``<prefix>api/v1/``, for the core and the installed features."""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.urls import URLPattern, path

from . import base, messages, overview, people


def _of_verification() -> Iterator[URLPattern]:
    if apps.is_installed("django_ihuyi.verification"):
        from . import verifications as own

        yield path("verifications/", own.Verifications.as_view(), name="api-verifications")
        yield path("verifications/check/", own.VerificationChecks.as_view(), name="api-verification-checks")


def _of_dashboard() -> Iterator[URLPattern]:
    if apps.is_installed("django_ihuyi.dashboard"):
        from . import stats

        yield path("stats/", stats.Stats.as_view(), name="api-stats")


urlpatterns = [
    path("messages/", messages.Messages.as_view(), name="api-messages"),
    path("messages/bulk/", messages.ManyMessagesPage.as_view(), name="api-bulk"),
    path("messages/<int:pk>/", messages.OneMessagePage.as_view(), name="api-message"),
    path("messages/<int:pk>/cancel/", messages.CancelMessage.as_view(), name="api-cancel"),
    path("batches/<int:pk>/", messages.BatchPage.as_view(), name="api-batch"),
    path("replies/", people.Replies.as_view(), name="api-replies"),
    path("optouts/", people.OptOuts.as_view(), name="api-optouts"),
    path("optouts/<int:pk>/", people.OneOptOut.as_view(), name="api-optout"),
    *_of_verification(),
    path("templates/", overview.Templates.as_view(), name="api-templates"),
    path("templates/<int:pk>/", overview.OneTemplate.as_view(), name="api-template"),
    path("balance/", overview.Balances.as_view(), name="api-balance"),
    *_of_dashboard(),
    # Last: whatever else is asked for here is a problem in JSON, not the site's own page.
    path("<path:rest>/", base.Nowhere.as_view()),
]
