"""Reading the body of a push: a form whatever its content type says, JSON or multipart where it says so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.http import QueryDict
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser, DataAndFiles, MultiPartParser

LONGEST_BODY = 64 * 1024
"""Bytes. A receipt has about 150, a reply of the longest SMS about 5,000."""


class TooLarge(APIException):
    """The body is longer than any push can be."""

    status_code = 413
    default_detail = "The body is larger than 64 KiB."
    default_code = "too_large"


def _refuse_declared_length(parser_context: Mapping[str, Any] | None) -> None:
    declared = str((parser_context or {})["request"].META.get("CONTENT_LENGTH") or "0")
    if declared.isdigit() and int(declared) > LONGEST_BODY:
        raise TooLarge


def _read(stream: IO[bytes], parser_context: Mapping[str, Any] | None) -> bytes:
    _refuse_declared_length(parser_context)
    body = stream.read(LONGEST_BODY + 1)
    if len(body) > LONGEST_BODY:
        raise TooLarge
    return body


class PushJSONParser(BaseParser):
    """JSON, for those who forward pushes; the gateway itself sends forms."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Mapping[str, Any]:
        """Return the fields.

        Raises:
            ParseError: If it is not a JSON object.
        """
        try:
            fields = json.loads(_read(stream, parser_context))
        except (ValueError, RecursionError):
            raise ParseError("The body is not JSON.") from None
        if not isinstance(fields, dict):
            raise ParseError("The body is not a JSON object.")
        return fields


class PushFormParser(BaseParser):
    """A form in UTF-8, also where the content type is missing or wrong."""

    media_type = "*/*"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> QueryDict:
        """Return the fields; bytes that are not UTF-8 are replaced.

        Raises:
            ParseError: If there are more fields than any push can have.
        """
        body = _read(stream, parser_context)
        if body.count(b"&") >= (settings.DATA_UPLOAD_MAX_NUMBER_FIELDS or 1000):
            raise ParseError("The body has too many fields.")
        return QueryDict(body, encoding="utf-8")


class PushMultiPartParser(MultiPartParser):
    """A multipart form, which some forwarders make of a push. Its files, if any, are ignored."""

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> DataAndFiles[Any, Any]:
        """Return the fields.

        Raises:
            ParseError: If it cannot be read.
        """
        _refuse_declared_length(parser_context)
        return super().parse(stream, media_type, parser_context)
