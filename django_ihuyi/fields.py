"""Model field for mobile numbers: accepts the usual notations, stores the normalized number."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms
from django.db import models
from django.utils.translation import gettext_lazy as _

from django_ihuyi.gateway.products import normalize_mobile

from . import forms
from .exceptions import ArgumentTypeError, InvalidMessage


class MobileField(models.CharField):  # type: ignore[type-arg]  # generic for type checkers only
    """A mainland mobile number as eleven digits, however it was written.

    It is normalised when a form or ``full_clean`` reads it, when it is saved, and when it is looked up, so that
    ``filter(mobile="+86 138 0013 8000")`` finds it. Empty values stay as they are. Saving anything else raises
    :class:`~django_ihuyi.exceptions.InvalidMessage`, a ``ValueError``.
    """

    default_validators = [forms.validate_mobile]
    description = _("Mainland China mobile number")

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  the keywords of CharField
        kwargs.setdefault("max_length", 11)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:  # noqa: ANN401  what Django's own returns
        """Leave out what every such field has."""
        name, path, args, kwargs = super().deconstruct()
        if kwargs.get("max_length") == 11:
            del kwargs["max_length"]
        return name, path, args, kwargs

    def to_python(self, value: Any) -> Any:  # noqa: ANN401  what the field was given
        """Return eleven digits, or what came as text if it is no number: the validator says so then."""
        return super().to_python(_digits(value))

    def get_prep_value(self, value: Any) -> Any:  # noqa: ANN401  what the field was given
        """Return what the database is asked for: a part of a number (``startswith``) stays as it is."""
        return super().get_prep_value(_digits(value))

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:  # noqa: ANN401  the signature of Django
        """Normalise the instance's value.

        Raises:
            InvalidMessage: It is not empty and no mainland mobile number.
            ArgumentTypeError: It can be none by its type.
        """
        value = super().pre_save(model_instance, add)
        if value not in self.empty_values and not hasattr(value, "resolve_expression"):
            value = normalize_mobile(value)
            setattr(model_instance, self.attname, value)
        return value

    def formfield(self, **kwargs: Any) -> django_forms.Field | None:  # noqa: ANN401  as Django has it
        """Return a form field that takes a number as people write it."""
        # Eleven digits are fewer characters than people write.
        return super().formfield(**{"form_class": forms.MobileField, "max_length": None} | kwargs)


def _digits(value: Any) -> Any:  # noqa: ANN401  what a field was given
    try:
        return normalize_mobile(value)
    except (InvalidMessage, ArgumentTypeError):
        return value
