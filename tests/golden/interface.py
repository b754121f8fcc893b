"""Reads the names that sites, their staff and their dashboards depend on, one sorted line each."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from pathlib import Path

from celery import current_app
from django.apps import AppConfig, apps
from django.conf import settings
from django.contrib.auth import get_permission_codename, get_user_model
from django.core.management import get_commands, load_command_class
from django.core.management.base import DjangoHelpFormatter
from django.db import models
from django.dispatch import Signal
from django.test import Client, override_settings
from django.urls import URLResolver, get_resolver, reverse
from django.utils import translation

import django_ihuyi
from django_ihuyi import signals

PACKAGE = Path(django_ihuyi.__file__).parent
_CHECK = re.compile(r"(?:django_ihuyi\.)?([EW]0\d\d)")


def urls() -> list[str]:
    """Return each address with its name: those of ``django_ihuyi.urls``, and our pages of the admin."""
    return [line for line in _addresses(get_resolver(), "", "") if re.match(r"(admin/)?\w*ihuyi", line)]


def _addresses(resolver: URLResolver, prefix: str, namespace: str) -> Iterator[str]:
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _addresses(entry, path, f"{namespace}{entry.namespace}:" if entry.namespace else namespace)
        elif entry.name:
            yield f"{path} {namespace}{entry.name}"


def permissions() -> list[str]:
    """Return each permission of our models."""
    found = []
    for model in _models():
        options = model._meta
        codenames = [get_permission_codename(action, options) for action in options.default_permissions]
        codenames += [codename for codename, _name in options.permissions]
        found += [f"{options.app_label}.{codename}" for codename in codenames]
    return found


def tables() -> list[str]:
    """Return each column of our tables, and each index and constraint."""
    found = []
    for model in _models():
        options = model._meta
        for field in options.local_concrete_fields:
            null = " null" if field.null else ""
            found.append(f"{options.db_table}.{field.column} {field.get_internal_type()}{null}")
        found += [f"{options.db_table} {type(one).__name__} {one.name}" for one in options.indexes]
        found += [f"{options.db_table} {type(one).__name__} {one.name}" for one in options.constraints]
    return found


def checks() -> list[str]:
    """Return the ids of our system checks."""
    return [f"django_ihuyi.{match[1]}" for text in _texts() if (match := _CHECK.fullmatch(text))]


def setting_names() -> list[str]:
    """Return each setting with its type and its default."""
    from docs.builder.settings import SECTIONS

    sections = ("IHUYI", "ACCOUNTS", "REGISTRATION", "VERIFICATION", "PURPOSES", "API", "WEBHOOKS")
    return [f"{name}: {one}" for name, section in zip(sections, SECTIONS, strict=True) for one in section]


def tasks() -> list[str]:
    """Return the names of our Celery tasks with their parameters."""
    current_app.autodiscover_tasks([config.name for config in _configs()], force=True)
    ours = {name: task for name, task in current_app.tasks.items() if name.startswith("django_ihuyi")}
    return [f"{name}{inspect.signature(task.run)}" for name, task in ours.items()]


def metrics() -> list[str]:
    """Return the families of figures that Prometheus reads, with their kinds."""
    from prometheus_client.parser import text_string_to_metric_families

    from django_ihuyi.monitoring import metrics

    families = text_string_to_metric_families(metrics.render()[0].decode())
    return [f"{family.name} {family.type} {family.documentation}" for family in families]


def log_events() -> list[str]:
    """Return the values of ``event`` in the records that the package writes."""
    found: list[str] = []
    for tree in _trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Dict):
                keys = {
                    key.value: value
                    for key, value in zip(node.keys, node.values, strict=True)
                    if isinstance(key, ast.Constant)
                }
                event = keys.get("event")
                found += [str(event.value)] if isinstance(event, ast.Constant) and "." in str(event.value) else []
    return found


def salts() -> list[str]:
    """Return the salts of what is keyed: a changed one makes stored hashes, codes and secrets worthless."""
    found = []
    for tree in _trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                names = [target.id for target in node.targets if isinstance(target, ast.Name)]
                found += [str(node.value.value) for name in names if name.endswith("SALT")]
    return found


def signal_names() -> list[str]:
    """Return the names of the public signals."""
    return [name for name, value in vars(signals).items() if isinstance(value, Signal)]


def commands() -> list[str]:
    """Return what each management command says of itself."""
    found = []
    names = {name: app for name, app in get_commands().items() if app.startswith("django_ihuyi")}
    for name, app in sorted(names.items()):
        parser = load_command_class(app, name).create_parser("manage.py", name)
        parser.formatter_class = _Wide
        found += [line.rstrip() for line in parser.format_help().splitlines()] + [""]
    return found


def document(language: str) -> list[str]:
    """Return the lines of the REST API's document, as a member of staff reads it.

    Args:
        language: ``en`` or ``zh-hans``.
    """
    api = {"PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"], "SCHEMA": True}
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("reader"))
    with override_settings(IHUYI={**settings.IHUYI, "API": api}), translation.override(language):
        answer = client.get(reverse("django_ihuyi:api-schema"), headers={"Accept-Language": language})
    made = answer.json()
    assert answer.status_code == HTTPStatus.OK, made
    return json.dumps(made, ensure_ascii=False, indent=1).splitlines()


def _configs() -> list[AppConfig]:
    return [config for config in apps.get_app_configs() if config.name.split(".")[0] == "django_ihuyi"]


def _models() -> list[type[models.Model]]:
    return [model for config in _configs() for model in config.get_models()]


def _trees() -> Iterator[ast.Module]:
    """The package's modules. The sandbox is no part of a site."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if "sandbox" not in path.relative_to(PACKAGE).parts:
            yield ast.parse(path.read_text("utf-8"))


def _texts() -> Iterator[str]:
    for tree in _trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


class _Wide(DjangoHelpFormatter):
    """Breaks lines alike, whatever terminal the tests run in."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=100)


def _sorted(lines: Iterable[str]) -> list[str]:
    return sorted(set(lines))


FILES: dict[str, Callable[[], list[str]]] = {
    "urls.txt": lambda: _sorted(urls()),
    "permissions.txt": lambda: _sorted(permissions()),
    "tables.txt": lambda: _sorted(tables()),
    "checks.txt": lambda: _sorted(checks()),
    "settings.txt": setting_names,
    "tasks.txt": lambda: _sorted(tasks()),
    "metrics.txt": lambda: _sorted(metrics()),
    "log_events.txt": lambda: _sorted(log_events()),
    "salts.txt": lambda: _sorted(salts()),
    "signals.txt": lambda: _sorted(signal_names()),
    "commands.txt": commands,
    "openapi.json": lambda: document("en"),
    "openapi.zh-hans.json": lambda: document("zh-hans"),
}
"""What is written into each file."""
