"""Generator of the OpenAPI document, based on drf-spectacular and independent of its settings."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from drf_spectacular.generators import EndpointEnumerator, SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.settings import SPECTACULAR_DEFAULTS, patched_settings
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiRequest, OpenApiResponse
from rest_framework.request import Request
from rest_framework.serializers import Field

import django_ihuyi
from django_ihuyi import conf
from django_ihuyi.api import pagination, problem_details, urls
from django_ihuyi.api.base import Endpoint
from django_ihuyi.api.conf import get_api
from django_ihuyi.api.idempotency import MAX_KEY_LENGTH

from . import fields as fields  # noqa: PLC0414  its classes are found once it is imported
from .operations import OPERATIONS, TAGS, Operation
from .problems import KINDS, Problem

Json = dict[str, Any]

# drf-spectacular's settings are of the process, and are others while a document is made: so one is made at a time, and
# none twice.
_lock = threading.Lock()
_documents: dict[tuple[object, ...], Json] = {}


def document() -> Json:
    """Return the document in the language of the request. It is made once for each, since that takes a while."""
    api = get_api()
    made_of = (get_language(), _root(), tuple(api.authentication_classes), *conf.get_account_aliases())
    with _lock:
        if made_of not in _documents:
            _documents[made_of] = Generator().get_schema()
        return _documents[made_of]


def _root() -> str:
    return reverse("django_ihuyi:api-messages").removesuffix("/messages/")


class Described(AutoSchema):
    """Describes one verb of one address by its :class:`~.operations.Operation`."""

    @property
    def endpoint(self) -> Endpoint:
        """The view."""
        return cast("Endpoint", self.view)

    @property
    def operation(self) -> Operation:
        """What there is to say of it."""
        return OPERATIONS[type(self.endpoint), self.method]

    def get_operation_id(self) -> str:
        """Return what generated clients call it."""
        return self.operation.name

    def get_summary(self) -> str:
        """Return a few words."""
        return str(self.operation.summary)

    def get_description(self) -> str:  # type: ignore[override]  # as drf-spectacular has it
        """Return what it does, and which permission it wants."""
        wants = _("Permission: %s.") % f"`{self.endpoint.permissions[self.method]}`"
        return f"{self.operation.description} {wants}"

    def get_tags(self) -> list[str]:
        """Return its part of the API."""
        return [self.operation.tag]

    def get_request_serializer(self) -> Any:  # noqa: ANN401  of drf-spectacular
        """Return what a ``POST`` reads."""
        takes = getattr(self.view, "takes", None)
        if takes is None:
            return {}
        example = OpenApiExample(str(self.operation.summary), value=self.operation.request)
        return {"application/json": OpenApiRequest(takes, examples=[example])}

    def get_response_serializers(self) -> Any:  # noqa: ANN401  of drf-spectacular
        """Return what is answered, by status."""
        answers: dict[str | tuple[str, str], OpenApiResponse] = {}
        for status, shape in self.operation.answers.items():
            example = OpenApiExample(str(self.operation.summary), value=self.operation.example)
            phrase = HTTPStatus(status).phrase
            answers[str(status)] = OpenApiResponse(shape, phrase, examples=[example] if shape else [])
        for status in self._refusals():
            kind = KINDS[status]
            example = OpenApiExample(HTTPStatus(status).phrase, value=kind.example())
            answers[str(status), problem_details.MEDIA_TYPE] = OpenApiResponse(
                Problem, str(kind.description), [example]
            )
        return answers

    def _refusals(self) -> list[int]:
        challenge = self.view.get_authenticate_header(self.view.request)
        common = {403, 406, 429} | ({401} if challenge else set())
        if self._takes_body():
            common |= {400, 413, 415}
        if self._query() or (self.method == "GET" and "{" not in self.path):
            common |= {400}
        return sorted(common | set(self.operation.refusals))

    def _takes_body(self) -> bool:
        return self.method == "POST" and hasattr(self.view, "takes")

    def _query(self) -> pagination.Readers:
        if self.method != "GET":
            return {}
        return pagination.readers(self.endpoint.filters) if self.endpoint.filters else self.endpoint.query

    def get_override_parameters(self) -> list[Any]:
        """Return what the path, the query and the headers hold, and the headers of answers."""
        found = [self._in_query(name, field) for name, field in self._query().items()]
        if "{id}" in self.path:
            found.append(
                OpenApiParameter("id", {"type": "integer", "minimum": 1}, OpenApiParameter.PATH, required=True)
            )
        if self.operation.idempotent:
            found.append(_idempotency_key())
        later = [status for status in self._refusals() if status in {429, 503}]
        found.append(_header("Retry-After", {"type": "integer", "minimum": 1}, _("Seconds to wait."), *later))
        if 401 in self._refusals():
            found.append(_header("WWW-Authenticate", {"type": "string"}, _("How to say who asks."), 401))
        return found

    def _in_query(self, name: str, field: Field[Any, Any, Any, Any]) -> OpenApiParameter:
        schema = self._map_serializer_field(field, "request")
        self._insert_field_validators(field, schema)
        return OpenApiParameter(name, schema, description=schema.pop("description", ""))


def _idempotency_key() -> OpenApiParameter:
    schema = {"type": "string", "minLength": 1, "maxLength": MAX_KEY_LENGTH, "pattern": "^[ -~]*[!-~][ -~]*$"}
    text = _("Each caller's own. The same request with the same key is done once.")
    return OpenApiParameter("Idempotency-Key", schema, OpenApiParameter.HEADER, description=text)


def _header(name: str, schema: Json, description: str, *statuses: int) -> OpenApiParameter:
    return OpenApiParameter(
        name, schema, OpenApiParameter.HEADER, description=description, required=True, response=list(statuses)
    )


class Endpoints(EndpointEnumerator):
    """Finds our addresses, which no schema of the site's has."""

    def should_include_endpoint(self, path: str, callback: Callable[..., Any]) -> bool:
        """Whether it is one of those that are described."""
        view = getattr(callback, "cls", None)
        return any(view is one for one, _verb in OPERATIONS)


class Generator(SchemaGenerator):
    """Makes the document: ``manage.py spectacular --generator-class django_ihuyi.api.openapi.generator.Generator``."""

    endpoint_inspector_cls = Endpoints

    def __init__(self, **options: object) -> None:
        """Make it for our addresses, whatever options of addresses there are."""
        super().__init__(patterns=urls.urlpatterns)

    def create_view(self, callback: Any, method: str, request: Request | None = None) -> Endpoint:  # noqa: ANN401  of drf-spectacular
        """Give the view what describes it: by itself it is in no schema."""
        view = cast("Endpoint", super().create_view(callback, method, request))
        schema = Described()
        schema.view = view
        view.schema = schema  # type: ignore[assignment]  # of this instance only
        return view

    def get_schema(self, request: Request | None = None, public: bool = True) -> Json:
        """Make the document."""
        with patched_settings(_settings()):
            made: Json = _without_marks(super().get_schema(request=None, public=True))
        return made


def _without_marks(part: Any) -> Any:  # noqa: ANN401  JSON
    """Take out what drf-spectacular marks choices with, for a step of its own that is not wanted here."""
    if isinstance(part, dict):
        return {name: _without_marks(value) for name, value in part.items() if name != "x-spec-enum-id"}
    return [_without_marks(one) for one in part] if isinstance(part, list) else part


def _settings() -> Json:
    kept = {
        name: value
        for name, value in SPECTACULAR_DEFAULTS.items()
        if not name.startswith("SERVE_") and name != "DEFAULT_GENERATOR_CLASS"
    }
    used = {operation.tag for operation in OPERATIONS.values()}
    return {
        **kept,
        "OAS_VERSION": "3.1.0",
        # Not translated: generators call their packages by it.
        "TITLE": "ihuyi SMS",
        "DESCRIPTION": _("Sends SMS through ihuyi and tells what became of them."),
        "VERSION": django_ihuyi.__version__,
        "SERVERS": [{"url": _root()}],
        "TAGS": [{"name": name, "description": str(text)} for name, text in TAGS.items() if name in used],
        "ENFORCE_NON_BLANK_FIELDS": True,
        "DISABLE_DOCSTRING_DESCRIPTIONS": True,
        "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
        "POSTPROCESSING_HOOKS": [],
        "SORT_OPERATIONS": False,
        "SORT_OPERATION_PARAMETERS": False,
    }
