"""One sentence about the status of a message, and the suggested action."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from django_ihuyi.conf import get_aliases_without_receipts, get_settings, lookup_code
from django_ihuyi.models import AccountState, Message
from django_ihuyi.models.message_status import MessageStatus
from django_ihuyi.sentences import join_sentences

from .account_state import explanation, suggested_action
from .carrier_codes import explain
from .display import clock


@dataclass(frozen=True, slots=True)
class StatusSummary:
    """What the top of a message's page says.

    Attributes:
        sentence: Where the message stands.
        advice: What to do next.
    """

    sentence: str
    advice: str


def describe(message: Message, *, paused: AccountState | None, now: datetime) -> StatusSummary:
    """Say where a message stands.

    Args:
        message: The message.
        paused: Its account's state while the account is paused.
        now: The present.
    """
    if message.status == Message.Status.QUEUED:
        return _queued(message, paused, now)
    if message.status == Message.Status.ACCEPTED:
        return _accepted(message, now)
    return _SENTENCES[Message.Status(message.status)](message)


def _at(moment: datetime | None) -> str:
    return clock(moment) if moment else _("an unknown time")


def _queued(message: Message, paused: AccountState | None, now: datetime) -> StatusSummary:
    if paused is not None:
        why = _("It waits: its account “%(account)s” has been paused since %(time)s.") % {
            "account": message.account,
            "time": _at(paused.paused_since),
        }
        then = _("It then goes out by itself.")
        return StatusSummary(f"{why} {explanation(paused)}", f"{suggested_action(paused)} {then}")
    if message.due_at > now and message.attempts:
        again = _("The last attempt sent nothing; it is tried again at %(time)s.") % {"time": clock(message.due_at)}
        return StatusSummary(again, _("Nothing to do: it is sent again by itself."))
    if message.due_at > now:
        return StatusSummary(_("It is to be sent at %(time)s.") % {"time": clock(message.due_at)}, _("Nothing to do."))
    if message.attempts:
        return StatusSummary(
            _("The last attempt sent nothing; it is due again since %(time)s.") % {"time": clock(message.due_at)},
            _(
                "The reason is below. Normally the sweep has it sent again within seconds: if it stays like this, "
                "check that Celery beat, or ihuyi_sweep, and a worker are running."
            ),
        )
    return StatusSummary(
        _("It waits for a worker to send it."),
        _("Normally this takes seconds. If it takes minutes, check that the Celery workers are running."),
    )


def _submitting(message: Message) -> StatusSummary:
    return StatusSummary(
        _("It is being given to the gateway since %(time)s; there is no answer yet.")
        % {"time": _at(message.submitted_at)},
        _("Look again in a minute. If no answer is known by %(time)s, its status becomes “unknown”.")
        % {"time": _at(message.claimed_until)},
    )


def _accepted(message: Message, now: datetime) -> StatusSummary:
    sentence = _("The gateway took it at %(time)s; the carrier has not reported yet.") % {
        "time": _at(message.accepted_at)
    }
    if not get_settings().push_tokens:
        return StatusSummary(
            sentence,
            _(
                "No report can arrive: the setting IHUYI['PUSH_TOKENS'] is empty. Write a token there, and the address "
                "with it in ihuyi's console."
            ),
        )
    if message.account in get_aliases_without_receipts():
        return StatusSummary(
            sentence, _("Perhaps it never does: no document of ihuyi's tells of receipts for this product.")
        )
    if message.accepted_at and now - message.accepted_at > get_settings().no_receipt_after:
        return StatusSummary(
            sentence,
            _(
                "That is long: ask the recipient. If other messages have no receipts either, check the push address "
                "in ihuyi's console."
            ),
        )
    if message.smsid is None:
        return StatusSummary(
            sentence,
            _("The gateway gave it no smsid, so that only its number can tell which receipt is its own."),
        )
    return StatusSummary(sentence, _("Nothing to do: most receipts come within minutes, some after days."))


def _delivered(message: Message) -> StatusSummary:
    return StatusSummary(
        _("Yes: it reached the phone at %(time)s, the carrier reports.") % {"time": _at(message.reported_at)},
        _("If the recipient cannot find it, it is probably in the phone's folder of blocked or spam messages."),
    )


def _undelivered(message: Message) -> StatusSummary:
    sentence = _("No: the carrier reported at %(time)s that it could not be delivered.") % {
        "time": _at(message.reported_at)
    }
    explanation = explain(message.receipt_msg, delivered=False)
    if explanation is None:
        return StatusSummary(sentence, _("Ask the recipient whether the number is right; then send a new message."))
    return StatusSummary(join_sentences(sentence, _(explanation.meaning)), _(explanation.advice))


def _rejected(message: Message) -> StatusSummary:
    code = lookup_code(message.code or 0, message.account)
    if code.retryable:
        return StatusSummary(
            _tried(message, _("No: the gateway could not take it, and it was given up.")),
            _("Send a new message. If it happens again, ask ihuyi's support."),
        )
    refused = _("No: the gateway refused it.")
    return StatusSummary(join_sentences(refused, _(code.meaning)), _(code.action))


def _tried(message: Message, sentence: str) -> str:
    tried = ngettext("It was tried %(count)d time.", "It was tried %(count)d times.", message.attempts)
    return join_sentences(sentence, tried % {"count": message.attempts})


def _unknown(message: Message) -> StatusSummary:
    return StatusSummary(
        _("Nobody knows: it was given to the gateway at %(time)s and no answer came. It may have gone out.")
        % {"time": _at(message.submitted_at)},
        _(
            "Look for it in ihuyi's console or ask the recipient before sending it again: a second one is charged "
            "again. A receipt that comes later settles it by itself."
        ),
    )


def _expired(message: Message) -> StatusSummary:
    return StatusSummary(
        _("No: it was not sent, because its time had run out at %(time)s.") % {"time": _at(message.expires_at)},
        _("Send a new message if it is still of use. If many expire, check the workers and the accounts."),
    )


def _cancelled(_message: Message) -> StatusSummary:
    return StatusSummary(_("No: it was cancelled before it was sent."), _("Nothing to do."))


_SENTENCES: Mapping[MessageStatus, Callable[[Message], StatusSummary]] = MappingProxyType(
    {
        Message.Status.SUBMITTING: _submitting,
        Message.Status.DELIVERED: _delivered,
        Message.Status.UNDELIVERED: _undelivered,
        Message.Status.REJECTED: _rejected,
        Message.Status.UNKNOWN: _unknown,
        Message.Status.EXPIRED: _expired,
        Message.Status.CANCELLED: _cancelled,
    }
)
"""For each status but the two that depend on the present, who says it."""
