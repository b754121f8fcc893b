"""URLs of the core and of the installed features, for one ``include``."""

from __future__ import annotations

from django.urls import include, path, re_path

from .hooks import features
from .monitoring.views import show_metrics
from .pushes.views import ReceiptPush, ReplyPush, TemplatePush, no_such_push

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
    # Django's own answer to any other address would write it into the log, with the token.
    re_path("^push/", no_such_push),
    *(path(prefix, include(urls)) for feature in features() for prefix, urls in feature.url_includes),
    path("metrics/", show_metrics, name="metrics"),
]
