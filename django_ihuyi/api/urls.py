"""The API's addresses, under ``<prefix>api/v1/``."""

from __future__ import annotations

from django.urls import path

from . import base, messages, overview, people

urlpatterns = [
    path("messages/", messages.Messages.as_view(), name="api-messages"),
    path("messages/bulk/", messages.ManyMessagesPage.as_view(), name="api-bulk"),
    path("messages/<int:pk>/", messages.OneMessagePage.as_view(), name="api-message"),
    path("messages/<int:pk>/cancel/", messages.CancelMessage.as_view(), name="api-cancel"),
    path("batches/<int:pk>/", messages.BatchPage.as_view(), name="api-batch"),
    path("replies/", people.Replies.as_view(), name="api-replies"),
    path("optouts/", people.OptOuts.as_view(), name="api-optouts"),
    path("optouts/<int:pk>/", people.OneOptOut.as_view(), name="api-optout"),
    path("verifications/", people.Verifications.as_view(), name="api-verifications"),
    path("verifications/check/", people.VerificationChecks.as_view(), name="api-verification-checks"),
    path("templates/", overview.Templates.as_view(), name="api-templates"),
    path("templates/<int:pk>/", overview.OneTemplate.as_view(), name="api-template"),
    path("balance/", overview.Balances.as_view(), name="api-balance"),
    path("stats/", overview.Stats.as_view(), name="api-stats"),
    # Last: whatever else is asked for here is a problem in JSON, not the site's own page.
    path("<path:rest>/", base.Nowhere.as_view()),
]
