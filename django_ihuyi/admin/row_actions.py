"""The actions on messages: permission, condition and function of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from django_ihuyi.models import Message
from django_ihuyi.models.message_status import InvalidTransition
from django_ihuyi.sending import resend

Reason = str | Promise

MAX_SELECTED = 500
"""Messages that one confirmation does something to: each is locked, changed and logged by itself."""


@dataclass(frozen=True, slots=True)
class RowAction:
    """Something that staff may do to a message.

    Attributes:
        name: In addresses and forms.
        permission: Whose holders may.
        label: On the button.
        question: What the confirmation asks.
        explanation: What follows from it.
        done: Says how many it was done to.
        reason_against: Why not to a message as it was read, or None.
        do: Does it, looking at the row's state once more. Returns what the log says of it, and a new message if one
            came of it. Raises :class:`InvalidTransition`.
        may_be_duplicate: Whether it wants a second confirmation.
    """

    name: str
    permission: str
    label: Reason
    question: Reason
    explanation: Reason
    done: Callable[[int], str]
    reason_against: Callable[[Message], Reason | None]
    do: Callable[[Message], tuple[str, Message | None]]
    may_be_duplicate: Callable[[Message], bool] = lambda _message: False

    def allowed_to(self, user: Any) -> bool:  # noqa: ANN401  a user model of the site's
        """Whether somebody may."""
        return bool(user.has_perm(f"django_ihuyi.{self.permission}"))


def _resend(message: Message) -> tuple[str, Message]:
    again = resend.resend(message)
    return _now("Sent again as SMS %(number)s.") % {"number": again.pk}, again


def _cancel(message: Message) -> tuple[str, None]:
    if not message.cancel():
        raise InvalidTransition(_NOT_QUEUED)
    return _now("Cancelled."), None


def _give_up(message: Message) -> tuple[str, None]:
    if not message.give_up(now=timezone.now()):
        raise InvalidTransition(_NOT_UNKNOWN)
    return _now("Given up."), None


_NOT_QUEUED = _("It does not wait any more.")
_NOT_UNKNOWN = _("What became of it is known, or it was given up before.")

RESEND = RowAction(
    name="send_again",
    permission="resend_messages",
    label=_("Resend"),
    question=_("Send these messages once more?"),
    explanation=_("Each is sent as a new message with the same text, is charged like one, and is linked to the old."),
    done=lambda count: (
        ngettext("%(count)d message is sent again.", "%(count)d messages are sent again.", count) % {"count": count}
    ),
    reason_against=resend.reason_against,
    do=_resend,
    may_be_duplicate=resend.may_be_duplicate,
)
CANCEL = RowAction(
    name="cancel",
    permission="cancel_messages",
    label=_("Cancel"),
    question=_("Cancel these messages?"),
    explanation=_("They are not sent, and cost nothing. This cannot be taken back."),
    done=lambda count: (
        ngettext("%(count)d message is cancelled.", "%(count)d messages are cancelled.", count) % {"count": count}
    ),
    reason_against=lambda message: None if message.status == Message.Status.QUEUED else _NOT_QUEUED,
    do=_cancel,
)
GIVE_UP = RowAction(
    name="give_up",
    permission="give_up_messages",
    label=_("Give up"),
    question=_("Give these messages up?"),
    explanation=_(
        "Nobody is warned of them any more. Their status stays “unknown”, and a receipt that comes later still counts."
    ),
    done=lambda count: (
        ngettext("%(count)d message is given up.", "%(count)d messages are given up.", count) % {"count": count}
    ),
    reason_against=lambda message: (
        None if message.status == Message.Status.UNKNOWN and message.given_up_at is None else _NOT_UNKNOWN
    ),
    do=_give_up,
)
ROW_ACTIONS = {act.name: act for act in (RESEND, CANCEL, GIVE_UP)}
