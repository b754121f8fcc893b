"""Base class of receipts and replies: a push as it arrived, stored once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from django_ihuyi.china_time import plausible
from django_ihuyi.external_text import clean
from django_ihuyi.mobile_hash import MOBILE_LENGTH

from .base import PrimaryDBModel

REPEATED_WITHIN = timedelta(minutes=10)
"""The gateway pushes three times at most, within about four minutes: what comes once more after this is no repeat."""
_SALT = "django_ihuyi.models.push"


class PushRecord(PrimaryDBModel):
    """A push from the gateway. Its ``fingerprint`` makes the same push come twice one row."""

    FINGERPRINTED: ClassVar[tuple[str, ...]]
    """The fields that make two pushes the same, as they came."""
    TIME: ClassVar[str]
    """The field with the carrier's time."""

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

    @property
    def time(self) -> datetime | None:
        """The carrier's time; None if there is none, or only an implausible one."""
        return plausible(getattr(self, self.TIME), received_at=self.received_at)

    @property
    def moment(self) -> datetime:
        """The carrier's time, or when the push came."""
        return self.time or self.received_at

    def prepare(self) -> None:
        """Make the fingerprint, and then leave no number in what is kept as it came."""
        self.fingerprint = self.make_fingerprint()
        name = f"{self.TIME}_text"
        setattr(self, name, clean(getattr(self, name), mobile=self.mobile))

    def make_fingerprint(self) -> str:
        """Return the keyed digest of what makes this push itself, 64 hex digits.

        Keyed, because the text of a reply could be found out by trying once it is emptied.
        """
        return self._digests()[0]

    def other_fingerprints(self) -> list[str]:
        """Return the other fingerprints that the same push may have been kept under.

        Those of the site's former keys; and where the push has no time, those of a moment ago.
        """
        return self._digests()[1:]

    def _digests(self) -> list[str]:
        # The length before each value keeps ("ab", "c") apart from ("a", "bc").
        values = [str(getattr(self, name)) for name in self.FINGERPRINTED]
        text = "".join(f"{len(value)}:{value}" for value in values)
        texts = [text]
        if self.time is None:
            # Equal words at another time are another push, so the time of arrival takes the place of the carrier's.
            period = int(self.received_at.timestamp() // REPEATED_WITHIN.total_seconds())
            texts = [f"{text}@{period}", f"{text}@{period - 1}"]
        keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
        return [salted_hmac(_SALT, text, secret=key, algorithm="sha256").hexdigest() for key in keys for text in texts]
