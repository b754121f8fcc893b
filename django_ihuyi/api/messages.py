"""Endpoints of messages and batches: send, list, get, cancel."""

from __future__ import annotations

import logging
from typing import Any

from django.db import router, transaction
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from django_ihuyi.models import Batch, Message
from django_ihuyi.privacy import audit
from django_ihuyi.sending.bulk import send_bulk
from django_ihuyi.sending.single import send_sms
from django_ihuyi.transactions import retry_on_conflict

from . import answers
from .access import has_permission, sees_unmasked
from .base import Endpoint, find
from .idempotency import key_of
from .pagination import BATCH, CATEGORY, FROM, NUMBER, STATUS, UNTIL, page
from .parsers import MAX_BULK_BODY
from .problem_details import Conflict
from .requests import NewMessage, NewMessages, read
from .serializer_fields import Key, KnownMobile, Time

logger = logging.getLogger(__name__)


class Messages(Endpoint):
    """The list of messages, and where one is sent."""

    permissions = {"GET": "django_ihuyi.view_message", "POST": "django_ihuyi.add_message"}
    takes = NewMessage
    filters = {
        "status": ("status", serializers.ChoiceField(choices=Message.Status.values, help_text=STATUS)),
        "category": ("category", serializers.ChoiceField(choices=Message.Category.values, help_text=CATEGORY)),
        "mobile": ("mobile", KnownMobile(help_text=NUMBER)),
        "batch": ("batch_id", Key(help_text=BATCH)),
        "created_from": ("created_at__gte", Time(help_text=FROM)),
        "created_until": ("created_at__lt", Time(help_text=UNTIL)),
    }

    def get(self, request: Request) -> Response:
        """List messages."""
        whole = sees_unmasked(request)
        return page(
            request, Message.objects.all(), self.filters, lambda row: answers.message(row, whole=whole), whole=whole
        )

    def post(self, request: Request) -> Response:
        """Send a message. A key or body that is refused is not noted under the request's key."""
        wanted, using = read(self.takes, request), router.db_for_write(Message)

        def send() -> Message:
            with transaction.atomic(using=using):
                return send_sms(idempotency_key=key_of(request), **wanted)

        row = retry_on_conflict(send, using=using)
        return Response(answers.message(row, whole=sees_unmasked(request)), status=202)


class OneMessagePage(Endpoint):
    """One message."""

    permissions = {"GET": "django_ihuyi.view_message"}

    def get(self, request: Request, pk: int) -> Response:
        """Look at it."""
        return Response(_shown(request, find(Message, pk)))


class CancelMessage(Endpoint):
    """Where a message is taken back."""

    permissions = {"POST": "django_ihuyi.change_message"}

    def post(self, request: Request, pk: int) -> Response:
        """Cancel a message that is queued. Only a caller who may view messages is told anything else about it.

        Raises:
            Conflict: It is not queued any more.
        """
        row, views = find(Message, pk), has_permission(request, "django_ihuyi.view_message")
        if not row.cancel():
            if not views:
                raise Conflict(_("The message is not queued any more."))
            row.refresh_from_db()
            raise Conflict(_("The message is %(status)s and cannot be cancelled.") % {"status": row.status})
        user_pk = getattr(request.user, "pk", None)
        logger.info(
            "Message %s was cancelled through the API by user %s.",
            pk,
            user_pk,
            extra={"event": "api.cancelled", "message_pk": pk, "user_pk": user_pk},
        )
        return Response(_shown(request, row)) if views else Response(status=204)


class ManyMessagesPage(Endpoint):
    """Where many messages are sent."""

    permissions = {"POST": "django_ihuyi.add_message"}
    scope = "bulk"
    takes = NewMessages
    largest_body = MAX_BULK_BODY

    def post(self, request: Request) -> Response:
        """Record up to 10,000 messages; workers send them."""
        wanted = read(self.takes, request)
        result = send_bulk(wanted.pop("messages"), idempotency_key=key_of(request), **wanted)
        refused = [answers.refusal(one) for one in result.refused]
        told = {"batch": result.batch.pk, "recorded": result.recorded, "refused_count": result.refused_count}
        return Response({**told, "refused": refused}, status=202)


class BatchPage(Endpoint):
    """One batch."""

    permissions = {"GET": "django_ihuyi.view_batch"}

    def get(self, request: Request, pk: int) -> Response:
        """Look how far it is."""
        return Response(answers.batch(find(Batch, pk)))


def _shown(request: Request, row: Message) -> dict[str, Any]:
    """Return a message as the caller may see it; who sees it whole is noted."""
    whole = sees_unmasked(request)
    if whole:
        audit.log_row_view(request.user, row)
    return answers.message(row, whole=whole)
