"""Table of verification codes. Codes are derived from a random nonce and the site's key, never stored.

So it can be sent once more and be compared without ever being stored; the table alone tells nobody a code.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models, router
from django.db.models import F, Q
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from django_ihuyi.mobile_hash import MOBILE_LENGTH
from django_ihuyi.models import Message
from django_ihuyi.models.base import PrimaryDBManager, PrimaryDBModel, without_index

_SALT = "django_ihuyi.verification.code"


class VerificationCodeManager(PrimaryDBManager["VerificationCode"]):
    """Finds codes."""

    def newest(self, mobile: str, purpose: str) -> VerificationCode | None:
        """Return the code that was made last for a number and a purpose: no older one counts."""
        return self.filter(mobile=mobile, purpose=purpose).order_by("-id").first()


class VerificationCode(PrimaryDBModel):
    """A code for one number and one purpose, from its making until it is entered, used up or too old."""

    mobile = models.CharField(_("mobile"), max_length=MOBILE_LENGTH)
    purpose = models.CharField(_("purpose"), max_length=32)
    nonce = models.CharField(max_length=64, editable=False)
    length = models.PositiveSmallIntegerField(_("digits"))
    address = models.CharField(_("address"), max_length=64, blank=True, help_text=_("The client's; IPv6 by its /64."))
    network = models.CharField(
        _("network"), max_length=64, blank=True, help_text=_("The /48 of the client's address, if that is IPv6.")
    )
    created_at = models.DateTimeField(pgettext_lazy("date", "created"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires"))
    sends = models.PositiveSmallIntegerField(_("times sent"), default=1)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    entered_at = models.DateTimeField(_("entered"), null=True, blank=True)
    decoy = models.BooleanField(
        _("decoy"), default=False, help_text=_("The site does not know the number: nothing was sent.")
    )
    message = models.ForeignKey(
        Message, models.SET_NULL, null=True, blank=True, related_name="verification_codes", verbose_name=_("message")
    )

    objects: ClassVar[VerificationCodeManager] = VerificationCodeManager()

    class Meta:
        verbose_name = _("verification code")
        verbose_name_plural = _("verification codes")
        ordering = ("-id",)
        indexes = [
            models.Index(fields=["mobile", "purpose", "-id"], name="ihuyi_code_newest"),
            models.Index(fields=["address", "entered_at"], name="ihuyi_code_address"),
            models.Index(fields=["network", "entered_at"], name="ihuyi_code_network"),
            models.Index(fields=["created_at"], name="ihuyi_code_created"),
        ]

    def __str__(self) -> str:
        return gettext("verification code %(number)s") % {"number": self.pk}

    def __repr__(self) -> str:
        return f"<VerificationCode {self.pk}>"

    def derive(self) -> str:
        """Return the code: as many digits as ``length`` says."""
        return self._derive(settings.SECRET_KEY)

    def matches(self, typed: str) -> bool:
        """Whether these digits are the code, in a time that tells nothing.

        A code that went out before ``SECRET_KEY`` was changed still fits by ``SECRET_KEY_FALLBACKS``.
        """
        fitting = [
            constant_time_compare(typed, self._derive(key))
            for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
        ]
        return any(fitting) and not self.decoy

    def reserve_attempt(self, *, now: datetime, most: int) -> bool:
        """Take the right to compare once. Of requests at the same moment no more get it than there are tries left.

        Args:
            now: The present.
            most: How many tries a code has.
        """
        alive = Q(entered_at__isnull=True, expires_at__gt=now, tries__lt=most)
        return self._update(alive, tries=F("tries") + 1)

    def enter(self, *, now: datetime) -> bool:
        """Use the code up. Of two requests with the right code one wins."""
        return self._update(Q(entered_at__isnull=True), entered_at=now)

    def renew(self, *, now: datetime, most: int, expires_at: datetime) -> bool:
        """Give the same code, sent once more, a new life; its tries stay spent. Returns whether it was still alive."""
        alive = Q(entered_at__isnull=True, expires_at__gt=now, tries__lt=most)
        return self._update(alive, expires_at=expires_at, sends=F("sends") + 1)

    def attach(self, message: Message) -> None:
        """Note the message that it went out with last."""
        self._update(Q(), message=message)

    def _derive(self, key: str | bytes) -> str:
        # What the code is for is in it: the row of one number is of no use to another.
        what = f"{self.length}\n{self.purpose}\n{self.mobile}\n{self.nonce}"
        digest = salted_hmac(_SALT, what, secret=key, algorithm="sha256").digest()
        # 64 bits for at most eight digits: no digit is likelier than another by more than one in 10**11.
        return f"{int.from_bytes(digest[:8]) % 10**self.length:0{self.length}}"

    def _update(self, condition: Q, **changes: object) -> bool:
        using = router.db_for_write(VerificationCode, instance=self)
        rows = VerificationCode._base_manager.using(using).filter(without_index(condition), pk=self.pk)
        return bool(rows.update(**changes))


def read_typed(code: str) -> str:
    """Turn what a person typed or pasted into plain digits; empty if it cannot be a code.

    Args:
        code: Digits, also full-width ones, with or without white space, dashes, and the invisible characters that
            copying brings along.
    """
    plain = unicodedata.normalize("NFKC", code)
    digits = "".join(char for char in plain if not char.isspace() and unicodedata.category(char) not in {"Cf", "Pd"})
    return digits if digits.isascii() and digits.isdigit() else ""
