"""What is pushed to: the package's own URLs, and the cheapest view that does the same by hand."""

from __future__ import annotations

from django.urls import include, path

from .bare_view import receipt

urlpatterns = [path("ihuyi/", include("django_ihuyi.urls")), path("bare/", receipt)]
