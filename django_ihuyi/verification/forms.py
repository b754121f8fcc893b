"""Form field, widget and mixin for verification codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.widgets import Script
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.debug import sensitive_variables

from django_ihuyi.client_ip import client_address
from django_ihuyi.exceptions import CaptchaRequired, CodeThrottled, InvalidMessage, ThrottleReason
from django_ihuyi.verification.models.verification_code import read_typed

from .captcha import captcha_required
from .codes import offer_code, send_code, verify_code
from .conf import get_verification
from .throttle_text import throttle_text

SEND = "send_code"
"""The name of the button that sends the code: a form that is posted with it asks for a code and nothing else."""
_CAPTCHA = "captcha"

if TYPE_CHECKING:
    _Form = forms.Form
else:
    _Form = object


class VerificationCodeInput(forms.TextInput):
    """The input for a code with a button that has it sent and counts the seconds until it can be sent again.

    Without JavaScript the button posts the whole form; with it, the page stays. The script is a file of its own, and
    nothing is written into the page's markup, so a Content-Security-Policy of ``script-src 'self'`` is enough.

    Attributes:
        notice: What became of a code that was asked for without JavaScript.
        wait: The seconds until the button can be pressed again.
    """

    template_name = "django_ihuyi/widgets/verification_code.html"
    notice = ""
    wait = 0

    class Media:
        js = [Script("django_ihuyi/verification_code.js", defer=True)]

    def __init__(self, attrs: Mapping[str, Any] | None = None) -> None:
        """Take further attributes."""
        own = {"autocomplete": "one-time-code", "inputmode": "numeric", "autocapitalize": "off", "spellcheck": "false"}
        super().__init__({**own, **(attrs or {})})

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:  # noqa: ANN401  as Django has it
        """Add the button's name and what stands beside it. A code that was typed is never written into a page."""
        context = super().get_context(name, None, attrs)
        shared = {"send": SEND, "notice": self.notice, "wait": self.wait}
        element = context["widget"]["attrs"].get("id") or name
        context["widget"] |= {**shared, "status_id": f"{element}_status"}
        described = context["widget"]["attrs"].get("aria-describedby")
        context["widget"]["attrs"]["aria-describedby"] = " ".join(filter(None, [described, f"{element}_status"]))
        return context


class VerificationCodeField(forms.CharField):
    """Takes a code as people type or paste it, and gives its digits. Whether it is right is the form's to ask."""

    widget = VerificationCodeInput
    default_error_messages = {"digits": gettext_lazy("Write the digits of the code.")}

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401  the keywords of CharField
        kwargs.setdefault("label", pgettext_lazy("verification", "Code"))
        super().__init__(**kwargs)

    def clean(self, value: Any) -> str:  # noqa: ANN401  what the widget gives
        """Return the digits.

        Raises:
            ValidationError: There are none, or something else is among them.
        """
        text = str(super().clean(value) or "")
        digits = read_typed(text)
        if text and not digits:
            raise ValidationError(self.error_messages["digits"], code="digits")
        return digits


@dataclass(frozen=True)
class CodeAnswer:
    """What a person is told who asked for a code. It says nothing of whether the site knows the number.

    Attributes:
        sent: Whether a code is on its way, as far as the person is told.
        text: What to show, translated.
        retry_after: Seconds until asking again makes sense; 0: at once.
        wrong: The names of the inputs to mend.
        settled: The names of the inputs whose earlier errors do not count any more.
        captcha: A new captcha as HTML, or None where none is needed.
        status: The HTTP status that fits.
    """

    sent: bool
    text: str
    retry_after: int = 0
    wrong: tuple[str, ...] = ()
    settled: tuple[str, ...] = ()
    captcha: str | None = None
    status: int = 200

    def as_dict(self) -> dict[str, Any]:
        """Return what the script on the page reads."""
        return {name: value for name, value in asdict(self).items() if name != "status"}


class VerificationCodeFormMixin(_Form):
    """For a form with a ``MobileField`` and a ``VerificationCodeField``; put it in front of the form's class.

    The code is checked last, and only if everything else is right: a code that was used up by a form that is shown
    again would be lost.

    Attributes:
        code_purpose: What the code is for: see :func:`django_ihuyi.send_code`. Required.
        code_account: The alias of the account that sends it.
        mobile_field: The name of the field with the number.
        code_field: The name of the field with the code.
        captcha_widget: The class of the widget that shows a captcha, where ``IHUYI["VERIFICATION"]["CAPTCHA"]`` is set.
    """

    code_purpose: str
    code_account = "default"
    mobile_field = "mobile"
    code_field = "code"
    captcha_widget: type[forms.Widget] | None = None

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:  # noqa: ANN401  the keywords of the form
        """Take the request, for the client's address, and what the form takes."""
        super().__init__(*args, **kwargs)
        self.request = request

    def may_have_code(self, mobile: str) -> bool:
        """Whether a code really goes out. Where not, the same is answered in the same time, and nothing is sent.

        Args:
            mobile: Eleven digits.
        """
        return True

    def check_code(self, mobile: str, code: str) -> bool:
        """Whether the code is right: uses it up. For forms that let Django's ``authenticate`` do it."""
        return verify_code(mobile, self.code_purpose, code)

    @sensitive_variables()
    def send_code(self) -> CodeAnswer:
        """Have a code sent to the number in the form's data.

        Returns:
            What to tell the person.
        """
        name = self.add_prefix(self.mobile_field)
        field = self.fields[self.mobile_field]
        try:
            mobile = field.clean(field.widget.value_from_datadict(self.data, self.files, name))
        except ValidationError as error:
            return CodeAnswer(False, " ".join(error.messages), wrong=(name,), status=400)
        send = send_code if self._serves_everybody() else partial(offer_code, known=self.may_have_code(mobile))
        try:
            send(
                mobile,
                self.code_purpose,
                ip=self._address(),
                account=self.code_account,
                captcha=self._typed_captcha(),
            )
        except CaptchaRequired:
            return self._ask_for_captcha()
        except CodeThrottled as error:
            # Where no code goes out to anybody, a captcha that was typed was not looked at, and stays.
            captcha = None if error.reason is ThrottleReason.UNAVAILABLE else self._captcha()
            return CodeAnswer(False, throttle_text(error), error.retry_after, captcha=captcha, status=error.status)
        except InvalidMessage:
            return CodeAnswer(False, _("No code can be sent to this number."), wrong=(name,), status=400)
        text = _("If this number can be used here, a code is on its way to it.")
        settled = (name, self.add_prefix(self.code_field))
        return CodeAnswer(True, text, get_verification().interval, settled=settled, captcha=self._captcha())

    def show(self, answer: CodeAnswer) -> None:
        """Write an answer beside the button, for a page without JavaScript."""
        widget: Any = self.fields[self.code_field].widget
        widget.notice, widget.wait = answer.text, answer.retry_after

    def captcha(self) -> SafeString:
        """Return the captcha as HTML for the form's template; empty where none is needed, in the place for one."""
        return render_to_string("django_ihuyi/captcha_place.html", {"captcha": self._captcha() or ""})

    @sensitive_variables()
    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # Django's own step after clean(), which the stubs leave out
        if not self.errors:
            mobile, code = self.cleaned_data[self.mobile_field], self.cleaned_data[self.code_field]
            if not self.check_code(mobile, code):
                wrong = _("This code is wrong, too old or used up. Have a new one sent if it does not come right.")
                self.add_error(self.code_field, ValidationError(wrong, code="wrong"))

    def _serves_everybody(self) -> bool:
        """Whether the form sends to any number, so that it may say what is wrong with one."""
        return type(self).may_have_code is VerificationCodeFormMixin.may_have_code

    def _address(self) -> str | None:
        return client_address(self.request) or None

    def _typed_captcha(self) -> object:
        if self.captcha_widget is None:
            return None
        return self.captcha_widget().value_from_datadict(self.data, self.files, self.add_prefix(_CAPTCHA))

    def _ask_for_captcha(self) -> CodeAnswer:
        captcha = self._captcha(anyway=True)
        typed = self._typed_captcha()
        # A captcha of several inputs has what was typed in the last: the others are there from the start.
        tried = bool(typed[-1]) if isinstance(typed, list | tuple) else bool(typed)
        text = (
            _("That was not what the picture shows. Here is another one.")
            if tried
            else _("Type what the picture shows, then ask for the code again.")
        )
        return CodeAnswer(False, text, captcha=captcha, status=403)

    def _captcha(self, *, anyway: bool = False) -> str | None:
        if self.captcha_widget is None or not (anyway or captcha_required(self.code_purpose, self._address())):
            return None
        widget, name = self.captcha_widget(), self.add_prefix(_CAPTCHA)
        identity = f"id_{name}"
        html = widget.render(name, None, {"id": identity})
        return render_to_string("django_ihuyi/captcha.html", {"html": html, "id": widget.id_for_label(identity)})
