"""What the documents import, or say to import, can be imported: the README and all pages, in both languages."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module

import pytest

from .markdown_reader import READMES, ROOT, blocks, read

PAGES = [*READMES, *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("**/*.md"))]
OF_THE_READER = {"ihuyi_sms_client", "mysite", "people", "shop"}
"""Packages that the documents' reader writes or generates."""
_AUTODOC = re.compile(r"^\.\. auto(?:class|exception|function):: (?P<path>[\w.]+)\.(?P<name>\w+)$", re.MULTILINE)
_REFERENCE = re.compile(r"(?P<before>[^\n]*)\n\n```\{eval-rst\}\n(?P<directives>.*?)^```$", re.DOTALL | re.MULTILINE)


def imported(page: str) -> Iterator[tuple[str, str]]:
    """Yield module and name of each import in the Python code of a page; the name is empty for ``import module``."""
    for code in blocks(page, "python"):
        for node in ast.walk(ast.parse(code.text)):
            if isinstance(node, ast.ImportFrom) and not node.level:
                yield from ((node.module or "", alias.name) for alias in node.names)
            elif isinstance(node, ast.Import):
                yield from ((alias.name, "") for alias in node.names)


def said(page: str) -> Iterator[tuple[list[str], str]]:
    """Yield each name that a page describes, and the modules from one of which the sentence before it imports it."""
    for match in _REFERENCE.finditer(read(page)):
        modules: list[str] = []
        for written in re.findall(r"`((?:django_ihuyi|\.)[\w.]*)`", match["before"]):
            parent = modules[-1].rpartition(".")[0] if modules else ""
            modules.append(parent + written if written.startswith(".") else written)
        for directive in _AUTODOC.finditer(match["directives"]):
            yield modules or [directive["path"]], directive["name"]


def is_in(module: str, name: str) -> bool:
    found = import_module(module)
    if not name or name == "*" or hasattr(found, name):
        return True
    try:
        import_module(f"{module}.{name}")
    except ModuleNotFoundError:
        return False
    return True


@pytest.mark.parametrize("page", PAGES)
def test_code_of_a_page__when_run__finds_what_it_imports(page: str) -> None:
    foreign = [(module, name) for module, name in imported(page) if module.partition(".")[0] not in OF_THE_READER]
    assert [f"{module}.{name}" for module, name in foreign if not is_in(module, name)] == []


@pytest.mark.parametrize("page", ["docs/python.md", "docs/zh-hans/python.md"])
def test_reference_of_python__each_name__is_where_the_page_says(page: str) -> None:
    names = list(said(page))
    assert len(names) > 30
    assert [(modules, name) for modules, name in names if not any(is_in(module, name) for module in modules)] == []


def test_result_of_a_bulk__before_django_is_set_up__can_be_imported() -> None:
    code = "from django_ihuyi import BulkResult, Refused; print(BulkResult.__name__, Refused.__name__)"
    done = subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, env={}, capture_output=True, text=True)
    assert done.stdout == "BulkResult Refused\n"
