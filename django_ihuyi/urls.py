"""The addresses of the package, for one ``include`` in the site's URLs."""

from __future__ import annotations

from django.urls import include, path

from .inbound.views import ReceiptPush, ReplyPush, TemplatePush
from .watching.views import show_metrics

app_name = "django_ihuyi"

urlpatterns = [
    path("push/<str:token>/receipt/", ReceiptPush.as_view(), name="push-receipt"),
    path("push/<str:token>/reply/", ReplyPush.as_view(), name="push-reply"),
    path("push/<str:token>/template/", TemplatePush.as_view(), name="push-template"),
    # Those of other products: a push need not say otherwise whose it is.
    path("push/<str:token>/<slug:product>/receipt/", ReceiptPush.as_view(), name="push-product-receipt"),
    path("push/<str:token>/<slug:product>/reply/", ReplyPush.as_view(), name="push-product-reply"),
    # Entered by hand in ihuyi's console, perhaps without the last slash: a redirect would lose the push.
    path("push/<str:token>/receipt", ReceiptPush.as_view()),
    path("push/<str:token>/reply", ReplyPush.as_view()),
    path("push/<str:token>/template", TemplatePush.as_view()),
    path("push/<str:token>/<slug:product>/receipt", ReceiptPush.as_view()),
    path("push/<str:token>/<slug:product>/reply", ReplyPush.as_view()),
    path("api/v1/", include("django_ihuyi.api.openapi.urls")),
    path("api/v1/", include("django_ihuyi.api.urls")),
    path("metrics/", show_metrics, name="metrics"),
]
