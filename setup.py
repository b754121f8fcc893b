"""What ``setup.cfg`` cannot say: where the project lies, and its README as PyPI shows it, where no relative link works.

The release tells the repository's address in ``SOURCE_ADDRESS``, such as ``https://example.com/owner/django-ihuyi``.
A build that is told none names none: of links to files and of pictures their words are left.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from setuptools import setup

HERE = Path(__file__).parent
LINK = re.compile(r"(?P<picture>!?)\[(?P<words>[^\]]*)\]\((?![a-z]+:|#)(?P<path>[^)#\s]+)(?P<place>#[^)\s]*)?\)")


def page(text: str, address: str, version: str) -> str:
    """Return a text of the root directory for readers elsewhere.

    Args:
        text: The text, in Markdown, with links relative to the root.
        address: The repository's, without a slash at its end; empty where nobody told it.
        version: The version whose files are meant.
    """

    def replace(link: re.Match[str]) -> str:
        if not address:
            return link["words"]
        kind = "raw" if link["picture"] else "blob"
        target = f"{address}/{kind}/v{version}/{link['path']}{link['place'] or ''}"
        return f"{link['picture']}[{link['words']}]({target})"

    return LINK.sub(replace, text)


def places(address: str) -> dict[str, str]:
    """Return the addresses that PyPI lists beside the page; none where nobody told the repository's."""
    if not address:
        return {}
    return {
        "Documentation": f"{address}/tree/HEAD/docs",
        "Source": address,
        "Changelog": f"{address}/blob/HEAD/CHANGELOG.md",
        "Issues": f"{address}/issues",
    }


if __name__ == "__main__":
    init = (HERE / "django_ihuyi" / "__init__.py").read_text("utf-8")
    [current] = re.findall(r'^__version__ = "(.+)"$', init, re.MULTILINE)
    told = os.environ.get("SOURCE_ADDRESS", "").rstrip("/")
    setup(long_description=page((HERE / "README.md").read_text("utf-8"), told, current), project_urls=places(told))
