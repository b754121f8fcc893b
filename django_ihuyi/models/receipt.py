"""Table of delivery receipts, and their automatic matching to messages.

A receipt may come before the answer to its Submit is settled, twice, reversed, days late, or for a message whose
answer was lost. Which message it belongs to is decided here and nowhere else.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from operator import attrgetter
from typing import ClassVar

from django.db import IntegrityError, models, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_ihuyi import conf
from django_ihuyi.china_time import TOLERANCE
from django_ihuyi.db.statements import column_names, marks, select
from django_ihuyi.external_text import clean, without_quoted_text
from django_ihuyi.gateway.products import SMS
from django_ihuyi.gateway.result_codes import ACCEPTED
from django_ihuyi.mobile_hash import lookup_values
from django_ihuyi.transactions import retry_on_conflict

from .base import PrimaryDBManager, without_index
from .column_limits import fit_row
from .message import Message
from .message_status import MessageStatus
from .push_record import PushRecord

_AHEAD = timedelta(minutes=10)
"""How far the carrier's clock may be behind ours."""
_SAME_MOMENT = timedelta(seconds=1)
"""How far the clocks of our own servers differ where they are well kept."""
_WITHOUT_SMSID = (MessageStatus.SUBMITTING, MessageStatus.UNKNOWN, MessageStatus.ACCEPTED)
"""In which a message may have gone out and still have no smsid."""
_MOST = 10
"""Messages that are read to tell whose a receipt is."""
_FIRST_LOOK = timedelta(seconds=15)
"""After how long a receipt without a message is looked at again."""


class ReceiptManager(PrimaryDBManager["Receipt"]):
    """Keeps receipts and matches them."""

    def receive(self, receipt: Receipt, *, window: timedelta) -> bool:
        """Keep a receipt and tell its message.

        Must not run in a transaction of the caller's: a receipt that came first is safe only because its row is
        committed before its message is looked for a second time (see :meth:`match_again`).

        Args:
            receipt: A receipt that is not saved.
            window: How long after its Submit a message can be found by its number alone.

        Returns:
            Whether it is new; the same push again changes nothing.
        """
        if not retry_on_conflict(partial(self._keep, receipt), using=self.db, restoring=[receipt]):
            return False
        if receipt.message is None:
            self._announce(receipt)
            self.match(receipt, window=window, now=receipt.received_at)
        return True

    def _keep(self, receipt: Receipt) -> bool:
        """Keep a receipt, and report it to the message with its smsid. Returns whether it is new."""
        fit_row(receipt, using=self.db)
        others = receipt.other_fingerprints()
        if others and self.filter(fingerprint__in=others).exists():
            return False
        receipt.message = self._by_smsid(receipt)
        if receipt.message is None:
            # Set before it is kept: a process that dies right after must leave it to the sweep.
            receipt.match_at = receipt.received_at + _FIRST_LOOK
        receipt.prepare()
        receipt.hide_quotes(receipt.message)
        try:
            with transaction.atomic(using=self.db):
                # The message first: MariaDB locks it for the receipt's foreign key as well, and two receipts that
                # both hold such a lock and both want to write would wait for each other.
                if receipt.message:
                    self._report(receipt, receipt.message)
                receipt.save(force_insert=True)
        except IntegrityError:
            if self.filter(fingerprint=receipt.fingerprint).exists():
                return False
            raise
        return True

    def to_match(self, now: datetime, *, most: int) -> list[Receipt]:
        """Read the receipts without a message that are to be looked at again.

        Args:
            now: The present.
            most: At most so many.
        """
        due = list(self.filter(match_at__lte=now).order_by("match_at")[:most])
        # One that came while this server's clock was ahead would be looked at when that time has come. A query of its
        # own, which the index of the times of arrival answers.
        ahead = now + TOLERANCE
        early = self.filter(received_at__gt=ahead, match_at__gt=ahead).order_by("received_at")
        return [*due, *early[: most - len(due)]]

    def match(self, receipt: Receipt, *, window: timedelta, now: datetime) -> bool:
        """Find the message of a kept receipt, by smsid or, where that is nobody's, by number.

        Args:
            receipt: A saved receipt without a message.
            window: How long after its Submit a message can be found by its number alone.
            now: The present. Where nothing is found, the next look is when the receipt is twice as old, and none
                after the window: receipts of another program's messages cost next to nothing.

        Returns:
            Whether it has a message now.
        """
        message = self._find(receipt, window)
        if message is not None:
            return self.attach(receipt, message)
        age = max(now - receipt.received_at, _FIRST_LOOK)
        later = now + age if age < window else None
        self._unmatched(receipt).update(match_at=later)
        return False

    def match_again(self, message: Message) -> None:
        """Apply the receipts that came before the message's smsid was known.

        Call it after the smsid is committed. Either this finds the receipt, or the receipt, committed later, finds
        the smsid. To ask each time would cost a query a message: :meth:`Message.accept` says when it is needed.

        Args:
            message: A message that has just been accepted.
        """
        if not message.smsid:
            return
        for receipt in self.filter(smsid=message.smsid, mobile=message.mobile, message__isnull=True).order_by("id"):
            self.attach(receipt, message)

    def _announce(self, receipt: Receipt) -> None:
        """Mark the messages that the receipt may belong to and that have no smsid yet (:meth:`match_again`).

        The receipt is committed. Whoever settles one of them later finds the mark; one that was settled just before
        is found by the look that follows. For that and later looks the mark also says that the message went out
        before the receipt came, whatever the servers' clocks say.
        """
        nameless = Message.objects.filter(
            mobile=receipt.mobile, smsid__isnull=True, status__in=_WITHOUT_SMSID, receipt_came_first=False
        )
        # By their keys, in their order: they are on the wire, and whoever settles them locks them by their keys.
        keys = sorted(nameless.values_list("pk", flat=True))
        if keys:
            Message.objects.filter(pk__in=keys).update(receipt_came_first=True)

    def _by_smsid(self, receipt: Receipt) -> Message | None:
        if not receipt.smsid:
            return None
        # No ORDER BY with a limit: PostgreSQL may then walk the primary key instead of the index of smsids.
        name, mobiles = column_names(Message, self.db), lookup_values(receipt.mobile)
        where = f"{name['smsid']} = %s AND {name['mobile']} IN ({marks(mobiles)})"
        fits = select(Message, self.db, where, receipt.smsid, *mobiles)
        return min(fits, key=attrgetter("pk"), default=None)

    def _find(self, receipt: Receipt, window: timedelta) -> Message | None:
        """Look for the message in one statement, because only one snapshot tells which messages are on the wire.

        By number means: exactly one message to the number has no smsid, and none is being submitted, since the
        receipt may belong to that one, whatever the clock of its worker says. What accounts of other products sent is
        not looked at: a call and an SMS go to the same number, and what came of the one says nothing of the other. An
        account that the settings know no more may be of any product.

        A receipt that came before a Submit does not belong to it. Where the clocks cannot tell which was first
        (:data:`~django_ihuyi.china_time.TOLERANCE`), a message counts as a second candidate, and is matched only if
        :meth:`_announce` has marked it.
        """
        moment = receipt.moment
        on_the_wire = Q(status=MessageStatus.SUBMITTING)
        waiting = Q(
            status__in=[MessageStatus.UNKNOWN, MessageStatus.ACCEPTED],
            submitted_at__gte=moment - window,
            submitted_at__lte=min(moment + _AHEAD, receipt.received_at + TOLERANCE),
        )
        nameless = Q(on_the_wire | waiting, mobile=receipt.mobile, smsid__isnull=True)
        nameless &= ~Q(account__in=receipt.accounts_of_other_products())
        named = Q(smsid=receipt.smsid) if receipt.smsid else Q(pk__in=[])
        found = list(Message.objects.filter(named | nameless)[:_MOST])
        if len(found) == _MOST:
            # Too many for the number to tell which, and the one with the smsid may be among those that were not read.
            return self._by_smsid(receipt)
        if receipt.smsid and any(message.smsid == receipt.smsid for message in found):
            alike = lookup_values(receipt.mobile)
            return next((m for m in found if m.smsid == receipt.smsid and m.mobile in alike), None)
        if len(found) != 1 or found[0].status == MessageStatus.SUBMITTING:
            return None
        message = found[0]
        assert message.submitted_at is not None  # noqa: S101  the statement asked for it
        went_out_before = message.submitted_at <= receipt.received_at + _SAME_MOMENT or message.receipt_came_first
        return message if went_out_before else None

    def attach(self, receipt: Receipt, message: Message) -> bool:
        """Tell a message what a kept receipt says, and keep that the receipt is its own.

        Args:
            receipt: A saved receipt without a message.
            message: The message it belongs to, whose status changes as for any receipt.

        Returns:
            Whether this call attached it: False if somebody else did meanwhile, and then nothing is changed.
        """
        return retry_on_conflict(partial(self._attach, receipt, message), using=self.db, restoring=[receipt, message])

    def _attach(self, receipt: Receipt, message: Message) -> bool:
        receipt.hide_quotes(message)
        changes = {"message": message, "match_at": None, "msg": receipt.msg}
        with transaction.atomic(using=self.db):
            self._report(receipt, message)  # first, as in receive()
            attached = self._unmatched(receipt).update(**changes)
            if not attached:
                transaction.set_rollback(True, using=self.db)
        return bool(attached)

    def _unmatched(self, receipt: Receipt) -> QuerySet[Receipt]:
        """The row of a receipt, as long as it has no message."""
        return self.filter(without_index(Q(message__isnull=True)), pk=receipt.pk)

    def _report(self, receipt: Receipt, message: Message) -> None:
        message.apply_receipt(
            delivered=receipt.delivered,
            code=receipt.code,
            msg=receipt.msg,
            reported_at=receipt.moment,
            smsid=receipt.smsid,
        )


class Receipt(PushRecord):
    """The carrier's word on one message (or one part of a long one). ``message`` is null until it is known whose."""

    FINGERPRINTED: ClassVar[tuple[str, ...]] = ("smsid", "mobile", "code", "report_time_text")
    TIME: ClassVar[str] = "report_time"

    message = models.ForeignKey(
        Message, models.SET_NULL, null=True, blank=True, related_name="receipts", verbose_name=_("message")
    )
    product = models.CharField(_("product"), max_length=32, default=SMS.name, editable=False)
    """Of which product the push said that it is, by its URL or by what it calls the id."""
    code = models.BigIntegerField(_("code"), help_text=_("2: delivered; any other: failed."))
    msg = models.CharField(_("carrier's words"), max_length=255, blank=True)
    report_time = models.DateTimeField(_("reported"), null=True, blank=True)
    report_time_text = models.CharField(_("reported, as it came"), max_length=64, blank=True)
    match_at = models.DateTimeField(_("looked for again"), null=True, blank=True, editable=False)

    objects: ClassVar[ReceiptManager] = ReceiptManager()

    class Meta(PushRecord.Meta):
        abstract = False
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        permissions = [("match_receipts", _("Can say which message a receipt belongs to"))]
        indexes = [
            models.Index(fields=["smsid"], name="ihuyi_receipt_smsid"),
            models.Index(fields=["mobile", "-id"], name="ihuyi_receipt_mobile"),
            models.Index(fields=["received_at"], name="ihuyi_receipt_received"),
            models.Index(fields=["match_at"], name="ihuyi_receipt_match"),
        ]

    def __str__(self) -> str:
        return gettext("receipt %(number)s (code %(code)s)") % {"number": self.pk, "code": self.code}

    @property
    def delivered(self) -> bool:
        """Whether it says that the message was delivered."""
        return self.code == ACCEPTED

    def hide_quotes(self, message: Message | None) -> None:
        """Take out of the carrier's words the number, a code, and what they quote of the message's text.

        Args:
            message: The message; None where nobody knows yet which is meant: it may be a verification message.
        """
        if message is None:
            self.msg = clean(self.msg, mobile=self.mobile, about_code=True)
        else:
            self.msg = without_quoted_text(message.strip_quoted_text(self.msg), message.content)

    def accounts_of_other_products(self) -> list[str]:
        """Return the aliases of the accounts that are known to sell something else than it is a receipt of."""
        return conf.get_aliases_of(lambda product: product.name != self.product)
