"""Looks at built pages: links within the site lead somewhere, and nothing is loaded from another host."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_LOADS = {"href": {"link"}, "src": {"script", "img", "iframe", "source", "audio", "video", "embed"}}
"""The attributes by which a browser fetches something, and the tags on which they do."""
_IN_STYLES = re.compile(r"""(?:url\(\s*["']?|@import\s+["'])((?:https?:)?//[^"')\s]+)""")


@dataclass
class Page(HTMLParser):
    """What a page links to, what it loads, and what can be linked to in it."""

    text: str
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Read the page."""
        super().__init__()
        self.feed(self.text)
        self.loads += _IN_STYLES.findall(self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag links to, loads or is called."""
        for name, value in attrs:
            if name == "id":
                self.names.add(value or "")
            elif name == "href" and tag == "a":
                self.links.append(value or "")
            elif tag in _LOADS.get(name, ()):
                self.loads.append(value or "")


def faults(site: Path) -> list[str]:
    """Look at every page and style sheet of a site.

    Args:
        site: The site's folder.

    Returns:
        What is wrong, a line each.
    """
    pages = {path: Page(path.read_text("utf-8")) for path in sorted(site.rglob("*.html"))}
    found = [
        f"{path.relative_to(site)}: {fault}"
        for path, page in pages.items()
        for fault in (*_foreign(page.loads), *_lost(path, page, pages))
    ]
    for path in sorted(site.rglob("*.css")):
        found += [
            f"{path.relative_to(site)}: {fault}" for fault in _foreign(_IN_STYLES.findall(path.read_text("utf-8")))
        ]
    return found


def _foreign(loads: list[str]) -> Iterator[str]:
    for address in loads:
        if urlsplit(address).netloc:
            yield f"loads {address}"


def _lost(path: Path, page: Page, pages: dict[Path, Page]) -> Iterator[str]:
    for address in (*page.links, *page.loads):
        parts = urlsplit(address)
        if parts.scheme or parts.netloc or parts.path.startswith("/"):
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        name = unquote(parts.fragment)
        if not target.is_file():
            yield f"{address} leads nowhere"
        elif name and target in pages and name not in pages[target].names:
            yield f"{address} leads to a page that has no such part"
