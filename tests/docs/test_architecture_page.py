"""The architecture page: its layers and contracts are those of import-linter, and its paths exist."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from .markdown_reader import ROOT, code_in, read, tables

PAGE = "docs/architecture.md"
CONTRACTS: dict[str, Any] = {
    contract["id"]: contract for contract in tomllib.loads(read("pyproject.toml"))["tool"]["importlinter"]["contracts"]
}
LAYERS: list[list[str]] = [re.split(r" [|:] ", layer) for layer in CONTRACTS["layers"]["layers"]]


@pytest.mark.parametrize("page", [PAGE, "docs/zh-hans/architecture.md"])
def test_layers__of_the_page__are_those_of_the_contract(page: str) -> None:
    layers, _others, _places = tables(page)
    assert [(int(number), re.findall(r"`(\w+)`", modules)) for number, modules in layers[1:]] == [
        (number, layer) for number, layer in zip(range(len(LAYERS), 0, -1), LAYERS, strict=True)
    ]


def test_modules__of_the_package__all_have_a_layer() -> None:
    package = ROOT / "django_ihuyi"
    modules = {path.stem for path in package.glob("*.py")} | {
        path.parent.name for path in package.glob("*/__init__.py")
    }
    assert {module for layer in LAYERS for module in layer} == modules - {"__init__"}


def test_contracts__other_than_the_layers__are_on_the_page() -> None:
    _layers, others, _places = tables(PAGE)
    assert [code_in(row[0]) for row in others[1:]] == [name for name in CONTRACTS if name != "layers"]


@pytest.mark.parametrize("row", tables(PAGE)[-1][1:], ids=lambda row: row[0])
def test_paths__of_the_page__exist(row: list[str]) -> None:
    paths = [path for cell in row for path in re.findall(r"`(django_ihuyi/[\w/.]+)`", cell)]
    assert paths
    assert [path for path in paths if not Path(ROOT, path).exists()] == []
