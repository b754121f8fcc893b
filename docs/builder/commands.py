"""The page of the management commands: what their ``--help`` says, and that in Chinese."""

from __future__ import annotations

import argparse
import json
from functools import cache
from pathlib import Path

from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand

from .markdown import table

_CHINESE = Path(__file__).with_name("commands.zh-hans.json")
_TEXTS = {
    "en": {
        "title": "Commands",
        "twin": "[简体中文](zh-hans/commands.md)",
        "intro": "What `python manage.py NAME --help` says, without the options that all of Django's commands have.",
        "header": ("option", "meaning"),
    },
    "zh-hans": {
        "title": "命令",
        "twin": "[English](../commands.md)",
        "intro": "即 `python manage.py NAME --help` 的内容，不含 Django 所有命令共有的选项。",
        "header": ("选项", "含义"),
    },
}


def page(language: str) -> str:
    """Return the page.

    Args:
        language: ``en`` or ``zh-hans``.

    Raises:
        KeyError: If a help text has no translation.
    """
    texts = _TEXTS[language]
    parts = [f"# {texts['title']}", str(texts["twin"]), str(texts["intro"])]
    for name, command in _commands().items():
        rows = [_row(option, language) for option in _options(command, name)]
        parts += [f"## `{name}`", _said(command.help, language), table(texts["header"], rows)]
    return "\n\n".join(parts) + "\n"


def untranslated() -> set[str]:
    """Return the help texts that have no Chinese, and the Chinese that is no command's any more."""
    said = {command.help for command in _commands().values()}
    for name, command in _commands().items():
        said |= {option.help or "" for option in _options(command, name)}
    return said ^ set(_chinese())


def _commands() -> dict[str, BaseCommand]:
    ours = {name: app for name, app in get_commands().items() if app.partition(".")[0] == "django_ihuyi"}
    return {name: load_command_class(app, name) for name, app in sorted(ours.items())}


def _options(command: BaseCommand, name: str) -> list[argparse.Action]:
    """The command's own options, in their order."""
    parser = command.create_parser("manage.py", name)
    common = {action.dest for action in BaseCommand().create_parser("manage.py", name)._actions}  # noqa: SLF001  there is no public way
    return [action for action in parser._actions if action.dest not in common]  # noqa: SLF001  there is no public way


def _row(option: argparse.Action, language: str) -> tuple[str, str]:
    if isinstance(option.metavar, tuple):
        value = " ".join(option.metavar)
    elif option.choices:
        value = "|".join(option.choices)
    else:
        value = option.metavar or option.dest.upper()
    name = " ".join([*option.option_strings, *([] if option.nargs == 0 else [value])])
    return f"`{name}`", _said(option.help or "", language) % {"default": option.default}


def _said(text: str, language: str) -> str:
    return text if language == "en" else _chinese()[text]


@cache
def _chinese() -> dict[str, str]:
    said: dict[str, str] = json.loads(_CHINESE.read_text("utf-8"))
    return said
