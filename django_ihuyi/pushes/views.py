"""The push URLs that are entered in ihuyi's console. The gateway wants the bare text ``success`` and nothing else.

Each view checks the token, reads the fields, records what they say, and answers. The views are non-atomic also where
the site sets ``ATOMIC_REQUESTS``: a receipt is committed before its message is looked for again, else one that comes
while its Submit is being settled could miss it. Anything unforeseen is a 500 on purpose, so that the gateway pushes
again.
"""

from __future__ import annotations

import hmac
import ipaddress
import logging
from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.signals import got_request_exception
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from django_ihuyi import conf
from django_ihuyi.china_time import read_pushed_time
from django_ihuyi.client_ip import client_address
from django_ihuyi.gateway.products import PRODUCTS, SMS, Product
from django_ihuyi.models import Receipt, Reply, TemplateReview
from django_ihuyi.worker.client_factory import original_recipient

from . import opt_out_keywords
from .push_body import UnreadableBodyError, read
from .push_data import InvalidPushError, ReceiptData, ReplyData, ReviewData, read_receipt, read_reply, read_review

logger = logging.getLogger(__name__)


@method_decorator(csrf_exempt, name="dispatch")
@method_decorator(login_not_required, name="dispatch")
@method_decorator(sensitive_post_parameters(), name="dispatch")
@method_decorator(sensitive_variables(), name="dispatch")
class PushView(View):
    """Check the token, read the fields, record them, answer ``success``."""

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., HttpResponseBase]:  # noqa: ANN401  attributes of the view, of any kind
        """Make the view. No request's transaction is wrapped around it in the database that receipts are kept in."""
        view = super().as_view(**initkwargs)
        transaction.non_atomic_requests(using=Receipt.objects.db)(view)
        return view

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ANN401  the URL's parts
        """Answer by any verb; without a right token there is no such page."""
        try:
            response = self._answer(request, **kwargs)
        except Exception:
            logger.exception("A push to %s failed.", type(self).__name__, extra={"event": "push.failed"})
            # What Django does where a view raises: error trackers listen to it.
            got_request_exception.send(sender=type(self), request=request)
            response = _plain("The push could not be taken; push it again.", 500)
        return _unlogged(response)

    def _answer(self, request: HttpRequest, token: str, product: str = SMS.name) -> HttpResponse:
        if not _is_allowed(request, token):
            logger.warning("A push was refused: wrong token or network.", extra={"event": "push.refused"})
            return _plain("Not found.", 404)
        if request.method != "POST":
            response = _plain(f'Method "{request.method}" not allowed.', 405)
            response["Allow"] = "POST"
            return response
        if product not in PRODUCTS:
            return _plain("Not found.", 404)
        try:
            self.take(read(request), PRODUCTS[product])
        except (UnreadableBodyError, InvalidPushError) as error:
            view = type(self).__name__
            logger.warning("A push to %s was not understood: %s", view, error, extra={"event": "push.unreadable"})
            return _plain(str(error), getattr(error, "status", 400))
        return _plain("success", 200)

    @abstractmethod
    def take(self, fields: Mapping[str, Any], product: Product) -> None:
        """Read and record a push.

        Args:
            fields: Texts by name; from JSON any values.
            product: Whose push it is, by its URL.

        Raises:
            InvalidPushError: It lacks what it cannot be used without.
        """


class ReceiptPush(PushView):
    """Delivery receipts (回执)."""

    def take(self, fields: Mapping[str, Any], product: Product) -> None:
        """Keep the receipt and tell its message."""
        record_receipt(read_receipt(fields, product))


class ReplyPush(PushView):
    """Upstream replies (上行)."""

    def take(self, fields: Mapping[str, Any], product: Product) -> None:
        """Keep the reply, and do what it wants of marketing texts."""
        record_reply(read_reply(fields, product))


class TemplatePush(PushView):
    """Template reviews (模板审核)."""

    def take(self, fields: Mapping[str, Any], product: Product) -> None:
        """Keep the review and tell its template."""
        record_review(read_review(fields))


def record_receipt(data: ReceiptData) -> Receipt:
    """Keep a receipt, and tell its message what it says.

    Args:
        data: The receipt as it was pushed.

    Returns:
        The receipt; it is not saved where the same one is kept already.
    """
    received_at = timezone.now()
    receipt = Receipt(
        received_at=received_at,
        mobile=original_recipient(data.mobile, data.smsid),
        smsid=data.smsid,
        product=data.product.name,
        code=data.code,
        msg=data.msg,
        # A time of another shape is kept as it came: the carrier's word counts without it.
        report_time=read_pushed_time(data.report_time, received_at=received_at),
        report_time_text=data.report_time,
    )
    Receipt.objects.receive(receipt, window=conf.get_settings().receipt_window)
    return receipt


def record_reply(data: ReplyData) -> Reply:
    """Keep a reply, and opt its number out or in where its words say so.

    Args:
        data: The reply as it was pushed.

    Returns:
        The reply; it is not saved where the same one is kept already.
    """
    received_at = timezone.now()
    reply = Reply(
        received_at=received_at,
        mobile=original_recipient(data.mobile, data.smsid),
        smsid=data.smsid,
        content=data.content,
        reply_time=read_pushed_time(data.reply_time, received_at=received_at),
        reply_time_text=data.reply_time,
    )
    settings = conf.get_settings()
    opt_out = opt_out_keywords.find(reply.content, settings.opt_out_words)
    opt_in = opt_out is None and opt_out_keywords.find(reply.content, settings.opt_in_words) is not None
    Reply.objects.receive(reply, opt_out=opt_out, opt_in=opt_in)
    return reply


def record_review(data: ReviewData) -> None:
    """Keep a template's review, and tell its template.

    Args:
        data: The review as it was pushed.
    """
    TemplateReview.objects.receive(TemplateReview(templateid=data.templateid, code=data.code, msg=data.msg))


@csrf_exempt
@login_not_required
def no_such_push(request: HttpRequest) -> HttpResponse:
    """Answer any other address below ``push/``, by any verb, and keep it out of Django's log: it may have a token."""
    return _unlogged(_plain("Not found.", 404))


def _is_allowed(request: HttpRequest, token: str) -> bool:
    """Whether a request may push: it knows a token, and comes from an allowed network (PROTOCOL 4).

    The gateway signs nothing, so the token in the URL is the only secret there is.
    """
    settings = conf.get_settings()
    # All of them are compared, each in constant time: how long it takes tells nothing about any.
    fits = [hmac.compare_digest(token.encode(), one.encode()) for one in settings.push_tokens]
    return any(fits) and _is_from_allowed_network(request, settings.push_allowed_networks)


def _is_from_allowed_network(request: HttpRequest, networks: list[str] | None) -> bool:
    if networks is None:
        return True
    try:
        address = ipaddress.ip_address(client_address(request))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in ipaddress.ip_network(network) for network in networks)


def _plain(text: str, status: int) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")


def _unlogged(response: HttpResponse) -> HttpResponse:
    # What django.utils.log.log_response looks at: it would write the path, and the token is in it.
    setattr(response, "_has_been_logged", True)  # noqa: B010  the stubs do not know it
    return response
