"""OpenAPI schemas of our serializer fields, for drf-spectacular."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension, OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema

from django_ihuyi import conf
from django_ihuyi.api.requests import MOST_ROWS
from django_ihuyi.gateway.mobile_numbers import mainland_pattern

Json = dict[str, Any]

# Python takes these separators off with the white space; to JSON Schema they are none.
NOT_BLANK = r"[^\s\x1c-\x1f\x85]"
_PARAM: Json = {"type": ["string", "number"]}

_BOTH: Json = {"required": ["content", "template"]}
_ROWS_OF_NONE: Json = {
    "required": ["messages"],
    "properties": {"messages": {"type": "array", "contains": {"type": "object", "required": ["params"]}}},
    "not": {"required": ["template"]},
}
"""What a body may not be: of a text and a template, or with variables in its rows and no template."""


def _mobile() -> Json:
    return {"type": "string", "pattern": rf"^(?:(?:(?:\+|00)86[ -]?)?(?:{mainland_pattern()})|\+[1-9][0-9]{{6,14}})$"}


def _params() -> Json:
    return {
        "anyOf": [{"type": "array", "items": _PARAM}, {"type": "object", "additionalProperties": _PARAM}],
    }


def _metadata() -> Json:
    return {"type": "object", "additionalProperties": {}}


class TextSchema(OpenApiSerializerFieldExtension):
    """A text; where white space around it is taken off, there is something else in it."""

    target_class = "django_ihuyi.api.serializer_fields.Text"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> Json:
        """Describe it."""
        must = self.target.trim_whitespace and not self.target.allow_blank
        return {"type": "string", "pattern": NOT_BLANK} if must else {"type": "string"}


class MobileSchema(OpenApiSerializerFieldExtension):
    """A mobile number. Other writings than these are taken as well, but no program should rely on that."""

    target_class = "django_ihuyi.api.serializer_fields.Mobile"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> Json:
        """Describe it."""
        return _mobile()


class AccountSchema(OpenApiSerializerFieldExtension):
    """An account: one of those that there are."""

    target_class = "django_ihuyi.api.serializer_fields.Account"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> Json:
        """Describe it."""
        return {"type": "string", "enum": conf.get_account_aliases()}


class AddressSchema(OpenApiSerializerFieldExtension):
    """An IP address."""

    target_class = "django_ihuyi.api.serializer_fields.Address"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> Json:
        """Describe it."""
        return {"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}


class ParamsSchema(OpenApiSerializerFieldExtension):
    """A template's variables."""

    target_class = "django_ihuyi.api.serializer_fields.Params"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> Json:
        """Describe it."""
        return _params()


class MetadataSchema(OpenApiSerializerFieldExtension):
    """A JSON object."""

    target_class = "django_ihuyi.api.serializer_fields.Metadata"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> Json:
        """Describe it."""
        return _metadata()


class RowsSchema(OpenApiSerializerFieldExtension):
    """The messages of a bulk."""

    target_class = "django_ihuyi.api.requests.Rows"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> Json:
        """Describe them."""
        properties = {
            "mobile": _mobile(),
            "content": {"type": "string"},
            "params": _params(),
            "metadata": _metadata(),
        }
        row = {
            "type": "object",
            "properties": properties,
            "required": ["mobile"],
            "not": {"required": ["content", "params"]},
            "additionalProperties": False,
        }
        return {"type": "array", "items": row, "minItems": 1, "maxItems": MOST_ROWS}


class WhatSchema(OpenApiSerializerExtension):
    """A message to send, or many: a text or a template, and ``params`` only with a template."""

    target_class = "django_ihuyi.api.requests.What"
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Any) -> Json:  # noqa: ANN401  a type that is not public
        """Describe it."""
        plain: Json = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)  # noqa: SLF001  the documented way
        wrong = {"anyOf": [_BOTH, _ROWS_OF_NONE]} if "messages" in plain["properties"] else _BOTH
        return {**plain, "not": wrong, "dependentRequired": {"params": ["template"]}}
