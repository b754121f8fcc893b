"""The pages to sign up, to log in, to reset the password and to change the number."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.views import LoginView, RedirectURLMixin
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.views.generic import FormView, TemplateView

from django_ihuyi.masking import mask_mobile
from django_ihuyi.models import Message
from django_ihuyi.verification.views import VerificationCodeViewMixin

from .forms import ChangeNumberForm, LogInByCodeForm, LogInForm, ResetPasswordForm, SignUpForm
from .models import Person
from .services import change_number, reset_password, sign_up, texts_to

_SESSION_KEY = "signed_up"


class SignUp(VerificationCodeViewMixin, FormView):  # type: ignore[type-arg]  # generic for type checkers only
    """Sign up with a number, the code that was sent to it, and a password."""

    form_class = SignUpForm
    template_name = "users/sign_up.html"
    success_url = reverse_lazy("signed-up")

    def form_valid(self, form: SignUpForm) -> HttpResponse:
        """Sign up, and remember the text so that the next page can show what becomes of it."""
        mobile = form.cleaned_data["mobile"]
        if not sign_up(mobile, form.cleaned_data["password"]):
            # Only whoever holds the phone gets here.
            messages.info(self.request, _("This number has an account already. Log in, or reset the password."))
            return redirect("log-in")
        text = texts_to(mobile).first()
        self.request.session[_SESSION_KEY] = {"mobile": mobile, "text": text and text.pk}
        return super().form_valid(form)


class SignedUp(TemplateView):
    """What became of the welcome text."""

    template_name = "users/signed_up.html"

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
    template_name = "users/log_in.html"
    redirect_authenticated_user = True


class LogInByCode(VerificationCodeViewMixin, RedirectURLMixin, FormView):  # type: ignore[type-arg]  # as above
    """Log in with a number and a code."""

    form_class = LogInByCodeForm
    template_name = "users/log_in_by_code.html"
    next_page = "home"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401  the signature of Django
        """Add where to go afterwards."""
        return super().get_context_data(next=self.get_redirect_url(), **kwargs)

    def form_valid(self, form: LogInByCodeForm) -> HttpResponse:
        """Log in whom the authentication backend found."""
        login(self.request, form.person)
        return super().form_valid(form)


class ResetPassword(VerificationCodeViewMixin, FormView):  # type: ignore[type-arg]  # as above
    """A new password with a code."""

    form_class = ResetPasswordForm
    template_name = "users/reset_password.html"
    success_url = reverse_lazy("log-in")

    def form_valid(self, form: ResetPasswordForm) -> HttpResponse:
        """Set the password."""
        reset_password(form.cleaned_data["mobile"], form.cleaned_data["password"])
        messages.success(self.request, _("Your password is changed. Log in with the new one."))
        return super().form_valid(form)


class ChangeNumber(LoginRequiredMixin, VerificationCodeViewMixin, FormView):  # type: ignore[type-arg]  # as above
    """Another number, for who is logged in."""

    form_class = ChangeNumberForm
    template_name = "users/change_number.html"
    success_url = reverse_lazy("home")

    def form_valid(self, form: ChangeNumberForm) -> HttpResponse:
        """Change it, unless somebody took it meanwhile."""
        person: object = self.request.user
        assert isinstance(person, Person)  # noqa: S101  for type checkers, which know only Django's own user
        if not change_number(person, form.cleaned_data["mobile"]):
            form.add_error("mobile", _("This number cannot be used."))
            return self.form_invalid(form)
        messages.success(self.request, _("Your number is changed."))
        return super().form_valid(form)
