"""The pages to sign up and to log in."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.views import LoginView
from django.http import HttpResponse
from django.urls import reverse_lazy
from django.views.generic import FormView, TemplateView

from django_ihuyi.masking import mask_mobile
from django_ihuyi.models import Message

from .forms import LogInForm, SignUpForm
from .signing_up import sign_up

_SESSION_KEY = "signed_up"


class SignUp(FormView):  # type: ignore[type-arg]  # generic for type checkers only
    """Sign up with a number and a password."""

    form_class = SignUpForm
    template_name = "people/sign_up.html"
    success_url = reverse_lazy("signed-up")

    def form_valid(self, form: SignUpForm) -> HttpResponse:
        """Sign up, and remember the text so that the next page can show what becomes of it."""
        mobile = form.cleaned_data["mobile"]
        text = sign_up(mobile, form.cleaned_data["password"])
        self.request.session[_SESSION_KEY] = {"mobile": mobile, "text": text and text.pk}
        return super().form_valid(form)


class SignedUp(TemplateView):
    """What became of the text that went out; the same whether or not the number was new."""

    template_name = "people/signed_up.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401  the signature of Django
        """Add the number, masked, and the text."""
        signed_up = self.request.session.get(_SESSION_KEY, {})
        mobile = signed_up.get("mobile", "")
        return super().get_context_data(
            mobile=mask_mobile(mobile),
            text=Message.objects.filter(pk=signed_up.get("text")).first(),
            form=LogInForm(initial={"username": mobile}),
            **kwargs,
        )


class LogIn(LoginView):
    """Log in with a number and a password."""

    authentication_form = LogInForm
    template_name = "people/log_in.html"
    redirect_authenticated_user = True
