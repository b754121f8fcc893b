"""Search in Chinese pages: Chinese has no spaces, so each pair of neighbouring characters is a term.

Sphinx itself knows Chinese words only through a library that is not maintained, and finds none without it.
"""

from __future__ import annotations

import re
from itertools import pairwise

from sphinx.application import Sphinx
from sphinx.search.zh import SearchChinese

_RUNS = re.compile(r"[\u4e00-\u9fff]+|[a-zA-Z0-9_]+")


def terms(text: str) -> list[str]:
    """Split a text into what is searched for: Latin words, and pairs of Chinese characters.

    Args:
        text: Any text.

    Returns:
        Its terms in their order. A Chinese character that has no Chinese neighbour is none.
    """
    found = []
    for run in _RUNS.findall(text):
        found += [run] if run.isascii() else [a + b for a, b in pairwise(run)]
    return found


class PairsOfCharacters(SearchChinese):
    """The index, and the same splitting in the browser."""

    # Of the stemmer in the browser. Sphinx 9.0 looks for a Chinese one there, and has none.
    language_name = "English"
    js_splitter_code = r"""
var splitQuery = (query) => (query.match(/[\u4e00-\u9fff]+|[a-zA-Z0-9_]+/g) || []).flatMap((run) =>
  /[\u4e00-\u9fff]/.test(run) ? Array.from(run.slice(1), (after, at) => run[at] + after) : [run]);
"""

    def split(self, text: str) -> list[str]:
        """Split a text into terms."""
        found = terms(text)
        self.latin_terms.update(term for term in found if term.isascii())
        return found


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx, in place of its own."""
    app.add_search_language(PairsOfCharacters)
    return {"parallel_read_safe": True}
