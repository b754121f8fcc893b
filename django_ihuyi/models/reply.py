"""The table of replies: what people wrote back."""

from __future__ import annotations

from operator import attrgetter
from typing import ClassVar

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_ihuyi import signals
from django_ihuyi.hashing import spellings

from .message import Message
from .push import Push


class ReplyManager(models.Manager["Reply"]):
    """Keeps replies."""

    def receive(self, reply: Reply) -> bool:
        """Keep a reply, with the message it answers where smsid and number both fit.

        Args:
            reply: A reply that is not saved.

        Returns:
            Whether it is new; the same push again changes nothing.
        """
        if reply.smsid:
            fits = Message.objects.filter(
                smsid=reply.smsid, mobile__in=spellings(reply.mobile)
            ).order_by()  # as for receipts
            reply.message = min(fits, key=attrgetter("pk"), default=None)
        try:
            with transaction.atomic(using=self.db):
                reply.save(force_insert=True)
        except IntegrityError:
            if self.filter(fingerprint=reply.fingerprint).exists():
                return False
            raise
        signals.send_after_commit(signals.reply_received, Reply, using=self.db, reply=reply)
        return True


class Reply(Push):
    """An upstream message. Its ``smsid`` is "for reference only": ``message`` is set only where the number fits too."""

    FINGERPRINTED: ClassVar[tuple[str, ...]] = ("mobile", "content", "reply_time_text")

    message = models.ForeignKey(
        Message, models.SET_NULL, null=True, blank=True, related_name="replies", verbose_name=_("message")
    )
    content = models.TextField(_("text"))
    reply_time = models.DateTimeField(_("replied"), null=True, blank=True)
    reply_time_text = models.CharField(_("replied, as it came"), max_length=64, blank=True)

    objects: ClassVar[ReplyManager] = ReplyManager()

    class Meta(Push.Meta):
        abstract = False
        verbose_name = _("reply")
        verbose_name_plural = _("replies")
        indexes = [
            models.Index(fields=["mobile", "-id"], name="ihuyi_reply_mobile"),
            models.Index(fields=["smsid"], name="ihuyi_reply_smsid"),
            models.Index(fields=["received_at"], name="ihuyi_reply_received"),
        ]

    def __str__(self) -> str:
        return gettext("reply %(number)s") % {"number": self.pk}
