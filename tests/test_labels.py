"""Nothing of a feature is named by the core's label: no table, address, template, permission or model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.features import our_models

ROOT = Path(__file__).parents[1]
SUFFIXES = {".css", ".html", ".js", ".md", ".py"}
FOLDERS = ("benchmarks", "django_ihuyi", "docs", "example_project", "tests")


def _patterns() -> Iterator[str]:
    for model in our_models():
        options = model._meta
        if options.app_label != "django_ihuyi":
            own = [codename for codename, _name in options.permissions]
            verbs = [f"{verb}_{options.model_name}" for verb in ("view", "add", "change", "delete")]
            yield rf"django_ihuyi_{options.model_name}(?![a-z])"
            yield rf"admin/django_ihuyi/{options.model_name}(?=[/\"'?`])"
            yield rf"django_ihuyi\.(?:{options.object_name}|{'|'.join((*verbs, *own))})\b"


STALE = re.compile("|".join(_patterns()))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("admin:django_ihuyi_webhookendpoint_add", True),
        ("admin:ihuyi_webhooks_webhookendpoint_add", False),
        ("SELECT * FROM django_ihuyi_verificationcode", True),
        ("SELECT * FROM django_ihuyi_message", False),
        ("/admin/django_ihuyi/suspicion/", True),
        ("/admin/ihuyi_verification/suspicion/", False),
        ("django_ihuyi.view_dashboard", True),
        ("ihuyi_dashboard.view_dashboard", False),
        ("django_ihuyi.replay_webhooks", True),
        ("django_ihuyi.ApiCall", True),
        ("django_ihuyi.Message", False),
        ("django_ihuyi.dashboard", False),
    ],
)
def test_pattern__of_a_name__finds_those_of_features_with_the_label_of_the_core(text: str, *, found: bool) -> None:
    assert bool(STALE.search(text)) is found


def test_names__in_all_files__have_the_labels_of_their_models() -> None:
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in SUFFIXES]
    found = {
        str(path.relative_to(ROOT)): STALE.findall(path.read_text("utf-8"))
        for path in files
        if path.is_file() and path != Path(__file__)
    }
    assert {name: names for name, names in found.items() if names} == {}
