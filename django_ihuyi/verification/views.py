"""View mixin for a form with a verification code; it also answers the "send code" button."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import patch_vary_headers
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters

from .forms import SEND, CodeAnswer

_JSON = "application/json"

if TYPE_CHECKING:
    from django.views.generic import FormView

    _FormView = FormView[Any]
else:
    _FormView = object


class VerificationCodeViewMixin(_FormView):
    """For a ``FormView`` whose form is a ``VerificationCodeFormMixin``; put it in front of the view's class."""

    def get_form_kwargs(self) -> dict[str, Any]:
        """Give the form the request."""
        return {**super().get_form_kwargs(), "request": self.request}

    @method_decorator(sensitive_post_parameters())
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ANN401  what a URL captures
        """Send a code if the form was posted by that button, else go on with the form."""
        if SEND not in request.POST:
            response: HttpResponse = super().post(request, *args, **kwargs)
            return response
        form: Any = self.get_form()
        answer: CodeAnswer = form.send_code()
        if request.get_preferred_type(["text/html", _JSON]) == _JSON:
            response = JsonResponse(answer.as_dict(), status=answer.status)
        else:
            response = self.render_to_response(
                self.get_context_data(form=self._as_it_was(answer)), status=answer.status
            )
        if answer.status in {429, 503}:
            response.headers["Retry-After"] = str(answer.retry_after)
        patch_vary_headers(response, ["Accept"])
        return response

    def _as_it_was(self, answer: CodeAnswer) -> Any:  # noqa: ANN401  the view's form
        """Return the form with what was typed, and without complaints about what was not typed yet."""
        kwargs = self.get_form_kwargs()
        typed = kwargs.pop("data")
        kwargs.pop("files", None)
        form = self.get_form_class()(**kwargs)
        for bound in form:
            # Secrets are typed again: a page never repeats one.
            if getattr(bound.field.widget, "input_type", "") != "password" and bound.html_name in typed:
                form.initial[bound.name] = bound.field.widget.value_from_datadict(typed, {}, bound.html_name)
        form.show(answer)
        return form
