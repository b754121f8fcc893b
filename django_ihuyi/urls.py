"""The addresses of the package, for one ``include`` in the site's URLs."""

from __future__ import annotations

from django.urls import path

from .inbound.views import ReceiptPush, ReplyPush

app_name = "django_ihuyi"

urlpatterns = [
    path("push/<str:token>/receipt/", ReceiptPush.as_view(), name="push-receipt"),
    path("push/<str:token>/reply/", ReplyPush.as_view(), name="push-reply"),
]
