"""The site's addresses."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from .home import Home

urlpatterns = [
    path("", Home.as_view(), name="home"),
    path("", include("example_project.users.urls")),
    path("orders/", include("example_project.orders.urls")),
    path("favicon.ico", RedirectView.as_view(url="/static/example/icon.svg")),
    path("admin/", admin.site.urls),
    path("ihuyi/", include("django_ihuyi.urls")),
    path("captcha/", include("captcha.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
]
