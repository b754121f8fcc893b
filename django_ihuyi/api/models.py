"""Table of the idempotency keys of API callers, with a digest of each request."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from django_ihuyi.hooks import require_app
from django_ihuyi.isolation import Handled, delete
from django_ihuyi.models import Batch, Message
from django_ihuyi.models.base import PrimaryDBManager, PrimaryDBModel, without_index
from django_ihuyi.transactions import UnseenRowError

# Without its app the tables would be registered as some of the core.
require_app("django_ihuyi.api", __name__)

_SALT = "django_ihuyi.models.api_call"
_PREFIX = "api-"
KEPT = timedelta(days=7)
"""For how long a key is compared with what is asked for under it again."""


def record_key(key: str) -> str:
    """Return the idempotency key of the message or the batch that a call records, by the call's ``key``."""
    return f"{_PREFIX}{key}"


class ApiCallManager(PrimaryDBManager["ApiCall"]):
    """Keeps what was asked for under a key."""

    def remember(self, who: str, asked: str) -> str | None:
        """Note a request under its key, or compare it with the first one under that key.

        Neither can be found out from the row by trying: both are kept as digests that are keyed with the site's key.

        Args:
            who: The caller and the caller's key.
            asked: The whole request.

        Returns:
            The idempotency key to record its message or batch under; None if another request was made under this key.
        """
        secret = self._secret(who)
        key = _digest(who, secret)
        return record_key(key) if self.same(key=key, fingerprint=_digest(asked, secret)) else None

    def about(self, mobiles: Collection[str]) -> models.QuerySet[ApiCall]:
        """Find the calls by which messages to a person were recorded, as long as these messages know it.

        Args:
            mobiles: How the number may stand in the record.
        """
        ours = Message.objects.filter(mobile__in=mobiles, idempotency_key__startswith=_PREFIX)
        keys = ours.order_by().values_list("idempotency_key", flat=True).distinct()
        # A message of a bulk has its index behind the bulk's key.
        return self.filter(key__in={key.removeprefix(_PREFIX).partition(":")[0] for key in keys if key})

    def _secret(self, who: str) -> str | bytes:
        """The site's key, or the former one with which this caller's key was noted."""
        secret: str | bytes = settings.SECRET_KEY
        if not settings.SECRET_KEY_FALLBACKS:
            return secret
        former = {_digest(who, one): one for one in settings.SECRET_KEY_FALLBACKS}
        noted = set(self.filter(key__in=former).values_list("key", flat=True))
        # A message keeps its key for longer than the call is kept.
        recorded = {record_key(key): key for key in former}
        for model in (Message, Batch):
            kept = model._default_manager.filter(idempotency_key__in=recorded).values_list("idempotency_key", flat=True)
            noted.update(recorded[str(key)] for key in kept)
        return next((former[key] for key in former if key in noted), secret)

    def same(self, *, key: str, fingerprint: str) -> bool:
        """Note a request under its key. Of two at the same moment one is noted, and the other compared with it.

        Args:
            key: The digest of the caller and the caller's key.
            fingerprint: The digest of the whole request.

        Returns:
            Whether it is the first under this key, or the same as the first.

        Raises:
            UnseenRowError: The first is not to be seen in the caller's transaction, which has to begin again.
        """
        try:
            with transaction.atomic(using=self.db):
                self.create(key=key, fingerprint=fingerprint)
        except IntegrityError:
            with transaction.atomic(using=self.db):
                # Locked, because a locking read sees what was committed after this transaction began (MariaDB).
                first = self.select_for_update().filter(key=key).first()
            if first is None:
                raise UnseenRowError("The key was taken after this transaction had begun.") from None
            return first.fingerprint == fingerprint
        return True

    def forget(self, now: datetime, *, most: int) -> Handled:
        """Delete keys that are older than :data:`KEPT`.

        Args:
            now: The present.
            most: How many at a time.
        """
        old = Q(created_at__lt=now - KEPT)
        return delete(self.filter(old).order_by("created_at", "pk"), self.filter(without_index(old)), most=most)


class ApiCall(PrimaryDBModel):
    """One key of one caller. Neither the key nor what was asked for can be read from it."""

    key = models.CharField(pgettext_lazy("idempotency", "key"), max_length=64, unique=True)
    fingerprint = models.CharField(_("fingerprint"), max_length=64)
    created_at = models.DateTimeField(pgettext_lazy("date", "created"), default=timezone.now)

    objects: ClassVar[ApiCallManager] = ApiCallManager()

    class Meta:
        verbose_name = _("API call")
        verbose_name_plural = _("API calls")
        default_permissions = ()
        indexes = [models.Index(fields=["created_at"], name="ihuyi_api_created")]

    def __str__(self) -> str:
        return gettext("API call %(number)s") % {"number": self.pk}


def _digest(text: str, secret: str | bytes) -> str:
    return salted_hmac(_SALT, text.encode("utf-8", "surrogatepass"), secret=secret, algorithm="sha256").hexdigest()
