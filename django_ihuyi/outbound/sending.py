"""``send_sms``: normalise, check, record, and publish after commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from django_ihuyi import conf
from django_ihuyi.clock import as_site_time
from django_ihuyi.models import Message
from django_ihuyi.options import CATEGORIES

from . import publishing
from .numbers import normalise
from .preflight import check_params, check_text, count_segments

_LONGEST_KEY = 128
_LONGEST_TEMPLATE = 32


def send_sms(
    mobile: str,
    content: str | None = None,
    *,
    template: str | int | None = None,
    params: Sequence[object] | Mapping[str, object] | None = None,
    category: str = "notification",
    account: str = "default",
    idempotency_key: str | None = None,
    send_at: datetime | None = None,
    expires_at: datetime | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Message:
    """Record an SMS and have a worker submit it once the current transaction is committed.

    Args:
        mobile: A mainland mobile number, however it is written; stored as eleven digits.
        content: The whole text without the signature. Either this or ``template``.
        template: The gateway's template id, whose variables ``params`` gives.
        params: The variables in the template's order.
        category: ``"verification"``, ``"notification"`` or ``"marketing"``; decides the queue.
        account: The account's alias in ``IHUYI["ACCOUNTS"]``.
        idempotency_key: The same key again returns the first message and sends nothing. 1 to 128 characters.
        send_at: Not before this time.
        expires_at: Not at or after this time: then it becomes ``expired`` instead of an SMS.
        metadata: Anything of yours that JSON can carry; never sent.

    Returns:
        The message, ``queued``. A broker that is down changes nothing: upkeep publishes the message later.

    Raises:
        InvalidMessage: The gateway would certainly refuse it; ``code`` says why. Nothing is recorded.
        ValueError: The category is unknown, the template's id is empty or too long, the times exclude each other, or
            the key is empty, too long, or one that the database takes for another.
        TypeError: Both a text and a template, or ``params`` without ``template``.
        ImproperlyConfigured: There is no such account.
    """
    if content is not None and template is not None:
        raise TypeError("Give content or template with params, not both.")
    if params is not None and template is None:
        raise TypeError("params are a template's variables: give template as well.")
    if idempotency_key is not None and not 1 <= len(idempotency_key) <= _LONGEST_KEY:
        raise ValueError(f"An idempotency key has 1 to {_LONGEST_KEY} characters, this one {len(idempotency_key)}.")
    if template is not None and not 1 <= len(str(template).strip()) <= _LONGEST_TEMPLATE:
        raise ValueError(f"A template's id has 1 to {_LONGEST_TEMPLATE} characters: write the one of ihuyi's console.")
    settings = conf.get_account(account)
    number = normalise(mobile)
    text = check_text(content, settings) if template is None else check_params(params, settings)
    now = timezone.now()
    send_at, expires_at = _check_times(now, send_at, expires_at)
    due_at = max(now, send_at or now)
    message = Message(
        mobile=number,
        content=text,
        template="" if template is None else str(template).strip(),
        category=_check_category(category),
        account=account,
        segments=count_segments(text, settings.signature),
        created_at=now,
        send_at=send_at,
        expires_at=expires_at,
        due_at=due_at,
        # A message for later is published by upkeep when it is due: brokers are no calendars.
        publish_at=due_at if due_at > now else publishing.publish_again_at(due_at),
        idempotency_key=idempotency_key,
        metadata=dict(metadata or {}),
    )
    recorded = _record(message)
    if recorded is message and due_at <= now:
        # robust: the message is recorded, and whatever is wrong now, upkeep publishes it.
        transaction.on_commit(lambda: publishing.publish(message), using=message._state.db, robust=True)
    return recorded


def _check_category(category: str) -> str:
    if category not in CATEGORIES:
        known = ", ".join(map(repr, CATEGORIES))
        raise ValueError(f"There is no category {category!r}. Write one of {known}.")
    return str(category)


def _check_times(
    now: datetime, send_at: datetime | None, expires_at: datetime | None
) -> tuple[datetime | None, datetime | None]:
    send_at = send_at and as_site_time(send_at)
    expires_at = expires_at and as_site_time(expires_at)
    if expires_at and expires_at <= max(now, send_at or now):
        raise ValueError("expires_at is not after send_at and the present: the message could never be sent.")
    return send_at, expires_at


def _record(message: Message) -> Message:
    """Insert the message, or find the one that its idempotency key recorded before."""
    if message.idempotency_key is None:
        message.save(force_insert=True)
        return message
    try:
        with transaction.atomic():
            message.save(force_insert=True)
    except IntegrityError:
        first = _first_with_key(message.idempotency_key)
        if first is None:
            raise  # another constraint's
        return first
    return message


def _first_with_key(key: str) -> Message | None:
    # Locked, because a locking read sees what was committed after this transaction's snapshot began (MariaDB).
    with transaction.atomic():
        first = Message.objects.select_for_update().filter(idempotency_key=key).first()
    if first is not None and first.idempotency_key != key:
        raise ValueError(
            "The database takes this idempotency key for another that differs only in case or accents, so the message "
            "was not recorded. Give the column idempotency_key a binary collation (MariaDB: utf8mb4_bin)."
        )
    return first
