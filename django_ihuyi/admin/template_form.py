"""Forms of templates: text, variable names, gateway id."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from django_ihuyi.conf import get_aliases_of
from django_ihuyi.models import Template
from django_ihuyi.sending.template_registry import PLACEHOLDER, has_extra_bracket


def parse_template_id(value: object) -> str | None:
    """Read one of the gateway's ids as somebody wrote it; nothing is no id.

    Raises:
        ValidationError: It is no whole number.
    """
    text = str(value or "").strip()
    if text and not (text.isascii() and text.isdigit() and text.strip("0")):
        raise ValidationError(_("The gateway's ids are whole numbers."))
    return text or None


class LinesField(forms.CharField):
    """Takes a list, one item a line."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:  # noqa: ANN401  the signature of Django
        """Write a list as lines."""
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:  # noqa: ANN401  the signature of Django
        """Read lines as a list, without empty ones."""
        return [line.strip() for line in str(value or "").splitlines() if line.strip()]

    def run_validators(self, value: Any) -> None:  # noqa: ANN401  the signature of Django
        """Look at the lines as one text: in the written form of a list, Django would not see a NUL."""
        super().run_validators("\n".join(value))

    def has_changed(self, initial: Any, data: Any) -> bool:  # noqa: ANN401  the signature of Django
        """Compare lists."""
        return bool((initial or []) != self.to_python(data))


class TemplateForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """A template whose text the gateway has not seen, or refused."""

    account = forms.ChoiceField(
        label=capfirst(_("account")),
        choices=lambda: [(name, name) for name in get_aliases_of(lambda product: product.supports_templates)],
    )
    variables = LinesField(
        label=capfirst(_("variables")),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "class": "vLargeTextField"}),
        help_text=_(
            "Their names in the text's order, one a line, such as order or minutes. The site's code uses them."
        ),
    )

    class Meta:
        model = Template
        fields = ("name", "account", "text", "variables", "template_id")

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  the signature of Django
        super().__init__(*args, **kwargs)
        # Here and not in Meta: a page where nothing can be written must not say what to write.
        if "template_id" in self.fields:
            self.fields["template_id"].help_text = _(
                "Only for a template that ihuyi's console shows as approved already: it is then taken as passed. "
                "Leave it empty to hand the text in from here."
            )

    def clean_text(self) -> str:
        """Refuse brackets that the gateway takes for a signature."""
        text = str(self.cleaned_data["text"])
        if has_extra_bracket(text):
            raise ValidationError(_("Brackets 【】 stand only in 【变量】: the gateway adds the signature itself."))
        return text

    def clean_template_id(self) -> str | None:
        """Take digits; nothing is no id."""
        return parse_template_id(self.cleaned_data.get("template_id"))

    def clean(self) -> dict[str, Any]:
        """Compare the variables' names with the places in the text."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        names, text = cleaned.get("variables") or [], cleaned.get("text")
        if text is not None and text.count(PLACEHOLDER) != len(names):
            self.add_error(
                "variables",
                ValidationError(
                    _("The text has %(places)d places 【变量】, and %(names)d names stand here."),
                    params={"places": text.count(PLACEHOLDER), "names": len(names)},
                ),
            )
        if len(set(names)) != len(names):
            self.add_error("variables", _("Each name stands once."))
        return cleaned


class IdForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """The gateway's id of a template whose hand-in brought no answer."""

    def clean_template_id(self) -> str | None:
        """Take digits that are no other template's of the account."""
        template_id = parse_template_id(self.cleaned_data.get("template_id"))
        others = Template.objects.filter(account=self.instance.account, template_id=template_id)
        if template_id and others.exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("Another template of the account has this id."))
        return template_id

    class Meta:
        model = Template
        fields = ("template_id",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  the signature of Django
        super().__init__(*args, **kwargs)
        self.fields["template_id"].help_text = _(
            "Look in ihuyi's console whether the template is there, and write its number here."
        )
