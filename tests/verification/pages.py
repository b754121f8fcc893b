"""Two pages of a site: one sends codes to anybody, one to known numbers only, behind a captcha; and their addresses."""

from __future__ import annotations

from typing import Any

from captcha.fields import CaptchaTextInput
from django import forms
from django.http import HttpResponse
from django.template import engines
from django.urls import include, path
from django.views.generic import FormView

from django_ihuyi.forms import MobileField, VerificationCodeField
from django_ihuyi.verification.forms import VerificationCodeFormMixin
from django_ihuyi.verification.views import VerificationCodeViewMixin

KNOWN = "13800138000"
_PAGE = engines["django"].from_string("{{ form.captcha }}{{ form }}")


class OpenForm(VerificationCodeFormMixin, forms.Form):
    code_purpose = "open"
    mobile = MobileField()
    code = VerificationCodeField()
    password = forms.CharField(widget=forms.PasswordInput, min_length=8)


class ClosedForm(OpenForm):
    code_purpose = "closed"
    captcha_widget = CaptchaTextInput

    def may_have_code(self, mobile: str) -> bool:
        return super().may_have_code(mobile) and mobile == KNOWN


class Page(VerificationCodeViewMixin, FormView):  # type: ignore[type-arg]  # generic for type checkers only
    form_class: Any = OpenForm

    def form_valid(self, form: Any) -> HttpResponse:
        return HttpResponse(f"done {form.cleaned_data['mobile']}")

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> Any:
        return HttpResponse(_PAGE.render(context, self.request), **kwargs)


urlpatterns = [
    path("open/", Page.as_view()),
    path("closed/", Page.as_view(form_class=ClosedForm)),
    path("captcha/", include("captcha.urls")),
]
