"""Links that leave a language's pages: to the other language's, and to files of the root that pages have in them.

They are paths in the repository. Sphinx builds one language at a time, so the other's pages are none of its own; on the
site they are at the same paths.
"""

from __future__ import annotations

import os
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

_DOCS = Path(__file__).parents[1]
_INCLUDED = {
    "CHANGELOG": _DOCS / "changelog.md",
    "CODE_OF_CONDUCT": _DOCS / "code-of-conduct.md",
    "CODE_OF_CONDUCT.zh-hans": _DOCS / "zh-hans" / "code-of-conduct.md",
    "CONTRIBUTING": _DOCS / "contributing.md",
    "CONTRIBUTING.zh-hans": _DOCS / "zh-hans" / "contributing.md",
    "SECURITY": _DOCS / "security.md",
    "SECURITY.zh-hans": _DOCS / "zh-hans" / "security.md",
}


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("doctree-read", _link)
    return {"parallel_read_safe": True}


def _link(app: Sphinx, document: nodes.document) -> None:
    here = Path(app.env.doc2path(app.env.docname)).parent
    for link in list(document.findall(addnodes.pending_xref)):
        target = link["reftarget"].removesuffix(".md")
        if target in app.env.found_docs:
            continue
        page = _INCLUDED.get(Path(target).name) or Path(os.path.normpath(app.srcdir / f"{target}.md"))
        if not (page.is_file() and page.is_relative_to(_DOCS)):
            continue  # which Sphinx then warns of
        address = Path(os.path.relpath(page, here)).with_suffix(".html").as_posix()
        fragment = f"#{link['reftargetid']}" if link.get("reftargetid") else ""
        link.replace_self(nodes.reference("", "", *link.children, refuri=address + fragment, internal=True))
