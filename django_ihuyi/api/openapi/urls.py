"""URLs of the OpenAPI document and its page."""

from __future__ import annotations

from django.urls import path

from . import views

urlpatterns = [
    path("schema/", views.SchemaPage.as_view(), name="api-schema"),
    path("docs/", views.DocsPage.as_view(), name="api-docs"),
]
