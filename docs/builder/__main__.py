"""Builds the site, a warning being an error, and looks at every page of it: ``python -m docs.builder [FOLDER]``.

English goes to the folder (by default ``build/docs``), Chinese to ``zh-hans/`` in it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from .pages import faults

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "docs"
LANGUAGES = {"en": ".", "zh_CN": "zh-hans"}
"""Sphinx's name of each language, and where its pages are, in the source and in the site."""


def build(site: Path) -> int:
    """Build both languages afresh, at the same time.

    Args:
        site: Where the pages go; what is there is deleted.

    Returns:
        The exit status of the language that failed, or 0.
    """
    shutil.rmtree(site, ignore_errors=True)
    running = [
        subprocess.Popen(  # noqa: S603  our own arguments
            [
                *(sys.executable, "-m", "sphinx", "--fail-on-warning", "--quiet", "--conf-dir", SOURCE),
                *("--doctree-dir", site.with_name(f"{site.name}-doctrees") / language, "--fresh-env"),
                *("--define", f"language={language}", SOURCE / folder, site / folder),
            ],
            cwd=ROOT,
        )
        for language, folder in LANGUAGES.items()
    ]
    return max([process.wait() for process in running], key=abs)


def main() -> int:
    """Build the site and say what is wrong with it.

    Returns:
        The exit status.
    """
    site = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build" / "docs").resolve()
    if status := build(site):
        return status
    found = faults(site)
    sys.stdout.writelines(f"{fault}\n" for fault in found)
    sys.stdout.write(f"{len(list(site.rglob('*.html')))} pages in {site}, {len(found)} faults\n")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
