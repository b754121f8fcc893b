"""Writes what the documents say of the code, in both languages: ``python -m docs.builder.reference``.

The pages are committed, so that they can be read where the code is, and a test compares them with the code.
"""

from __future__ import annotations

import os
from pathlib import Path

import django

ROOT = Path(__file__).parents[2]
_FOLDERS = {"en": "docs", "zh-hans": "docs/zh-hans"}


def write(root: Path) -> list[str]:
    """Write every page, and what comes from the code in those that say more.

    Args:
        root: A folder; the pages are written in it at their paths in the project.

    Returns:
        Their paths.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    from . import codes, commands, figures, settings

    made: dict[str, str] = {}
    for language, folder in _FOLDERS.items():
        made |= {
            f"{folder}/codes.md": codes.page(language),
            f"{folder}/commands.md": commands.page(language),
            f"{folder}/settings.md": settings.page(_read(f"{folder}/settings.md")),
            f"{folder}/performance.md": figures.page(_read(f"{folder}/performance.md"), language),
        }
    for name, text in made.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
    return list(made)


def _read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


if __name__ == "__main__":
    write(ROOT)
