"""Table of templates, and the changes of their state."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.core.validators import RegexValidator
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from django_ihuyi import signals
from django_ihuyi.events import record_event
from django_ihuyi.hooks import Event
from django_ihuyi.transactions import refuse_transaction, retry_on_conflict

from .base import PrimaryDBManager, PrimaryDBModel, without_index
from .column_limits import fit_values

if TYPE_CHECKING:
    from .template_review import TemplateReview

OPEN_TO_ALL = "1"
"""The gateway's id of the template that every account may use, reviewed or not (PROTOCOL 1)."""


class TemplateState(models.TextChoices):
    """Where a template stands."""

    DRAFT = "draft", _("draft")
    IN_REVIEW = "in_review", _("in review")
    PASSED = "passed", _("passed")
    REFUSED = "refused", _("refused")


_EDITABLE = (TemplateState.DRAFT, TemplateState.REFUSED)
_ANOTHER = frozenset({"text", "account"})
"""Who writes one of these makes another template of it."""


class TemplateManager(PrimaryDBManager["Template"]):
    """Finds templates, and tells them of reviews."""

    def usable(self, account: str) -> models.QuerySet[Template]:
        """Return what an account may send: what passed, and the template that is open to all."""
        may = models.Q(state=TemplateState.PASSED) | models.Q(template_id=OPEN_TO_ALL)
        return self.filter(may, account=account)

    def apply_review(self, review: TemplateReview) -> bool:
        """Apply a kept review to the template it is about. The latest review that came decides, whatever came before.

        Args:
            review: A saved review.

        Returns:
            Whether a template was found.
        """
        found = list(self.filter(template_id=review.templateid).order_by("pk"))
        for template in found:
            template.review(review)
        return bool(found)


class Template(PrimaryDBModel):
    """A text that the gateway has to approve, with places for variables.

    ``name`` is ours, for :func:`~django_ihuyi.send_sms`; ``template_id`` is the gateway's, null until it has told one.
    ``msg`` keeps the gateway's words: why it refused the hand-in, or what the review said.
    """

    State = TemplateState

    name = models.CharField(
        pgettext_lazy("label", "name"),
        max_length=32,
        unique=True,
        # Digits alone are the gateway's ids.
        validators=[
            RegexValidator(
                r"^(?![0-9]+\Z)[a-z0-9][a-z0-9_-]*\Z", _("Small letters, digits, - and _, with a letter among them.")
            )
        ],
        help_text=_("What the site's code calls it, such as order-shipped."),
    )
    account = models.CharField(_("account"), max_length=64, default="default")
    text = models.TextField(_("text"), help_text=_("Without the signature. Write 【变量】 where a variable stands."))
    variables = models.JSONField(_("variables"), default=list, blank=True)
    template_id = models.CharField(_("gateway's id"), max_length=32, null=True, blank=True)  # noqa: DJ001  null: "no id" must never equal "no id"
    state = models.CharField(_("state"), max_length=16, choices=TemplateState.choices, default=TemplateState.DRAFT)
    msg = models.CharField(_("gateway's words"), max_length=255, blank=True)
    error = models.CharField(_("error"), max_length=255, blank=True)
    created_at = models.DateTimeField(pgettext_lazy("date", "created"), default=timezone.now)
    submitted_at = models.DateTimeField(_("handed in"), null=True, blank=True)
    reviewed_at = models.DateTimeField(_("reviewed"), null=True, blank=True)

    objects: ClassVar[TemplateManager] = TemplateManager()

    class Meta:
        verbose_name = _("template")
        verbose_name_plural = _("templates")
        ordering = ("-id",)
        permissions = [
            ("submit_template", _("Can hand in templates for review")),
            ("send_test", _("Can send test messages")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["account", "template_id"], name="ihuyi_template_id_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=TemplateState.values), name="ihuyi_template_state_known"
            ),
        ]
        indexes = [models.Index(fields=["template_id"], name="ihuyi_template_id")]

    def __str__(self) -> str:
        return self.name

    @property
    def editable(self) -> bool:
        """Whether its text may still be changed: the gateway has not seen it, or refused it."""
        return self.state in _EDITABLE

    @property
    def usable(self) -> bool:
        """Whether the gateway sends it."""
        return bool(self.template_id) and (self.state == TemplateState.PASSED or self.template_id == OPEN_TO_ALL)

    @property
    def lacks_id(self) -> bool:
        """Whether it was handed in, and no answer told the gateway's id."""
        return self.state == TemplateState.IN_REVIEW and not self.template_id

    def decide_state(self, written: Collection[str]) -> None:
        """Set the state that follows from what somebody wrote; nothing is saved.

        Args:
            written: The fields that were written.
        """
        if self.template_id and "template_id" in written:
            # An id that somebody copies from the console is that of an approved template.
            self.state = TemplateState.PASSED
        elif _ANOTHER.intersection(written):
            self.state, self.template_id = TemplateState.DRAFT, None

    def rewrite(self, written: Collection[str]) -> bool:
        """Save what was written and the state that follows from it, unless the gateway was given it meanwhile.

        Args:
            written: The fields that were written. Another text or account makes a new template to the gateway, and
                what it said of the one before is forgotten.

        Returns:
            Whether it was saved.
        """
        self.decide_state(written)
        rows = Template.objects.filter(pk=self.pk, state__in=_EDITABLE)
        saved = ("name", "account", "text", "variables", "template_id", "state")
        changes: dict[str, Any] = {name: getattr(self, name) for name in saved}
        if _ANOTHER.intersection(written):
            changes |= {"msg": "", "error": "", "submitted_at": None, "reviewed_at": None}
        return self._change(rows, **changes)

    def begin_submission(self, *, now: datetime) -> bool:
        """Take the right to hand it in. Of two people who press the button one wins. Returns whether it is ours.

        Raises:
            RuntimeError: A transaction is open: rolled back, it would be handed in twice.
        """
        refuse_transaction("A template", using=Template.objects.db)
        rows = Template.objects.filter(pk=self.pk, state__in=_EDITABLE, text=self.text)
        return self._change(
            rows, state=TemplateState.IN_REVIEW, template_id=None, submitted_at=now, reviewed_at=None, msg="", error=""
        )

    def withdraw(self, *, state: str, msg: str = "", error: str = "") -> bool:
        """The gateway has surely not taken it: back to what it was. Returns whether this call changed the row.

        Args:
            state: What it was before it was handed in.
            msg: The gateway's words, if it refused.
            error: What went wrong, if there was no answer.
        """
        return self._change(self._awaited(), state=state, msg=msg, error=error, submitted_at=None)

    def mark_unknown(self, *, error: str) -> bool:
        """Nobody knows whether the gateway took it: in review, without an id. Returns whether the row changed."""
        return self._change(self._awaited(), error=error)

    def settle(self, template_id: str) -> bool:
        """Note the gateway's id, and apply a review that came before it.

        The review is looked for after commit: either this finds it, or the review, kept later, finds the id.

        Args:
            template_id: The id that ``AddTemplate`` answered or somebody read in ihuyi's console.

        Returns:
            Whether this call changed the row. False also where another template of the account has this id.
        """
        rows = self._awaited()
        try:
            with transaction.atomic(using=rows.db):
                if not self._change(rows, template_id=template_id, error=""):
                    return False
        except IntegrityError:
            self.mark_unknown(error="The gateway's id is another template's.")
            return False
        transaction.on_commit(self._apply_kept, using=rows.db)
        return True

    def _apply_kept(self) -> None:
        from .template_review import TemplateReview

        latest = TemplateReview.objects.filter(templateid=self.template_id).order_by("-pk").first()
        if latest is not None:
            self.review(latest)

    def review(self, review: TemplateReview) -> bool:
        """Apply a review. Repeats change nothing, and nothing is told of them.

        Returns:
            Whether the state changed with this call.
        """
        unattached = without_index(models.Q(template__isnull=True))
        type(review).objects.filter(unattached, pk=review.pk).update(template=self)
        state = review.verdict
        if state is None:
            return False
        differs = without_index(models.Q(template_id=review.templateid) & ~models.Q(state=state))
        rows = Template.objects.filter(differs, pk=self.pk)

        def decide() -> bool:
            with transaction.atomic(using=rows.db):
                changed = self._change(rows, state=state, msg=review.msg, reviewed_at=review.received_at)
                if changed:
                    with record_event("template.reviewed", using=rows.db) as record:
                        record(self.as_event())
                    signals.send_after_commit(signals.template_reviewed, Template, using=rows.db, template=self)
            return changed

        return retry_on_conflict(decide, using=rows.db, restoring=[self])

    def as_event(self) -> Event:
        """Return what other systems hear of a review: the template as the review left it."""
        data = {
            "template": self.pk,
            "name": self.name,
            "account": self.account,
            "template_id": self.template_id,
            "state": self.state,
        }
        return Event(data, account=self.account)

    def _awaited(self) -> models.QuerySet[Template]:
        awaited = models.Q(state=TemplateState.IN_REVIEW, template_id__isnull=True)
        return Template.objects.filter(without_index(awaited), pk=self.pk)

    def _change(self, rows: models.QuerySet[Template], **changes: Any) -> bool:  # noqa: ANN401  a row's values
        changes |= fit_values(
            Template, {name: changes[name] for name in {"msg", "error"} & changes.keys()}, using=rows.db
        )
        if not rows.update(**changes):
            return False
        for name, value in changes.items():
            setattr(self, name, value)
        return True
