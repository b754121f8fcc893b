"""Table of outgoing messages. Each change of status is one conditional UPDATE."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import models, router
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from django_ihuyi.db.statements import Condition, column_names, marks, not_paused, update
from django_ihuyi.events import iso, log_and_signal_transition, record_event
from django_ihuyi.external_text import clean
from django_ihuyi.hooks import Event
from django_ihuyi.masking import mask_codes
from django_ihuyi.mobile_hash import MOBILE_LENGTH
from django_ihuyi.transactions import refuse_transaction, retry_on_conflict

from .account_state import AccountState
from .base import PrimaryDBModel, without_index
from .batch import Batch
from .column_limits import fit_values
from .message_status import TRANSITIONS, Category, MessageStatus
from .metadata import MetadataField

_WITH_CODE = frozenset({MessageStatus.QUEUED, MessageStatus.SUBMITTING})
"""While it may have to be submitted, a verification message keeps its code."""
_GATEWAY_TEXTS = frozenset({"msg", "error", "receipt_msg"})
"""The columns with words of the gateway, of a carrier, or of a client of the site's own."""
_FROM_OUTSIDE = _GATEWAY_TEXTS | {"code", "smsid", "receipt_code"}
"""The columns with anything of theirs."""
CLAIMABLE = "{attempts} = %s AND {due_at} <= %s AND ({expires_at} IS NULL OR {expires_at} > %s)"
"""Besides its status, what a message needs to be claimed: as it was read, due, and of use still."""


class Message(PrimaryDBModel):
    """An SMS going out, from the call that asked for it to the carrier's word.

    ``code`` and ``msg`` are the gateway's answer to the Submit, ``receipt_code`` and ``receipt_msg`` the receipt's;
    both keep the gateway's own words. ``smsid`` is its id for the message: text of digits that may not fit 64 bits,
    null while there is none.
    """

    Status = MessageStatus
    Category = Category

    mobile = models.CharField(_("mobile"), max_length=MOBILE_LENGTH)
    content = models.TextField(_("text"))
    template = models.CharField(_("template"), max_length=32, blank=True, help_text=_("The gateway's template id."))
    category = models.CharField(_("category"), max_length=16, choices=Category.choices, default=Category.NOTIFICATION)
    account = models.CharField(_("account"), max_length=64, default="default")
    status = models.CharField(_("status"), max_length=16, choices=MessageStatus.choices, default=MessageStatus.QUEUED)
    code = models.BigIntegerField(_("code"), null=True, blank=True, help_text=_("The gateway's answer."))
    msg = models.CharField(_("gateway's words"), max_length=255, blank=True)
    error = models.CharField(
        _("error"), max_length=255, blank=True, help_text=_("Why the last attempt brought no answer.")
    )
    smsid = models.CharField(_("smsid"), max_length=64, null=True, blank=True)  # noqa: DJ001  null: "no id" must never equal "no id"
    segments = models.PositiveSmallIntegerField(_("segments"), default=1)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0, help_text=_("Times claimed for a Submit."))
    retries = models.PositiveSmallIntegerField(
        _("retries"), default=0, help_text=_("Attempts that surely sent nothing and count towards the limit.")
    )
    created_at = models.DateTimeField(pgettext_lazy("date", "created"), default=timezone.now)
    send_at = models.DateTimeField(_("send at"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    due_at = models.DateTimeField(_("due"), default=timezone.now, help_text=_("Not submitted before this time."))
    publish_at = models.DateTimeField(
        _("published again"),
        default=timezone.now,
        help_text=_("When the sweep enqueues the message if it is still queued."),
    )
    publishes = models.PositiveSmallIntegerField(_("times enqueued by the sweep"), default=0)
    claimed_by = models.BigIntegerField(
        null=True, editable=False, help_text="The random number of the claim, where many were claimed at once."
    )
    claimed_until = models.DateTimeField(_("claimed until"), null=True, blank=True)
    submitted_at = models.DateTimeField(_("submitted"), null=True, blank=True)
    accepted_at = models.DateTimeField(_("accepted at"), null=True, blank=True)
    reported_at = models.DateTimeField(_("reported"), null=True, blank=True)
    receipt_code = models.BigIntegerField(_("receipt's code"), null=True, blank=True)
    receipt_msg = models.CharField(_("carrier's words"), max_length=255, blank=True)
    idempotency_key = models.CharField(_("idempotency key"), max_length=128, null=True, blank=True, unique=True)
    metadata = MetadataField(_("metadata"), default=dict, blank=True)
    # No index of its own: the one below begins with it.
    batch = models.ForeignKey(
        Batch,
        models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        related_name="messages",
        verbose_name=_("batch"),
    )
    resend_of = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="resends",
        verbose_name=_("sent again for"),
        help_text=_("The message that a person had sent once more as this one."),
    )
    given_up_at = models.DateTimeField(
        _("given up"), null=True, blank=True, help_text=_("When a person stopped waiting for news of it.")
    )
    receipt_came_first = models.BooleanField(
        default=False, editable=False, help_text="A receipt for the number was kept before the Submit was settled."
    )

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ("-id",)
        permissions = [
            ("view_unmasked", _("Can see whole numbers and texts")),
            ("resend_messages", _("Can have messages sent again")),
            ("cancel_messages", _("Can cancel messages that wait")),
            ("give_up_messages", _("Can mark messages of unknown outcome as given up")),
            ("export_messages", _("Can export messages as files")),
        ]
        indexes = [
            # What receipts and staff look for.
            models.Index(fields=["smsid"], name="ihuyi_msg_smsid"),
            models.Index(fields=["mobile", "-id"], name="ihuyi_msg_mobile"),
            models.Index(fields=["status", "created_at"], name="ihuyi_msg_status"),
            models.Index(fields=["code", "created_at"], name="ihuyi_msg_code"),
            models.Index(fields=["created_at"], name="ihuyi_msg_created"),
            models.Index(fields=["batch", "status"], name="ihuyi_msg_batch"),
            # What the sweep looks for.
            models.Index(fields=["status", "category", "publish_at"], name="ihuyi_msg_publish"),
            models.Index(fields=["status", "claimed_until"], name="ihuyi_msg_claim"),
            models.Index(fields=["status", "expires_at"], name="ihuyi_msg_expires"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=MessageStatus.values), name="ihuyi_msg_status_known"),
            models.CheckConstraint(
                condition=Q(smsid__isnull=True) | ~Q(smsid__in=["", "0"]), name="ihuyi_msg_smsid_real"
            ),
            models.CheckConstraint(condition=Q(segments__gte=1), name="ihuyi_msg_segments"),
        ]

    def __str__(self) -> str:
        return gettext("SMS %(number)s (%(status)s)") % {"number": self.pk, "status": self.get_status_display()}

    def __repr__(self) -> str:
        return f"<Message {self.pk} {self.status}>"

    def claim(self, *, now: datetime, lease: timedelta, probe: bool = False) -> bool:
        """Take the message, as it was read, for one Submit. Whoever asks second gets nothing.

        Args:
            now: The present.
            lease: How long the claim holds; must outlast the longest call to the gateway.
            probe: Whether to take it although its account is paused.

        Returns:
            Whether it is ours now. False if it is not queued any more, not due, past its ``expires_at``, or its
            account is paused.

        Raises:
            RuntimeError: A transaction is open, so that the claim would not be committed before the Submit.
        """
        using = router.db_for_write(Message, instance=self)
        refuse_transaction("An SMS", using=using)
        names = column_names(Message, using), column_names(AccountState, using)
        account = () if probe else ((not_paused(*names),),)
        return self._move(
            MessageStatus.SUBMITTING,
            (CLAIMABLE, self.attempts, now, now),
            *account,
            attempts=self.attempts + 1,
            submitted_at=now,
            claimed_until=now + lease,
        )

    def accept(self, *, code: int, msg: str, smsid: str | None, now: datetime) -> bool:
        """The gateway took it.

        Returns:
            Whether that is all. If not, a receipt may have come before the answer and has to be looked for.
        """
        changes: dict[str, Any] = {"code": code, "msg": msg, "smsid": smsid, "accepted_at": now, "error": ""}
        if self._settle(MessageStatus.ACCEPTED, ("NOT {receipt_came_first}",), **changes):
            return True
        self._settle(MessageStatus.ACCEPTED, **changes)
        return False

    def reject(self, *, code: int, msg: str) -> bool:
        """The gateway refused it for good. Returns whether this call changed the row."""
        return self._settle(MessageStatus.REJECTED, code=code, msg=msg, error="")

    def requeue(
        self,
        *,
        due_at: datetime,
        publish_at: datetime,
        code: int | None = None,
        msg: str = "",
        error: str = "",
        retry: bool = True,
    ) -> bool:
        """It surely did not go out, or may be sent again: back to ``queued``.

        Args:
            due_at: Not before this time.
            publish_at: When the sweep publishes it, should nobody else have.
            code: What the gateway answered, if it did.
            msg: In which words.
            error: Why there was no answer, if there was none.
            retry: Whether this counts towards the account's ``MAX_ATTEMPTS``: not where the account is at fault.

        Returns:
            Whether the row is queued by this call. One that is ``unknown`` by now, as the call outlasted its claim,
            stays so and learns the truth: its text may be gone, and somebody may have sent it again.
        """
        if self._settle(
            MessageStatus.QUEUED,
            code=code,
            msg=msg,
            error=error,
            due_at=due_at,
            publish_at=publish_at,
            publishes=0,
            retries=self.retries + 1 if retry else self.retries,
        ):
            return True
        msg = self.strip_quoted_text(msg)
        why = self.strip_quoted_text(error, own=True) if error else f"the gateway answered code {code}: {msg}"
        using = router.db_for_write(Message, instance=self)
        told = {"code": code, "msg": msg, "error": f"Surely not sent, told late: {why}"}
        unknown = without_index(Q(status=MessageStatus.UNKNOWN, attempts=self.attempts))
        late = Message._base_manager.using(using).filter(unknown, pk=self.pk)
        late.update(**fit_values(Message, told, using=using))
        return False

    def mark_unknown(self, *, error: str) -> bool:
        """Nobody knows whether it went out: ``unknown``. Returns whether this call changed the row."""
        return self._settle(MessageStatus.UNKNOWN, error=error)

    def expire(self, *, now: datetime) -> bool:
        """Too late to be of use: never submitted. Returns whether this call changed the row."""
        return self._move(MessageStatus.EXPIRED, ("{expires_at} <= %s", now))

    def cancel(self) -> bool:
        """Somebody took it back before it was submitted. Returns whether this call changed the row."""
        return self._move(MessageStatus.CANCELLED)

    def give_up(self, *, now: datetime) -> bool:
        """Somebody no longer waits for news of an ``unknown`` message: a mark, not a status, and a late receipt still
        settles it. Returns whether this call marked the row.
        """
        rows = Message._base_manager.using(router.db_for_write(Message, instance=self)).filter(pk=self.pk)
        if not rows.filter(without_index(Q(status=MessageStatus.UNKNOWN, given_up_at=None))).update(given_up_at=now):
            return False
        self.given_up_at = now
        return True

    def postpone(self, *, due_at: datetime, publish_at: datetime) -> bool:
        """Its turn comes later. Returns whether it is still queued as it was read.

        Args:
            due_at: Not before this time.
            publish_at: When the sweep publishes it, should nobody else have.
        """
        rows = Message._base_manager.using(router.db_for_write(Message, instance=self)).filter(pk=self.pk)
        changes = {"due_at": due_at, "publish_at": publish_at}
        # Somebody else may have put it off for longer meanwhile.
        if not rows.filter(without_index(Q(status=MessageStatus.QUEUED, due_at=self.due_at))).update(**changes):
            return False
        self.due_at, self.publish_at = due_at, publish_at
        return True

    def reserve_enqueue(self, *, publish_at: datetime) -> bool:
        """Take the right to publish the message's task once more. Of two sweeps that read the same row one wins.

        Args:
            publish_at: When it is published again, should it still be queued then.

        Returns:
            Whether this call has the right.
        """
        as_read = Q(publish_at=self.publish_at, publishes=self.publishes, status=MessageStatus.QUEUED)
        rows = Message._base_manager.using(router.db_for_write(Message, instance=self)).filter(pk=self.pk)
        return bool(rows.filter(without_index(as_read)).update(publish_at=publish_at, publishes=self.publishes + 1))

    def apply_receipt(
        self, *, delivered: bool, code: int, msg: str, reported_at: datetime | None, smsid: str | None = None
    ) -> bool:
        """The carrier's word, from a receipt.

        Args:
            delivered: Whether the receipt says so.
            code: The receipt's code.
            msg: The carrier's words.
            reported_at: The carrier's time.
            smsid: The receipt's smsid, for a message that has none.

        Returns:
            Whether this call changed the row: a "delivered" is never taken back, a repeated word changes nothing.
        """
        changes: dict[str, Any] = {"receipt_code": code, "receipt_msg": msg, "reported_at": reported_at}
        if smsid and not self.smsid:
            changes["smsid"] = smsid
        return self._move(MessageStatus.DELIVERED if delivered else MessageStatus.UNDELIVERED, **changes)

    def strip_quoted_text(self, words: str, *, own: bool = False) -> str:
        """Return words about this message without its number and a verification code that they quote.

        Args:
            words: The gateway's or a carrier's, or the text of an error.
            own: Whether they are the text of an error: of that only what stands in the message is hidden, as long as
                its text is kept.
        """
        if self.category != Category.VERIFICATION:
            return clean(words, mobile=self.mobile)
        any_run = not (own and self.status in _WITH_CODE)
        template = bool(self.template)
        return clean(words, mobile=self.mobile, about_code=True, text=self.content, template=template, any_run=any_run)

    def _settle(self, status: MessageStatus, *conditions: Condition, **changes: Any) -> bool:  # noqa: ANN401  a row's values
        """End this claim. Another attempt's claim is not ours to end, hence ``attempts`` in the WHERE."""
        return self._move(status, ("{attempts} = %s", self.attempts), *conditions, claimed_until=None, **changes)

    def _move(self, status: MessageStatus, *conditions: Condition, **changes: Any) -> bool:  # noqa: ANN401  a row's values
        for name in _GATEWAY_TEXTS & changes.keys():
            changes[name] = self.strip_quoted_text(changes[name], own=name == "error")
        if self.category == Category.VERIFICATION and status not in _WITH_CODE:
            changes["content"] = mask_codes(self.content, template=bool(self.template))
        using = router.db_for_write(Message, instance=self)
        from_outside = {name: changes[name] for name in _FROM_OUTSIDE & changes.keys()}
        changes |= fit_values(Message, from_outside, using=using)
        sources = [source.value for source in TRANSITIONS[status]]
        # COALESCE: the row is found by its key alone, as by without_index().
        may_follow = (f"COALESCE({{status}}, '') IN ({marks(sources)})", *sources)
        return retry_on_conflict(
            partial(self._update, using, status, changes, ("{id} = %s", self.pk), may_follow, *conditions), using=using
        )

    def _update(self, using: str, status: MessageStatus, changes: Mapping[str, Any], *conditions: Condition) -> bool:
        before = {name: self.__dict__[name] for name in ("status", *changes) if name in self.__dict__}
        try:
            with record_event(f"message.{status}", using=using) as record:
                if not update(Message, using, {"status": status, **changes}, *conditions):
                    return False
                self.status_changed(status, **changes)
                record(self.as_event())
        except BaseException:
            # The row is as it was. Whoever tries again needs the instance as it was, too: the code that words quote is
            # looked for in the text.
            self.__dict__.update(before)
            raise
        return True

    def status_changed(self, status: MessageStatus, **changes: Any) -> None:  # noqa: ANN401  a row's values
        """Note on this instance what an UPDATE made of its row, and tell the site after commit."""
        self.status = status
        for name, value in changes.items():
            setattr(self, name, value)
        # Receivers name Message, also where a site's proxy of it was changed.
        sender = self._meta.concrete_model or type(self)
        log_and_signal_transition(self, sender=sender, using=router.db_for_write(sender, instance=self))

    def as_event(self) -> Event:
        """Return what other systems hear of a change of status: the message as the change left it."""
        return Event(
            data={
                "message": self.pk,
                "status": self.status,
                "account": self.account,
                "category": self.category,
                "code": self.code,
                "smsid": self.smsid,
                "receipt_code": self.receipt_code,
                "reported_at": iso(self.reported_at),
            },
            account=self.account,
            category=self.category,
            message=self,
        )
