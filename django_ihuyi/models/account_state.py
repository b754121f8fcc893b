"""Table of account states: pauses, probes, and reserved slots of the rate limit.

The accounts themselves stand in the settings; this is what all workers must agree on.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from django_ihuyi import signals
from django_ihuyi.china_time import is_reached, reached
from django_ihuyi.events import iso, record_event
from django_ihuyi.external_text import clean
from django_ihuyi.hooks import Event
from django_ihuyi.transactions import retry_on_conflict

from .balance_reading import BalanceReading
from .base import PrimaryDBManager, PrimaryDBModel
from .column_limits import fit_values

_FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=10)


def pause_length(probes: int) -> timedelta:
    """How long to wait before the next probe: it doubles up to ten minutes.

    Args:
        probes: How many probes have failed in this pause.
    """
    doublings: int = 2 ** min(probes, 10)
    return min(_FIRST_PAUSE * doublings, LONGEST_PAUSE)


class AccountStateManager(PrimaryDBManager["AccountState"]):
    """Pauses, probes and resumes accounts."""

    def is_paused(self, account: str) -> bool:
        """Whether an account's messages wait."""
        return self.filter(account=account, paused_since__isnull=False).exists()

    def paused_until(self, account: str, *, now: datetime) -> datetime | None:
        """Return when a paused account is tried next; None where it is not paused, or is to be tried now.

        Args:
            account: The account's alias.
            now: The present.
        """
        paused = self.filter(account=account, paused_since__isnull=False)
        for probe_at in paused.values_list("probe_at", flat=True):
            if probe_at is not None and not is_reached(probe_at, now, longest=LONGEST_PAUSE):
                return probe_at
        return None

    def pause(self, account: str, *, code: int | None, msg: str, clock_offset: int | None, now: datetime) -> bool:
        """Stop an account's messages because of an account-scope code.

        Args:
            account: The account's alias.
            code: What the gateway answered; None if it does not answer.
            msg: In which words.
            clock_offset: By how many seconds our clock is ahead of the gateway's, where that is what is wrong.
            now: The present.

        Returns:
            Whether the pause began with this call; one that lasts already only learns the newest reason.
        """
        state, _made = self.get_or_create(account=account)
        # Shown to all staff, and it outlives the message that the words may be about.
        told = {"code": code, "msg": clean(msg, about_code=True), "clock_offset": clock_offset}
        reason = fit_values(AccountState, told, using=self.db)

        def begin() -> bool:
            with record_event("account.paused", using=self.db) as record:
                began = self.filter(pk=state.pk, paused_since__isnull=True).update(
                    paused_since=now, probes=0, probe_at=now + pause_length(0), **reason
                )
                if began:
                    signals.send_after_commit(
                        signals.account_paused, AccountState, using=self.db, account=account, code=code
                    )
                    record(Event({"account": account, "code": code}, account=account))
                else:
                    self.filter(pk=state.pk).update(**reason)
            return bool(began)

        return retry_on_conflict(begin, using=self.db)

    def probe_soon(self, account: str, *, now: datetime) -> bool:
        """Let the next probe of a paused account be due at once. Returns whether the account is paused.

        Args:
            account: The account's alias.
            now: The present.
        """
        return bool(self.filter(account=account, paused_since__isnull=False).update(probe_at=now))

    def probes_due(self, now: datetime) -> models.QuerySet[AccountState]:
        """Find the paused accounts whose next probe is due."""
        return self.filter(reached("probe_at", now, longest=LONGEST_PAUSE), paused_since__isnull=False)

    def acquire_probe(self, account: str, *, now: datetime) -> bool:
        """Take the right to try a paused account once. One of many wins.

        Args:
            account: The account's alias.
            now: The present.
        """
        due = self.probes_due(now).filter(account=account)
        for state in due:
            # Moved on before the probe, so that a prober that dies does not stop the probing.
            return bool(
                self.filter(pk=state.pk, probe_at=state.probe_at, paused_since__isnull=False).update(
                    probes=F("probes") + 1, probe_at=now + pause_length(state.probes + 1)
                )
            )
        return False

    def reserve_slots(
        self, account: str, *, number: int, seconds: float, at_most: timedelta, verification: bool, now: datetime
    ) -> datetime:
        """Take the account's next turns on the wire, shared by all workers.

        Args:
            account: The account's alias.
            number: How many turns.
            seconds: How long one turn lasts: one second divided by the rate.
            at_most: How long the caller waits for them. Turns further away are not taken: who cannot wait would leave
                them unused, and push everybody else back.
            verification: Whether they are for verification codes. These queue among themselves only, and move the
                turns of everything else back by as many.
            now: The present.

        Returns:
            When the first of them begins: now, or when those taken before are over. Taken if that is near enough.
        """
        length = timedelta(seconds=seconds * number)
        # Nobody takes turns that far ahead: it was a clock that had jumped.
        latest = now + at_most + timedelta(seconds=2 * seconds * max(number, 1) + 60)

        def first_free(taken_until: datetime | None) -> datetime:
            return now if taken_until is None or taken_until > latest else max(now, taken_until)

        while True:
            state, _made = self.get_or_create(account=account)
            begins = first_free(state.next_verification_turn_at if verification else state.next_turn_at)
            if begins - now > at_most:
                return begins
            changes = {"next_turn_at": first_free(state.next_turn_at) + length}
            if verification:
                changes["next_verification_turn_at"] = begins + length
            # Who read the same row and is second reads it again.
            unchanged = self.filter(
                pk=state.pk, next_turn_at=state.next_turn_at, next_verification_turn_at=state.next_verification_turn_at
            )
            if unchanged.update(**changes):
                return begins

    def release_slots(self, account: str, *, seconds: float, verification: bool) -> None:
        """Return turns that nobody will use.

        Args:
            account: The account's alias.
            seconds: How long all of them together last.
            verification: Whether they were taken for verification codes.
        """
        names = ["next_turn_at", *(["next_verification_turn_at"] if verification else [])]
        self.filter(account=account).update(**{name: F(name) - timedelta(seconds=seconds) for name in names})

    def update_balance_state(self, reading: BalanceReading, *, low: bool) -> bool:
        """Remember whether an account's balance is low, and tell the site when it gets so.

        Args:
            reading: A saved reading.
            low: Whether it is.

        Returns:
            Whether it has got low with this call. Of many that find the same fall, one gets True.
        """
        state, _made = self.get_or_create(account=reading.account)
        if not low:
            self.filter(pk=state.pk, balance_low_since__isnull=False).update(balance_low_since=None)
            return False

        def begin() -> bool:
            with record_event("balance.low", using=self.db) as record:
                began = self.filter(pk=state.pk, balance_low_since__isnull=True).update(
                    balance_low_since=reading.read_at
                )
                if began:
                    signals.send_after_commit(signals.balance_low, AccountState, using=self.db, reading=reading)
                    read_at = iso(reading.read_at)
                    data = {"account": reading.account, "remaining": reading.remaining, "read_at": read_at}
                    record(Event(data, account=reading.account))
            return bool(began)

        return retry_on_conflict(begin, using=self.db)

    def resume(self, account: str) -> bool:
        """Let an account's messages flow again. Returns whether it was paused."""
        state = self.filter(account=account, paused_since__isnull=False).first()
        if state is None:
            return False

        def end() -> bool:
            with record_event("account.resumed", using=self.db) as record:
                ended = self.filter(pk=state.pk, paused_since=state.paused_since).update(
                    paused_since=None, probe_at=None, probes=0
                )
                if ended:
                    signals.send_after_commit(
                        signals.account_resumed, AccountState, using=self.db, account=account, code=state.code
                    )
                    record(Event({"account": account, "code": state.code}, account=account))
            return bool(ended)

        return retry_on_conflict(end, using=self.db)


class AccountState(PrimaryDBModel):
    """What all workers agree on about one account."""

    account = models.CharField(_("account"), max_length=64, unique=True)
    paused_since = models.DateTimeField(_("paused since"), null=True, blank=True)
    code = models.BigIntegerField(_("code"), null=True, blank=True)
    msg = models.CharField(_("gateway's words"), max_length=255, blank=True)
    clock_offset = models.IntegerField(
        _("clock offset"), null=True, blank=True, help_text=_("Seconds by which this server's clock is ahead.")
    )
    probes = models.PositiveIntegerField(_("probes"), default=0)
    probe_at = models.DateTimeField(_("next probe"), null=True, blank=True)
    balance_low_since = models.DateTimeField(_("balance low since"), null=True, blank=True)
    next_turn_at = models.DateTimeField(null=True, blank=True, editable=False)
    next_verification_turn_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[AccountStateManager] = AccountStateManager()

    class Meta:
        verbose_name = _("account state")
        verbose_name_plural = _("account states")
        permissions = [("probe_account", _("Can have a paused account tried at once"))]

    def __str__(self) -> str:
        return self.account
