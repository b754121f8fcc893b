"""The addresses of the package, for one ``include`` in the site's URLs."""

from __future__ import annotations

from django.urls import path

from .inbound.views import ReceiptPush, ReplyPush
from .watching.views import show_metrics

app_name = "django_ihuyi"

urlpatterns = [
    path("push/<str:token>/receipt/", ReceiptPush.as_view(), name="push-receipt"),
    path("push/<str:token>/reply/", ReplyPush.as_view(), name="push-reply"),
    # Entered by hand in ihuyi's console, perhaps without the last slash: a redirect would lose the push.
    path("push/<str:token>/receipt", ReceiptPush.as_view()),
    path("push/<str:token>/reply", ReplyPush.as_view()),
    path("metrics/", show_metrics, name="metrics"),
]
