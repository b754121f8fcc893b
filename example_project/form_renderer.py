"""How the site's forms look: each field in a block of its own, with its help and its errors."""

from __future__ import annotations

from django.forms.renderers import DjangoTemplates


class FormRenderer(DjangoTemplates):
    """Django's renderer with the site's two templates."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"
