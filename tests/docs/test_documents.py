"""Links lead somewhere, both languages say as much, versions are those of ``setup.cfg``, and nothing is promised."""

from __future__ import annotations

import ast
import configparser
import re
from pathlib import Path

import pytest

from .markdown_reader import READMES, ROOT, TRANSLATED, blocks, code_in, headings, links, read, tables

DOCUMENTS = sorted(
    str(path.relative_to(ROOT))
    for folder in (ROOT, ROOT / "docs", ROOT / "docs/zh-hans")
    for path in folder.glob("*.md")
)
ROOT_NAMES = ("CODE_OF_CONDUCT", "CONTRIBUTING", "SECURITY")
ROOT_PAIRS = [READMES, *((f"{name}.md", f"{name}.zh-hans.md") for name in ROOT_NAMES)]
PAIRS = [*ROOT_PAIRS, *((f"docs/{name}", f"docs/zh-hans/{name}") for name in TRANSLATED)]
IMAGES = sorted((ROOT / "docs" / "images").glob("*.png"))


def code_in_tables(name: str) -> list[list[list[str]]]:
    """The tables of a document with what no translation changes: the code in their cells."""
    return [[[code_in(cell) for cell in row] for row in table] for table in tables(name)]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_and_pictures_are_there(name: str) -> None:
    folder = (ROOT / name).parent
    assert {target for target in links(name) if not (folder / target).exists()} == set()


def test_every_picture_is_shown_and_small() -> None:
    shown = {
        ((ROOT / name).parent / target).resolve()
        for name in DOCUMENTS
        for target in links(name)
        if target.endswith(".png")
    }
    assert shown == set(IMAGES)
    assert [path.name for path in IMAGES if path.stat().st_size > 300_000] == []


def test_every_page_is_there_in_both_languages_and_says_so() -> None:
    english = {path.name for path in (ROOT / "docs").glob("*.md")}
    assert english - set(TRANSLATED) == {"changelog.md"}
    for name in TRANSLATED:
        if "{include} ../" in read(f"docs/{name}"):
            continue  # a file of the project's root, which says it
        assert f"zh-hans/{name}" in links(f"docs/{name}")
        assert f"../{name}" in links(f"docs/zh-hans/{name}")
    for ours, theirs in ROOT_PAIRS:
        assert theirs in links(ours)
        assert ours in links(theirs)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: Path(pair[0]).name)
def test_both_languages_have_the_same_parts(pair: tuple[str, str]) -> None:
    english, chinese = pair
    assert headings(english) == headings(chinese)
    assert code_in_tables(english) == code_in_tables(chinese)
    assert len(links(english)) == len(links(chinese))


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: Path(pair[0]).name)
def test_both_languages_have_the_same_code(pair: tuple[str, str]) -> None:
    english, chinese = (blocks(name) for name in pair)
    assert [code.language for code in english] == [code.language for code in chinese]
    for ours, theirs in zip(english, chinese, strict=True):
        if ours.language == "python":  # comments are translated
            assert ast.dump(ast.parse(ours.text)) == ast.dump(ast.parse(theirs.text))
        else:
            assert ours.text == theirs.text


@pytest.mark.parametrize("readme", READMES)
def test_versions_are_those_of_the_metadata(readme: str) -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", "utf-8")
    classified = {
        name: re.findall(rf":: {name} :: (\d+\.\d+)", config["metadata"]["classifiers"])
        for name in ("Python", "Django")
    }
    required = dict(re.findall(r"^([\w-]+)>=([\d.]+)", config["options"]["install_requires"], re.MULTILINE))
    paragraphs = [part for part in read(readme).split("\n\n") if part.startswith("Python 3")]
    text = " ".join(paragraphs[0].split())
    stated = {name: re.search(rf"{name} ((?:\d+\.\d+(?:, |、| or | 或 )?)+)", text) for name in classified}
    assert {name: re.findall(r"\d+\.\d+", found[1]) for name, found in stated.items() if found} == classified
    assert f"Celery {required['celery']}" in text
    assert f"Django REST framework {required['djangorestframework']}" in text


def test_every_make_target_of_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for readme in READMES:
        assert set(re.findall(r"^\$ make ([a-z-]+)", read(readme), re.MULTILINE)) == {"demo", "test"} & targets
