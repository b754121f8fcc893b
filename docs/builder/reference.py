"""Writes the pages that are made of the code, in both languages: ``python -m docs.builder.reference``.

They are committed, so that they can be read where the code is, and a test compares them with the code.
"""

from __future__ import annotations

import os
from pathlib import Path

import django

DOCS = Path(__file__).parents[1]
_FOLDERS = {"en": ".", "zh-hans": "zh-hans"}


def write(docs: Path) -> list[str]:
    """Write every such page.

    Args:
        docs: The folder of the English pages; those in Chinese are in ``zh-hans`` in it.

    Returns:
        Their paths in that folder.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    from . import codes, commands

    made = {
        f"{folder}/{name}": make(language)
        for language, folder in _FOLDERS.items()
        for name, make in (("codes.md", codes.page), ("commands.md", commands.page))
    }
    for name, text in made.items():
        (docs / name).parent.mkdir(exist_ok=True)
        (docs / name).write_text(text, "utf-8")
    return list(made)


if __name__ == "__main__":
    write(DOCS)
