"""Admin pages of templates: the registry, submission for review, and review results."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_ihuyi.gateway import GatewayError, SubmitRefused, lookup
from django_ihuyi.models import Template, TemplateReview
from django_ihuyi.sending.template_registry import submit_for_review

from . import display
from .base import ReadOnlyAdmin, Tool
from .filters import AccountFilter
from .template_form import IdForm, TemplateForm
from .test_send import TestSend

_BADGES = {
    Template.State.DRAFT: ("off", "–"),
    Template.State.IN_REVIEW: ("wait", "…"),
    Template.State.PASSED: ("good", "✓"),
    Template.State.REFUSED: ("bad", "✗"),
}


@admin.register(Template)
class TemplateAdmin(ReadOnlyAdmin[Template]):
    """Templates."""

    form = TemplateForm
    list_display = ("name", "state_badge", "template_id", "account", "variables_listed", "words", "reviewed")
    list_filter = ("state", AccountFilter)
    lookups = frozenset({"state__exact", "account"})
    search_fields = ("name",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whether somebody may register a template."""
        return request.user.has_perm("django_ihuyi.add_template")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whether somebody may change this one: not what the gateway reviews or has passed."""
        changeable = not isinstance(obj, Template) or obj.editable or obj.lacks_id
        return changeable and request.user.has_perm("django_ihuyi.change_template")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whether somebody may take a template out of the registry; at ihuyi it stays."""
        return request.user.has_perm("django_ihuyi.delete_template")

    def get_form(
        self,
        request: HttpRequest,
        obj: Template | None = None,
        change: bool = False,
        **kwargs: Any,  # noqa: ANN401  Django's own
    ) -> type[forms.ModelForm[Template]]:
        """Return the form for a template that may be changed, or for its id alone."""
        if obj is not None and obj.lacks_id and self.has_change_permission(request, obj):
            kwargs["form"] = IdForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Template | None = None) -> Any:  # noqa: ANN401  Django's own
        """Return the parts of the page."""
        editable = obj is None or (obj.editable and self.has_change_permission(request, obj))
        told = ("state_badge", "words", "error", "handed_in", "reviewed")
        fields = ["name", "account", "text", "variables" if editable else "variables_listed", "template_id"]
        parts = [(None, {"fields": fields})]
        return parts if obj is None else [*parts, (_("Review"), {"fields": told})]

    def get_readonly_fields(self, request: HttpRequest, obj: Template | None = None) -> tuple[str, ...]:
        """Return what nobody writes here."""
        told = ("state_badge", "words", "error", "handed_in", "reviewed")
        if obj is None:
            return told
        return ("name", "account", "text", "variables_listed", *told) if obj.lacks_id else ("variables_listed", *told)

    def save_model(self, request: HttpRequest, obj: Template, form: Any, change: bool) -> None:  # noqa: ANN401  Django's own
        """Save what was written, unless the gateway was given the template meanwhile."""
        if change and isinstance(form, IdForm):
            if obj.template_id:
                template_id, obj.template_id = obj.template_id, None
                obj.settle(template_id)
            return
        if not change:
            obj.decide_state(form.changed_data)
            super().save_model(request, obj, form, change)
        elif not obj.rewrite(form.changed_data):
            messages.error(request, gettext("Nothing was saved: the template was handed in for review meanwhile."))

    def tools(self, request: HttpRequest, row: Template) -> list[Tool]:
        """Lead to handing in."""
        tools = super().tools(request, row)
        if row.editable and request.user.has_perm("django_ihuyi.submit_template"):
            url = reverse("admin:django_ihuyi_template_submit", args=[row.pk], current_app=self.admin_site.name)
            tools.append(Tool(url, gettext("Hand in for review")))
        return tools

    def shown_beside(self, request: HttpRequest, row: Template) -> dict[str, Any]:
        """Show what the gateway pushed of it."""
        reviews = [
            (display.time(review.received_at), review.code, _verdict(review), review.msg)
            for review in row.reviews.order_by("-pk")[:20]
        ]
        return {**super().shown_beside(request, row), "reviews": reviews}

    def get_urls(self) -> list[URLPattern]:
        """Return the addresses: of handing in, and of the test send, beside Django's own."""
        # What is on its way must be committed before the gateway is asked, else a review may miss it.
        committing = transaction.non_atomic_requests(using=Template.objects.db)
        view = committing(self.admin_site.admin_view(self.submit_view))
        submit = path("<path:object_id>/submit/", view, name="django_ihuyi_template_submit")
        return [*TestSend(self).get_urls(), submit, *super().get_urls()]

    def submit_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask whether to hand a template in for review; by POST, do it."""
        template = self.get_object(request, object_id)
        if template is None:
            raise Http404
        if not (request.user.has_perm("django_ihuyi.submit_template") and self.has_view_permission(request, template)):
            raise PermissionDenied
        if request.method == "POST":
            self._submit(request, template)
            return HttpResponseRedirect(self.page_of(template))
        return self.show(
            request,
            "admin/django_ihuyi/template/submit.html",
            gettext("Hand in for review"),
            below=[
                (capfirst(self.opts.verbose_name_plural), self.list_of(Template)),
                (str(template), self.page_of(template)),
            ],
            template=template,
            page=self.page_of(template),
        )

    def _submit(self, request: HttpRequest, template: Template) -> None:
        try:
            handed_in = submit_for_review(template)
        except SubmitRefused as error:
            code = lookup(error.code)
            text = gettext("The gateway refused it (code %(code)s): %(meaning)s %(advice)s")
            words = {"code": error.code, "meaning": gettext(code.meaning), "advice": gettext(code.action)}
            messages.error(request, text % words)
        except ImproperlyConfigured:
            messages.error(
                request, gettext("The account does not stand in the settings any more. Nothing was handed in.")
            )
            return
        except GatewayError:
            messages.error(request, gettext("The gateway could not be reached. Nothing was handed in; try again."))
        else:
            if not handed_in:
                messages.warning(request, gettext("It was handed in already, or changed meanwhile."))
                return
            if template.lacks_id:
                text = gettext("No answer came: look in ihuyi's console whether it is there, and write its id below.")
                messages.warning(request, text)
            else:
                messages.success(request, gettext("Handed in. ihuyi's word comes by itself, on the push URL."))
        self.log_change(request, template, [{"changed": {"fields": ["state"]}}])

    @admin.display(description=_("state"), ordering=None)
    def state_badge(self, template: Template) -> SafeString:
        """Show where it stands."""
        return display.badge(*_BADGES[Template.State(template.state)], template.get_state_display())

    @admin.display(description=_("variables"))
    def variables_listed(self, template: Template) -> str:
        """Show the names."""
        return ", ".join(template.variables) or display.EMPTY

    @admin.display(description=_("gateway's words"))
    def words(self, template: Template) -> str:
        """Show what the gateway said."""
        return template.msg or display.EMPTY

    @admin.display(description=_("handed in"))
    def handed_in(self, template: Template) -> SafeString | str:
        """Show when it was handed in."""
        return display.time(template.submitted_at)

    @admin.display(description=_("reviewed"))
    def reviewed(self, template: Template) -> SafeString | str:
        """Show when it was reviewed."""
        return display.time(template.reviewed_at)


@admin.register(TemplateReview)
class TemplateReviewAdmin(ReadOnlyAdmin[TemplateReview]):
    """What the gateway pushed about templates, also about ones that nobody knows."""

    list_display = ("id", "templateid", "template", "verdict_badge", "code", "msg", "received")
    list_display_links = ("id",)
    fields = ("templateid", "template", "verdict_badge", "code", "msg", "received")

    def get_queryset(self, request: HttpRequest) -> QuerySet[TemplateReview]:
        """Read the templates' names along."""
        return super().get_queryset(request).select_related("template")

    @admin.display(description=_("state"))
    def verdict_badge(self, review: TemplateReview) -> SafeString:
        """Show what it says."""
        return _verdict(review)

    @admin.display(description=_("received"))
    def received(self, review: TemplateReview) -> SafeString | str:
        """Show when it came."""
        return display.time(review.received_at)


def _verdict(review: TemplateReview) -> SafeString:
    if review.verdict is None:
        return display.badge("warn", "?", gettext("not known"))
    return display.badge(*_BADGES[review.verdict], review.verdict.label)
