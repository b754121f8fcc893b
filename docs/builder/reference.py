"""Writes the pages that are made of the code, in both languages: ``python -m docs.builder.reference``.

They are committed, so that they can be read where the code is, and a test compares them with the code.
"""

from __future__ import annotations

import os
from pathlib import Path

import django

DOCS = Path(__file__).parents[1]
FOLDERS = {"en": DOCS, "zh-hans": DOCS / "zh-hans"}


def pages() -> dict[Path, str]:
    """Return the text of every such page by its file. Django has to be set up."""
    from . import codes, commands

    made = {"codes.md": codes.page, "commands.md": commands.page}
    return {folder / name: make(language) for language, folder in FOLDERS.items() for name, make in made.items()}


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    for path, text in pages().items():
        path.write_text(text, "utf-8")
