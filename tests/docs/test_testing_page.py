"""The recipes of the testing page run, with pytest and with Django's runner, in a site made of the README."""

from __future__ import annotations

import re
from pathlib import Path

import django_ihuyi.testing

from .markdown_reader import blocks, read
from .test_snippets import Site

PAGE = "docs/testing.md"


def test_every_recipe_runs(tmp_path: Path) -> None:
    site = Site(tmp_path, "http://127.0.0.1:9/webservice/sms.php", PAGE)
    (tmp_path / "shop" / "__init__.py").touch()
    files = [code.file for code in blocks(PAGE, "python") if code.file]
    [options] = blocks(PAGE, "toml")
    (tmp_path / "pyproject.toml").write_text(f'{options.text}filterwarnings = ["error"]\n', "utf-8")
    recipes = [name for name in files if "/test" in name]
    assert len(recipes) >= 4
    told = site.python("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", *recipes)
    tests = sum(
        len(re.findall(r"^ *def test_", (tmp_path / name).read_text("utf-8"), re.MULTILINE)) for name in recipes
    )
    assert f"{tests} passed" in told
    site.python("manage.py", "test", "shop.tests")


def test_the_page_names_all_there_is() -> None:
    text = read(PAGE)
    assert [name for name in django_ihuyi.testing.__all__ if name not in text] == []
