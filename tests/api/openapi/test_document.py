"""The document: of every address, valid, with examples that are right, and nothing of the site's own in it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import URLPattern
from django.utils import translation
from drf_spectacular.drainage import GENERATOR_STATS, reset_generator_stats
from drf_spectacular.settings import spectacular_settings
from drf_spectacular.validation import validate_schema
from jsonschema_rs import Draft202012Validator
from pytest_django import Settings

from django_ihuyi.api import urls
from django_ihuyi.api.base import Nowhere
from django_ihuyi.api.openapi.generator import Generator, document
from django_ihuyi.api.openapi.operations import OPERATIONS
from django_ihuyi.api.problem_details import describe
from tests.api.conftest import API, Caller, open_api
from tests.docs.markdown_reader import code_in, tables

VERBS = ("get", "post", "put", "patch", "delete")


def operations(made: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Each path, verb and operation."""
    return [(path, verb, one) for path, item in made["paths"].items() for verb, one in item.items()]


def validator(made: dict[str, Any], schema: dict[str, Any]) -> Draft202012Validator:
    """What judges values by a schema of the document."""
    return Draft202012Validator({**schema, "components": made["components"]}, validate_formats=True)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_it_is_valid_and_nothing_was_guessed(language: str) -> None:
    reset_generator_stats()
    with translation.override(language):
        made = Generator().get_schema()
    assert made["openapi"].startswith("3.1")
    assert not GENERATOR_STATS
    validate_schema(made)  # type: ignore[no-untyped-call]  # of drf-spectacular


def test_it_names_every_address() -> None:
    made = document()
    described = {(path, verb) for path, verb, _one in operations(made)}
    for pattern in urls.urlpatterns:
        assert isinstance(pattern, URLPattern)
        view = pattern.callback.view_class  # type: ignore[attr-defined]  # of Django's as_view
        if view is Nowhere:
            continue
        path = "/" + str(pattern.pattern).replace("<int:pk>", "{id}")
        verbs = {verb for verb in VERBS if hasattr(view, verb)}
        assert verbs == {verb.lower() for verb in view.permissions}
        assert {(path, verb) for verb in verbs} <= described
        described -= {(path, verb) for verb in verbs}
    assert not described


def test_everybody_can_tell_what_each_does() -> None:
    made = document()
    names = [one["operationId"] for _path, _verb, one in operations(made)]
    assert len(set(names)) == len(names) == len(OPERATIONS)
    tags = {tag["name"] for tag in made["tags"]}
    for _path, verb, one in operations(made):
        assert one["summary"]
        assert re.search(r"`(django_)?ihuyi\w*\.\w+`", one["description"])
        assert set(one["tags"]) <= tags
        assert one["security"] == [{"cookieAuth": []}]
        assert ("requestBody" in one) == (verb == "post" and one["operationId"] != "cancel_message")
        assert {"403", "406", "429"} <= set(one["responses"])


def test_the_permissions_are_those_of_the_page() -> None:
    made = document()
    for row in tables("docs/api.md")[0][1:]:
        verb, path = code_in(row[0]).split()
        if wanted := code_in(row[1]):
            one = made["paths"]["/" + path.replace("<id>", "{id}")][verb.lower()]
            assert f"`{wanted}`" in one["description"]


def test_every_example_is_right() -> None:
    made = document()
    judged = 0
    for _path, _verb, one in operations(made):
        for status, answer in {"body": one.get("requestBody", {}), **one["responses"]}.items():
            for content in answer.get("content", {}).values():
                for example in content["examples"].values():
                    validator(made, content["schema"]).validate(example["value"])
                    assert "Problem" not in content["schema"]["$ref"] or example["value"]["status"] == int(status)
                    judged += 1
            assert "content" in answer or status in {"204", "body"}
    assert judged > len(OPERATIONS) * 3


def test_the_examples_of_what_goes_wrong_say_each_in_the_readers_language() -> None:
    with translation.override("zh-hans"):
        made = document()
    [example] = made["paths"]["/messages/"]["post"]["responses"]["422"]["content"]["application/problem+json"][
        "examples"
    ].values()
    assert example["value"]["meaning"] != example["value"]["detail"]
    assert not example["value"]["meaning"].isascii()
    assert describe(RuntimeError()) is None


def test_what_is_read_in_chinese_is_chinese() -> None:
    with translation.override("zh-hans"):
        made = document()
    texts = [made["info"]["description"], *(tag["description"] for tag in made["tags"])]
    texts += [text for _path, _verb, one in operations(made) for text in (one["summary"], one["description"])]
    for schema in made["components"]["schemas"].values():
        texts += [field["description"] for field in schema["properties"].values() if "description" in field]
    for _path, _verb, one in operations(made):
        texts += [part["description"] for part in one.get("parameters", []) if part["name"] != "id"]
    assert [text for text in texts if text.isascii()] == []


@pytest.mark.parametrize(
    ("body", "right"),
    [
        ({"mobile": "13712345678", "content": "您好"}, True),
        ({"mobile": "+86 13712345678", "template": "1", "params": ["x", 1]}, True),
        ({"mobile": "0086-13712345678", "template": "1", "params": {"name": "x"}}, True),
        ({"mobile": "13712345678", "content": "您好", "metadata": {"order": [7]}}, True),
        ({"mobile": "010-12345678", "content": "您好"}, False),
        ({"content": "您好"}, False),
        ({"mobile": "13712345678", "content": "您好", "template": "1"}, False),
        ({"mobile": "13712345678", "content": "您好", "params": ["x"]}, False),
        ({"mobile": "13712345678", "template": "1", "params": [True]}, False),
        ({"mobile": "13712345678", "template": "1", "params": "x"}, False),
        ({"mobile": "13712345678", "content": "您好", "account": "nobody"}, False),
        ({"mobile": "13712345678", "content": "您好", "metadata": []}, False),
        ({"mobile": "13712345678", "content": "您好", "send_at": "tomorrow"}, False),
        ({"mobile": 13712345678, "content": "您好"}, False),
        ({"mobile": "13712345678", "template": " \x1e\x85"}, False),
    ],
)
@pytest.mark.django_db
def test_it_and_the_api_agree_on_what_is_taken(body: dict[str, Any], right: bool) -> None:
    made = document()
    schema = made["paths"]["/messages/"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert validator(made, schema).is_valid(body) == right
    answer = Caller("add_message").post("messages/", body)
    assert (answer.status_code == 202) == right


def test_a_sites_own_schema_is_left_alone(settings: Settings) -> None:
    settings.SPECTACULAR_SETTINGS = {"TITLE": "The shop"}
    before = {name: getattr(spectacular_settings, name) for name in ("TITLE", "OAS_VERSION", "POSTPROCESSING_HOOKS")}
    made = Generator(urlconf="no.such.module", api_version="2").get_schema()
    assert made["info"]["title"] == "ihuyi SMS"
    assert {name: getattr(spectacular_settings, name) for name in before} == before


@pytest.mark.django_db
def test_how_callers_say_who_they_are(settings: Settings) -> None:
    open_api(settings, AUTHENTICATION_CLASSES=["rest_framework.authentication.BasicAuthentication"], SCHEMA=True)
    made = document()
    assert made["components"]["securitySchemes"] == {"basicAuth": {"type": "http", "scheme": "basic"}}
    for _path, _verb, one in operations(made):
        assert one["security"] == [{"basicAuth": []}]
        assert one["responses"]["401"]["headers"]["WWW-Authenticate"]["required"]
    assert made["servers"] == [{"url": API.rstrip("/")}]
