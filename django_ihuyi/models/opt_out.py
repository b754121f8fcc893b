"""Table of opt-outs from marketing texts."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import suppress
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_ihuyi.exceptions import InvalidMessage
from django_ihuyi.gateway.products import normalize_any
from django_ihuyi.mobile_hash import MOBILE_LENGTH

from .base import PrimaryDBManager, PrimaryDBModel
from .message import Message
from .message_status import Category, MessageStatus

if TYPE_CHECKING:
    from .reply import Reply


_PAGE_SIZE = 100
"""Messages that are cancelled while a person waits for an answer."""


class OptOutManager(PrimaryDBManager["OptOut"]):
    """Finds who opted out."""

    def opted_out(self, mobiles: Collection[str]) -> set[str]:
        """Return those of the numbers that opted out, in one query.

        Args:
            mobiles: Numbers as the record has them.
        """
        return set(self.filter(mobile__in=mobiles).values_list("mobile", flat=True))

    def opt_out(self, reply: Reply, word: str) -> None:
        """Note that a person wrote an opt-out word, and take back the marketing texts that wait for them.

        Who opted out already stays so since then, by the newest of their replies.

        Args:
            reply: Their reply, saved.
            word: The word, as the settings write it.
        """
        # ignore_conflicts: two replies at the same moment must not fail each other's push.
        self.bulk_create([OptOut(mobile=reply.mobile, reply=reply, reason=word)], ignore_conflicts=True)
        older = Q(reply=None) | Q(reply__reply_time__lt=reply.moment)
        older |= Q(reply__reply_time=None, reply__received_at__lt=reply.moment)
        self.filter(older, mobile=reply.mobile).update(reply=reply)
        self.cancel_pending(reply.mobile)

    def cancel_pending(self, mobile: str) -> int:
        """Cancel the marketing texts that wait for a number, the newest :data:`_PAGE_SIZE`.

        Args:
            mobile: The number.

        Returns:
            How many were cancelled. What is left is cancelled when its turn comes (:meth:`wanted`).
        """
        marketing = Message.objects.filter(mobile=mobile, category=Category.MARKETING, status=MessageStatus.QUEUED)
        newest = marketing.order_by("-pk")[:_PAGE_SIZE]
        # The oldest is locked first, as everywhere: two transactions that lock the same rows never wait for each other.
        return sum(message.cancel() for message in sorted(newest, key=attrgetter("pk")))

    def opt_in(self, reply: Reply) -> bool:
        """Take a number off, because its person wrote so.

        Args:
            reply: Their reply, saved. One that is older than the reply by which they opted out changes nothing:
                pushes come in any order.

        Returns:
            Whether they were on the list and are no more.
        """
        row = self.filter(mobile=reply.mobile).select_related("reply").first()
        if row is None:
            return False
        if row.reply and reply.moment < row.reply.moment:
            return False
        # Somebody who opted out anew meanwhile stays on the list.
        return bool(self.filter(pk=row.pk, reply=row.reply).delete()[0])

    def exclude_opted_out(self, messages: Iterable[Message]) -> list[Message]:
        """Cancel those marketing texts whose person has opted out since they were recorded.

        One query if there is a marketing text among them, none otherwise.

        Args:
            messages: Queued messages, about to be claimed.

        Returns:
            The others.
        """
        asked = list(messages)
        mobiles = {message.mobile for message in asked if message.category == Category.MARKETING}
        if not mobiles:
            return asked
        gone = self.opted_out(mobiles)
        wanted = []
        for message in asked:
            if message.category == Category.MARKETING and message.mobile in gone:
                message.cancel()
            else:
                wanted.append(message)
        return wanted


class OptOut(PrimaryDBModel):
    """A number that gets no marketing text any more. Verification and notices go on."""

    mobile = models.CharField(
        _("mobile"), max_length=MOBILE_LENGTH, unique=True, help_text=_("Eleven digits, or + with a country code.")
    )
    created_at = models.DateTimeField(_("since"), default=timezone.now)
    reason = models.CharField(_("reason"), max_length=255, blank=True)
    reply = models.ForeignKey(
        "Reply", models.SET_NULL, null=True, blank=True, related_name="opt_outs", verbose_name=_("reply")
    )

    objects: ClassVar[OptOutManager] = OptOutManager()

    class Meta:
        verbose_name = _("opt-out")
        verbose_name_plural = _("opt-outs")
        ordering = ("-id",)

    def __str__(self) -> str:
        return gettext("opt-out %(number)s") % {"number": self.pk}

    def save(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  Django's own
        """Save a new one under the number as the record has it, and take back the marketing texts that wait for it.

        Raises:
            ArgumentTypeError: A ``TypeError``: ``mobile`` is of a type that is no number.
        """
        new = self._state.adding
        if new:
            # What is no number that is known here stays as it came: a reply's may be of any form, or a hash.
            with suppress(InvalidMessage):
                self.mobile = normalize_any(self.mobile)
        super().save(*args, **kwargs)
        if new:
            OptOut.objects.cancel_pending(self.mobile)
