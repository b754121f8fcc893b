"""Admin pages of outgoing messages: the list and the page of one message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from django_ihuyi import conf
from django_ihuyi.gateway.content import SEPARATOR
from django_ihuyi.gateway.result_codes import ACCEPTED
from django_ihuyi.masking import HIDDEN
from django_ihuyi.models import AccountState, Batch, Message, Template
from django_ihuyi.sending.template_registry import fill
from django_ihuyi.sentences import join_sentences

from . import conversation, display
from .account_state import pauses
from .actions import ActionsMixin
from .balance_reading import low_balances
from .base import Tool, feature_alerts
from .carrier_codes import explain
from .export.views import ExportMixin
from .field_masking import display_carrier_text, display_content, display_gateway_text, sees_unmasked
from .filters import (
    AccountFilter,
    BatchFilter,
    ChosenFilter,
    CodeFilter,
    DayFilter,
    GivenUpFilter,
    NoReceiptFilter,
    ProductFilter,
)
from .related_tables import receipts_table, replies_table, resending_notes
from .status_summary import describe


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a message's way, with its time if it got there."""

    label: str
    time: SafeString | str
    reached: bool


@admin.register(Message)
class MessageAdmin(ExportMixin, ActionsMixin):
    """Outgoing messages."""

    list_filter = (
        "status",
        "category",
        AccountFilter,
        ProductFilter,
        BatchFilter,
        NoReceiptFilter,
        GivenUpFilter,
        ("created_at", DayFilter),
        CodeFilter,
        ChosenFilter,
    )
    list_display_links = ("id",)
    lookups = frozenset(
        {
            "status__exact",
            "status__in",
            "category__exact",
            "account",
            "product",
            "batch",
            "chosen",
            "code",
            "receipt",
            "given_up",
            "created_at__gte",
            "created_at__lt",
        }
    )
    dated_by = "created_at"
    timed = frozenset({"status__exact", "code", "batch", "receipt", "given_up"})
    scanned = frozenset({"category__exact", "account", "product"})
    not_listed = ("content", "metadata", "msg", "error", "idempotency_key")

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """Return the columns for this reader."""
        return (
            "id",
            "status_badge",
            self.mobile_column(request),
            "answer",
            "created",
            "submitted",
            "accepted",
            "reported",
            "category",
            # Where there is one account only, it tells nothing.
            *(["account_shown"] if len(conf.get_account_aliases()) > 1 else []),
            "smsid",
            "segments",
        )

    def get_fieldsets(self, request: HttpRequest, obj: Message | None = None) -> Any:  # noqa: ANN401  Django's own
        """Return the parts of the page for this reader."""
        kind = "whole" if sees_unmasked(request) else "masked"
        sent = [f"{kind}_mobile", f"{kind}_text", "segments", "category", "account_shown"]
        # What a message has not, such as an answer while it waits, is left out.
        answer = ["answer_code", f"{kind}_msg", "meaning"] if obj is not None and obj.code is not None else []
        answer += [name for name in ("smsid", "error") if getattr(obj, name, None)]
        report = ["receipt_outcome", "receipt_code", f"{kind}_receipt_msg", "receipt_meaning"]
        more = ["attempts", "retries", "due", "expires", f"{kind}_idempotency_key", f"{kind}_metadata"]
        if obj is not None and obj.template:
            sent.append(f"{kind}_template")
        if obj is not None and obj.batch_id is not None:
            sent.append("batch_link" if request.user.has_perm("django_ihuyi.view_batch") else "batch_number")
        reported = obj is not None and obj.receipt_code is not None
        return [
            (_("What was sent"), {"fields": sent}),
            *([(_("The gateway's answer"), {"fields": answer})] if answer else []),
            *([(_("The carrier's report"), {"fields": report})] if reported else []),
            (_("For developers"), {"fields": more, "classes": ["collapse"]}),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list, under what staff must know of paused accounts, low balances and from features."""
        told: dict[str, Any] = {}
        if self.has_view_permission(request):
            told = {
                "pauses": list(pauses()),
                "alerts": feature_alerts(request),
                "low_balances": list(low_balances()),
            }
        return super().changelist_view(request, {**told, **(extra_context or {})})

    def tools(self, request: HttpRequest, row: Message) -> list[Tool]:
        """Lead to the conversation that it belongs to."""
        return [*super().tools(request, row), *conversation.tools(self.admin_site, request, row)]

    def shown_beside(self, request: HttpRequest, row: Message) -> dict[str, Any]:
        """Show first where it stands, and last what came back."""
        paused = AccountState.objects.filter(account=row.account, paused_since__isnull=False).first()
        tables = (receipts_table(self, request, row), replies_table(self, request, row))
        return {
            **super().shown_beside(request, row),
            "standing": describe(row, paused=paused, now=timezone.now()),
            "badge": display.status_badge(row),
            "notes": resending_notes(self, row),
            "buttons": self.buttons(request, row),
            "steps": self.steps(row),
            "tables": [table for table in tables if table is not None],
        }

    @admin.display(description=_("account"))
    def account_shown(self, message: Message) -> str:
        """Show the account, and what it is of where that is not SMS."""
        return display.account(message.account)

    def steps(self, message: Message) -> list[Step]:
        """Return a message's way from the call to the carrier's word."""
        way = (
            (gettext("Created"), message.created_at),
            (gettext("Submitted"), message.submitted_at),
            (gettext("Accepted at"), message.accepted_at),
            (gettext("Reported"), message.reported_at),
        )
        return [Step(label, display.time(moment), moment is not None) for label, moment in way]

    @admin.display(description=pgettext_lazy("date", "created"))
    def created(self, message: Message) -> SafeString | str:
        """Show when it was recorded."""
        return display.time(message.created_at)

    @admin.display(description=_("submitted"))
    def submitted(self, message: Message) -> SafeString | str:
        """Show when it was given to the gateway."""
        return display.time(message.submitted_at, beside=message.created_at)

    @admin.display(description=_("accepted at"))
    def accepted(self, message: Message) -> SafeString | str:
        """Show when the gateway took it."""
        return display.time(message.accepted_at, beside=message.created_at)

    @admin.display(description=_("reported"))
    def reported(self, message: Message) -> SafeString | str:
        """Show the carrier's time."""
        return display.time(message.reported_at, beside=message.created_at)

    @admin.display(description=_("status"))
    def status_badge(self, message: Message) -> SafeString:
        """Show where it stands."""
        return display.status_badge(message)

    @admin.display(description=_("code"))
    def answer(self, message: Message) -> SafeString | str:
        """Show why it is not delivered: the carrier's words where there are such, else the gateway's code."""
        if message.status == Message.Status.UNDELIVERED and message.receipt_msg:
            # The list reads no text.
            words = display_carrier_text(message.receipt_msg, message.mobile, message.category, whole=False)
            return display.carrier_words(words, delivered=False)
        return display.code(message.code, message.account)

    @admin.display(description=_("text"))
    def whole_text(self, message: Message) -> SafeString | str:
        """Show the text; a verification code is left out for everybody."""
        return display.text(display_content(message, whole=True))

    @admin.display(description=_("text"))
    def masked_text(self, message: Message) -> SafeString | str:
        """Show how long the text is."""
        return display.text(display_content(message, whole=False))

    @admin.display(description=_("template"))
    def whole_template(self, message: Message) -> SafeString | str:
        """Show which template it is, and what the recipient reads: the row has the variables only."""
        template = _template_of(message)
        if template is None:
            return message.template
        name, values = f"{template} ({message.template})", display_content(message, whole=True).split(SEPARATOR)
        if len(values) != len(template.variables):
            return name
        return format_html("{} {}", name, display.text(fill(template.text, values)))

    @admin.display(description=_("template"))
    def masked_template(self, message: Message) -> str:
        """Show which template it is."""
        template = _template_of(message)
        return message.template if template is None else f"{template} ({message.template})"

    @admin.display(description=_("batch"))
    def batch_link(self, message: Message) -> SafeString:
        """Show the bulk sending that it belongs to, as a link."""
        return display.link(self.page_of(Batch(pk=message.batch_id)), self.batch_number(message))

    @admin.display(description=_("batch"))
    def batch_number(self, message: Message) -> str:
        """Show the bulk sending that it belongs to."""
        return str(Batch(pk=message.batch_id))

    @admin.display(description=_("gateway's words"))
    def whole_msg(self, message: Message) -> SafeString | str:
        """Show the gateway's own words."""
        return display.text(display_gateway_text(message.msg, message, whole=True))

    @admin.display(description=_("gateway's words"))
    def masked_msg(self, message: Message) -> SafeString | str:
        """Show the gateway's own words, without what they quote."""
        return display.text(display_gateway_text(message.msg, message, whole=False))

    @admin.display(description=_("code"))
    def answer_code(self, message: Message) -> str:
        """Show the code."""
        return display.EMPTY if message.code is None else str(message.code)

    @admin.display(description=_("meaning"))
    def meaning(self, message: Message) -> str:
        """Show what the code means and, where it is the last word on the message, what to do."""
        assert message.code is not None  # noqa: S101  the page has this part only where there is one
        code = conf.lookup_code(message.code, message.account)
        final = message.status == Message.Status.REJECTED and not code.retryable
        return join_sentences(gettext(code.meaning), gettext(code.action)) if final else gettext(code.meaning)

    @admin.display(description=_("carrier's words"))
    def whole_receipt_msg(self, message: Message) -> SafeString | str:
        """Show the carrier's own words."""
        return display.text(display_gateway_text(message.receipt_msg, message, whole=True))

    @admin.display(description=_("carrier's words"))
    def masked_receipt_msg(self, message: Message) -> SafeString | str:
        """Show the carrier's own words, without what they quote."""
        return display.text(display_gateway_text(message.receipt_msg, message, whole=False))

    @admin.display(description=_("meaning"))
    def receipt_meaning(self, message: Message) -> str:
        """Show what the carrier's words mean."""
        explanation = explain(message.receipt_msg, delivered=message.receipt_code == ACCEPTED)
        return gettext(explanation.meaning) if explanation else display.EMPTY

    @admin.display(description=_("outcome"))
    def receipt_outcome(self, message: Message) -> SafeString:
        """Show what the receipt says."""
        return display.outcome_badge(delivered=message.receipt_code == ACCEPTED)

    @admin.display(description=_("due"))
    def due(self, message: Message) -> SafeString | str:
        """Show before when it is not submitted."""
        return display.time(message.due_at)

    @admin.display(description=_("expires"))
    def expires(self, message: Message) -> SafeString | str:
        """Show after when it is of no use."""
        return display.time(message.expires_at)

    @admin.display(description=_("idempotency key"))
    def whole_idempotency_key(self, message: Message) -> str:
        """Show the key."""
        return message.idempotency_key or display.EMPTY

    @admin.display(description=_("idempotency key"))
    def masked_idempotency_key(self, message: Message) -> str:
        """Show whether there is a key: sites make them of numbers and names."""
        return HIDDEN if message.idempotency_key else display.EMPTY

    @admin.display(description=_("metadata"))
    def whole_metadata(self, message: Message) -> SafeString | str:
        """Show what the site noted."""
        return display.data(message.metadata)

    @admin.display(description=_("metadata"))
    def masked_metadata(self, message: Message) -> SafeString | str:
        """Show whether the site noted something."""
        return HIDDEN if message.metadata else display.EMPTY


def _template_of(message: Message) -> Template | None:
    return Template.objects.filter(account=message.account, template_id=message.template).first()
