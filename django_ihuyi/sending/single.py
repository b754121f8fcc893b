"""``send_sms``: checks and records a message, and sends its task after commit."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from django_ihuyi.dispatch import get_dispatcher
from django_ihuyi.exceptions import InvalidMessage
from django_ihuyi.gateway.mobile_numbers import MobileNumber
from django_ihuyi.mobile_hash import lookup_values
from django_ihuyi.models import Message, OptOut
from django_ihuyi.transactions import retry_on_conflict

from .message_builder import MessageBuilder, Params

logger = logging.getLogger(__name__)

OPTED_OUT = 4030
"""What the gateway answers for a number on its own list of people who want no texts (PROTOCOL 3)."""


@sensitive_variables()
def send_sms(
    mobile: MobileNumber,
    content: str | None = None,
    *,
    template: str | int | None = None,
    params: Params | None = None,
    category: str = "notification",
    account: str = "default",
    idempotency_key: str | None = None,
    send_at: datetime | None = None,
    expires_at: datetime | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Message:
    """Record an SMS and have a worker submit it once the current transaction is committed.

    Args:
        mobile: A mobile number, however it is written, or a ``PhoneNumber`` of ``phonenumbers`` or
            django-phonenumber-field. One outside of mainland China has ``+`` and its country code, and wants an
            account of international SMS.
        content: The whole text without the signature. Either this or ``template``.
        template: A template's name in the registry, or the gateway's id, a number; ``params`` gives its variables.
        params: The variables by name, or in the template's order; by the gateway's id always in its order.
        category: ``"verification"``, ``"notification"`` or ``"marketing"``; decides the queue.
        account: The account's alias in ``IHUYI["ACCOUNTS"]``.
        idempotency_key: The same key again returns the first message and sends nothing. 1 to 128 characters.
        send_at: Not before this time.
        expires_at: Not at or after this time: then it becomes ``expired`` instead of an SMS.
        metadata: An object of JSON of your own, up to 4096 characters and 20 levels; never sent.

    Returns:
        The message, ``queued``. A broker that is down changes nothing: the sweep publishes the message later.

    Raises:
        InvalidMessage: The gateway would certainly refuse it, or the number opted out of marketing (4030); ``code``
            says why: 4071 that the template is not known by this name or has not passed, 4072 that the text fits no
            approved template (``TEMPLATE_MATCHING``). Nothing is recorded.
        ValueError: The category is unknown, the times exclude each other, the key is empty, too long, has a NUL or is
            one that the database takes for another, or the metadata has a value that JSON does not have, or too many.
        TypeError: Both a text and a template, ``params`` without ``template``, or an argument of a wrong type
            (:class:`~django_ihuyi.exceptions.ArgumentTypeError`), which the error names.
        ImproperlyConfigured: There is no such account.
    """
    message = MessageBuilder(account, category).build(
        mobile,
        content,
        template=template,
        params=params,
        idempotency_key=idempotency_key,
        send_at=send_at,
        expires_at=expires_at,
        metadata=metadata,
        now=timezone.now(),
    )
    return record_and_enqueue(message)


@sensitive_variables()
def record_and_enqueue(message: Message) -> Message:
    """Record a checked message and have a worker submit it after commit; errors as of :func:`send_sms`.

    Args:
        message: One that :class:`~.message_builder.MessageBuilder` built.

    Returns:
        The message, or the first one with its idempotency key.
    """
    if message.category == Message.Category.MARKETING and OptOut.objects.opted_out([message.mobile]):
        raise InvalidMessage(OPTED_OUT, "The number opted out of marketing texts.")
    recorded = retry_on_conflict(partial(record_message, message), using=Message.objects.db, restoring=[message])
    if recorded is message and message.due_at <= message.created_at:
        # robust: the message is recorded, and whatever is wrong now, the sweep publishes it.
        transaction.on_commit(lambda: get_dispatcher().enqueue(message), using=message._state.db, robust=True)
    return recorded


def record_message(message: Message) -> Message:
    """Insert a message, or find the one that its idempotency key recorded before.

    Args:
        message: A message that is not saved.

    Returns:
        The message, or the first one with its key.

    Raises:
        ValueError: The key is one that the database takes for another.
    """
    if message.idempotency_key is None:
        message.save(force_insert=True)
        return message
    try:
        with transaction.atomic(using=Message.objects.db):
            message.save(force_insert=True)
    except IntegrityError:
        first = _first_with_key(message.idempotency_key)
        if first is None:
            raise  # another constraint's
        if first.mobile not in lookup_values(message.mobile):
            logger.warning(
                "The idempotency key of a message is that of message %s to another number: nothing is sent.",
                first.pk,
                extra={"event": "key.of_another", "message_pk": first.pk},
            )
        return first
    return message


def key_error() -> ValueError:
    """Return the error for an idempotency key that the database takes for another one."""
    return ValueError(
        "The database takes this idempotency key for another one that differs only in case, in accents or in blanks at "
        "its end, so nothing was recorded. Give the column idempotency_key a collation that tells them apart "
        "(MariaDB: utf8mb4_nopad_bin, MySQL: utf8mb4_0900_bin)."
    )


def _first_with_key(key: str) -> Message | None:
    # Locked, because a locking read sees what was committed after this transaction's snapshot began (MariaDB).
    with transaction.atomic(using=Message.objects.db):
        first = Message.objects.select_for_update().filter(idempotency_key=key).first()
    if first is not None and first.idempotency_key != key:
        raise key_error()
    return first
