"""Links from a page to the other language's, and to the changelog. They are paths in the repository.

Sphinx builds one language at a time, so the other's pages are none of its own; on the site they are at the same paths.
"""

from __future__ import annotations

import os
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

_DOCS = Path(__file__).parents[1]
_INCLUDED = {_DOCS.parent / "CHANGELOG.md": _DOCS / "changelog.md"}
"""Files of the project that a page of the site has in it."""


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("doctree-read", _link)
    return {"parallel_read_safe": True}


def _link(app: Sphinx, document: nodes.document) -> None:
    here = Path(app.env.doc2path(app.env.docname)).parent
    for link in list(document.findall(addnodes.pending_xref)):
        if link.get("refdomain") != "doc" or link["reftarget"] in app.env.found_docs:
            continue
        page = Path(os.path.normpath(app.srcdir / f"{link['reftarget']}.md"))
        page = _INCLUDED.get(page, page)
        if not (page.is_file() and page.is_relative_to(_DOCS)):
            continue  # which Sphinx then warns of
        address = Path(os.path.relpath(page, here)).with_suffix(".html").as_posix()
        fragment = f"#{link['reftargetid']}" if link.get("reftargetid") else ""
        link.replace_self(nodes.reference("", "", *link.children, refuri=address + fragment, internal=True))
