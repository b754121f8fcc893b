"""The house of the page is that of the contracts, every room has its place, and every path of the page is there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from .reading import ROOT, code_in, read, tables

PAGE = "docs/architecture.md"
CONTRACTS: dict[str, Any] = {
    contract["id"]: contract for contract in tomllib.loads(read("pyproject.toml"))["tool"]["importlinter"]["contracts"]
}
LAYERS: list[list[str]] = [re.split(r" [|:] ", layer) for layer in CONTRACTS["house"]["layers"]]


@pytest.mark.parametrize("page", [PAGE, "docs/zh-hans/architecture.md"])
def test_the_house_has_the_floors_of_the_contract(page: str) -> None:
    floors, _others, _places = tables(page)
    assert [(int(number), re.findall(r"`(\w+)`", rooms)) for number, rooms in floors[1:]] == [
        (number, layer) for number, layer in zip(range(len(LAYERS), 0, -1), LAYERS, strict=True)
    ]


def test_every_room_has_its_place() -> None:
    package = ROOT / "django_ihuyi"
    rooms = {path.stem for path in package.glob("*.py")} | {path.parent.name for path in package.glob("*/__init__.py")}
    assert {room for layer in LAYERS for room in layer} == rooms - {"__init__"}


def test_the_page_names_the_other_contracts() -> None:
    _floors, others, _places = tables(PAGE)
    assert [code_in(row[0]) for row in others[1:]] == [name for name in CONTRACTS if name != "house"]


@pytest.mark.parametrize("row", tables(PAGE)[-1][1:], ids=lambda row: row[0])
def test_every_place_is_there(row: list[str]) -> None:
    paths = [path for cell in row for path in re.findall(r"`(django_ihuyi/[\w/.]+)`", cell)]
    assert paths
    assert [path for path in paths if not Path(ROOT, path).exists()] == []
