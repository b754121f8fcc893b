"""Table of template reviews as they were pushed (PROTOCOL 4)."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import ClassVar

from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_ihuyi.external_text import clean
from django_ihuyi.transactions import retry_on_conflict

from .base import PrimaryDBManager, PrimaryDBModel
from .column_limits import fit_row
from .push_record import REPEATED_WITHIN
from .template import Template, TemplateState

_VERDICTS = {2: TemplateState.PASSED, 0: TemplateState.REFUSED}


class TemplateReviewManager(PrimaryDBManager["TemplateReview"]):
    """Keeps reviews."""

    def receive(self, review: TemplateReview) -> bool:
        """Keep a review, then tell its template.

        Must not run in a transaction of the caller's (see ``Template.settle``).

        Args:
            review: A review that is not saved.

        Returns:
            Whether it is new. A push has no time of its own, so the same words within ten minutes are a repeat.
        """
        review.msg = clean(review.msg)
        new = retry_on_conflict(partial(self._keep, review), using=self.db, restoring=[review])
        if not new:
            # The process that kept it may have died before it told the template. Whatever came last decides.
            kept = self.filter(templateid=review.templateid).order_by("-pk").first()
            review = kept or review
        Template.objects.apply_review(review)
        return new

    def _keep(self, review: TemplateReview) -> bool:
        """Keep a review. Returns whether it is new."""
        fit_row(review, using=self.db)
        equal = self.filter(templateid=review.templateid, code=review.code, msg=review.msg)
        since = review.received_at - REPEATED_WITHIN
        new = not equal.filter(received_at__gte=since).exists()
        if new:
            # Only those from before: two at the same moment count the same, and the constraint takes one of them.
            review.fingerprint = review.make_fingerprint(equal.filter(received_at__lt=since).count())
            try:
                with transaction.atomic(using=self.db):
                    review.save(force_insert=True)
            except IntegrityError:
                if not self.filter(fingerprint=review.fingerprint).exists():
                    raise
                new = False
        return new


class TemplateReview(PrimaryDBModel):
    """The gateway's word on a template. ``template`` is null while nobody has its id."""

    templateid = models.CharField(_("gateway's id"), max_length=64)
    code = models.BigIntegerField(_("code"), help_text=_("2: passed; 0: refused."))
    msg = models.CharField(_("gateway's words"), max_length=255, blank=True)
    received_at = models.DateTimeField(_("received"), default=timezone.now)
    fingerprint = models.CharField(max_length=64, unique=True, editable=False)
    template = models.ForeignKey(
        Template, models.SET_NULL, null=True, blank=True, related_name="reviews", verbose_name=_("template")
    )

    objects: ClassVar[TemplateReviewManager] = TemplateReviewManager()

    class Meta:
        verbose_name = _("template review")
        verbose_name_plural = _("template reviews")
        ordering = ("-id",)
        indexes = [models.Index(fields=["templateid", "-id"], name="ihuyi_review_templateid")]

    def __str__(self) -> str:
        return gettext("template review %(number)s") % {"number": self.pk}

    @property
    def verdict(self) -> TemplateState | None:
        """What it makes of its template; None for a code that no document knows, which changes nothing."""
        return _VERDICTS.get(self.code)

    def make_fingerprint(self, earlier: int) -> str:
        """Return the digest of what makes this review itself, 64 hex digits.

        Args:
            earlier: How many equal ones are kept: a decision taken twice is two reviews.
        """
        values = [self.templateid, str(self.code), self.msg, str(earlier)]
        # The length before each value keeps ("ab", "c") apart from ("a", "bc").
        return hashlib.sha256("".join(f"{len(value)}:{value}" for value in values).encode()).hexdigest()
