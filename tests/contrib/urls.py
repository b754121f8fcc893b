"""The hosts' own pages."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from two_factor.urls import urlpatterns as two_factor

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("", include(two_factor)),
    path("admin/", admin.site.urls),
]
