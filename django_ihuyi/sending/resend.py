"""Resends a message on request of a person: a new message linked to the original.

A message is sent again once. Whoever wants a third try sends the second one again: so neither a double click nor two
people at the same time can have it sent twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from django.core.exceptions import ImproperlyConfigured
from django.db import router, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from django_ihuyi.exceptions import InvalidMessage
from django_ihuyi.gateway.content import SEPARATOR
from django_ihuyi.gateway.result_codes import lookup
from django_ihuyi.models import Message
from django_ihuyi.models.message_status import InvalidTransition, MessageStatus
from django_ihuyi.transactions import retry_on_conflict

from .message_builder import MessageBuilder
from .single import record_and_enqueue

_REFUSED: Mapping[str, Promise] = MappingProxyType(
    {
        MessageStatus.QUEUED: _("It still waits to be sent."),
        MessageStatus.SUBMITTING: _("It is being sent."),
        MessageStatus.DELIVERED: _("It was delivered."),
    }
)
_UNCERTAIN = frozenset({MessageStatus.UNKNOWN, MessageStatus.ACCEPTED})


def reason_against(message: Message) -> str | Promise | None:
    """Return why a message, as it was read, cannot be sent again, or None if it can."""
    if message.status in _REFUSED:
        return _REFUSED[message.status]
    if message.category == Message.Category.VERIFICATION:
        return _("The code of a verification text is kept nowhere: the person asks for a new one.")
    return None


def may_be_duplicate(message: Message) -> bool:
    """Whether the message may have gone out already, so that a second one may reach the person and is charged."""
    return message.status in _UNCERTAIN


@sensitive_variables()
def resend(message: Message) -> Message:
    """Record a message like another one, and have a worker submit it after commit.

    It goes the way of :func:`~.sending.send_sms`: number, text and opt-outs are checked as they are now.

    Args:
        message: The one that did not arrive.

    Returns:
        The new message.

    Raises:
        InvalidTransition: Its status or category forbids it, it was sent again before, or the gateway would refuse
            it now.
    """
    using = router.db_for_write(Message, instance=message)
    return retry_on_conflict(partial(_resend, message, using), using=using)


def _resend(message: Message, using: str) -> Message:
    with transaction.atomic(using=using):
        # Locked: a receipt that comes meanwhile waits, and says "delivered" to nobody who is not asked.
        rows = Message._base_manager.using(using).select_for_update()
        first = rows.filter(pk=message.pk).first()
        if first is None:
            raise InvalidTransition(_("It is not there any more."))
        reason = reason_against(first)
        if reason is not None:
            raise InvalidTransition(reason)
        draft = _copy_of(first)
        try:
            again = record_and_enqueue(draft)
        except InvalidMessage:
            # The text and the number were found right: only an opt-out is left.
            raise InvalidTransition(_("The number opted out of marketing texts.")) from None
        if again is not draft:
            raise InvalidTransition(_("It was sent again before: if that did not arrive either, send that one again."))
    return again


def _copy_of(first: Message) -> Message:
    try:
        draft = MessageBuilder(first.account, first.category).build(
            first.mobile,
            None if first.template else first.content,
            template=first.template or None,
            params=first.content.split(SEPARATOR) if first.template else None,
            idempotency_key=f"sent-again-for-{first.pk}",
            send_at=None,
            # The first one's time may be over; whoever sends it again finds it of use now.
            expires_at=None,
            metadata=first.metadata,
            now=timezone.now(),
        )
    except InvalidMessage as error:
        raise InvalidTransition(_(lookup(error.code).meaning)) from None
    except ImproperlyConfigured:
        raise InvalidTransition(_("Its account is not in the settings any more.")) from None
    draft.resend_of = first
    return draft
