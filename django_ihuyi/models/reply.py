"""Table of replies."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Any, ClassVar

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_ihuyi import signals
from django_ihuyi.events import iso, record_event
from django_ihuyi.hooks import Event
from django_ihuyi.mobile_hash import lookup_values
from django_ihuyi.transactions import retry_on_conflict

from .base import PrimaryDBManager, without_index
from .column_limits import fit_row
from .message import Message
from .opt_out import OptOut
from .push_record import PushRecord


class ReplyManager(PrimaryDBManager["Reply"]):
    """Keeps replies."""

    def receive(self, reply: Reply, *, opt_out: str | None = None, opt_in: bool = False) -> bool:
        """Keep a reply, with the message it answers where smsid and number both fit, and do what it wants.

        Both are one transaction: a process that dies in between leaves neither, and the gateway pushes again.

        Args:
            reply: A reply that is not saved.
            opt_out: The opt-out word that the reply consists of, if it does.
            opt_in: Whether it wants marketing texts again.

        Returns:
            Whether it is new; the same push again changes nothing.
        """
        keep = partial(self._keep, reply, opt_out=opt_out, opt_in=opt_in)
        if not retry_on_conflict(keep, using=self.db, restoring=[reply]):
            return False
        signals.send_after_commit(signals.reply_received, Reply, using=self.db, reply=reply)
        return True

    def _keep(self, reply: Reply, *, opt_out: str | None, opt_in: bool) -> bool:
        fit_row(reply, using=self.db)
        others = reply.other_fingerprints()
        if others and self.filter(fingerprint__in=others).exists():
            return False
        reply.prepare()
        if reply.smsid:
            fits = Message.objects.filter(
                smsid=reply.smsid, mobile__in=lookup_values(reply.mobile)
            ).order_by()  # as for receipts
            reply.message = min(fits, key=attrgetter("pk"), default=None)
        try:
            with transaction.atomic(using=self.db):
                reply.save(force_insert=True)
                # Only with a new row: an old push that comes again must not undo what staff lifted since.
                if opt_out is not None:
                    OptOut.objects.opt_out(reply, opt_out)
                elif opt_in:
                    OptOut.objects.opt_in(reply)
                with record_event("reply.received", using=self.db) as record:
                    record(reply.as_event())
        except IntegrityError:
            if self.filter(fingerprint=reply.fingerprint).exists():
                return False
            raise
        return True

    def mark(self, pks: Collection[int], *, read_by: Any, now: datetime | None) -> list[Reply]:  # noqa: ANN401  the site's user
        """Mark replies as read or unread.

        Args:
            pks: Which.
            read_by: Who read them; None for unread.
            now: When; None for unread. Who read a reply first stays its reader.

        Returns:
            Those that were changed, without their texts.
        """
        rows = self.filter(without_index(Q(read_at__isnull=now is not None)), pk__in=pks)

        def mark_all() -> list[Reply]:
            with transaction.atomic(using=self.db):
                changed = list(rows.select_for_update().only("pk").order_by("pk"))
                self.filter(pk__in=[reply.pk for reply in changed]).update(read_at=now, read_by=read_by)
            return changed

        return retry_on_conflict(mark_all, using=self.db)


class Reply(PushRecord):
    """An upstream message. Its ``smsid`` is "for reference only": ``message`` is set only where the number fits too."""

    FINGERPRINTED: ClassVar[tuple[str, ...]] = ("mobile", "content", "reply_time_text")
    TIME: ClassVar[str] = "reply_time"

    message = models.ForeignKey(
        Message, models.SET_NULL, null=True, blank=True, related_name="replies", verbose_name=_("message")
    )
    content = models.TextField(_("text"))
    reply_time = models.DateTimeField(_("replied"), null=True, blank=True)
    reply_time_text = models.CharField(_("replied, as it came"), max_length=64, blank=True)

    read_at = models.DateTimeField(_("read at"), null=True, blank=True)
    read_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("read by")
    )

    objects: ClassVar[ReplyManager] = ReplyManager()

    class Meta(PushRecord.Meta):
        abstract = False
        verbose_name = _("reply")
        verbose_name_plural = _("replies")
        permissions = [
            ("mark_reply", _("Can mark replies as read")),
            ("answer_reply", _("Can answer replies")),
        ]
        indexes = [
            models.Index(fields=["mobile", "-id"], name="ihuyi_reply_mobile"),
            models.Index(fields=["smsid"], name="ihuyi_reply_smsid"),
            models.Index(fields=["received_at"], name="ihuyi_reply_received"),
            models.Index(fields=["read_at", "-id"], name="ihuyi_reply_read"),
        ]

    def __str__(self) -> str:
        return gettext("reply %(number)s") % {"number": self.pk}

    def as_event(self) -> Event:
        """Return what other systems hear of a reply: that somebody replied, and to which message."""
        message = self.message
        return Event(
            data={
                "reply": self.pk,
                "message": self.message_id,
                "smsid": self.smsid,
                "received_at": iso(self.received_at),
            },
            account=message.account if message else "",
            category=message.category if message else "",
            message=message,
            reply=self,
        )
