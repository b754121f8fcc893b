"""What receipts and replies have in common: evidence of a push, kept as it came and only once."""

from __future__ import annotations

import hashlib
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from django_ihuyi.hashing import MOBILE_LENGTH

from .written import Written


class Push(Written):
    """A push from the gateway. Its ``fingerprint`` makes the same push come twice one row."""

    FINGERPRINTED: ClassVar[tuple[str, ...]]
    """The fields that make two pushes the same, as they came."""

    mobile = models.CharField(
        _("mobile"),
        max_length=MOBILE_LENGTH,
        help_text=_("In the form of messages where it can be read, else as the gateway pushed it."),
    )
    smsid = models.CharField(_("smsid"), max_length=64, blank=True)
    received_at = models.DateTimeField(_("received"), default=timezone.now)
    fingerprint = models.CharField(max_length=64, unique=True, editable=False)

    class Meta:
        abstract = True
        ordering = ("-id",)

    def save(self, *args: object, **kwargs: object) -> None:
        """Save, with the fingerprint made on the first time."""
        if not self.fingerprint:
            self.fingerprint = self.make_fingerprint()
        super().save(*args, **kwargs)  # type: ignore[arg-type]  # passed on as they came

    def make_fingerprint(self) -> str:
        """Return the digest of what makes this push itself, 64 hex digits."""
        # The length before each value keeps ("ab", "c") apart from ("a", "bc").
        values = [str(getattr(self, name)) for name in self.FINGERPRINTED]
        text = "".join(f"{len(value)}:{value}" for value in values)
        return hashlib.sha256(text.encode()).hexdigest()
