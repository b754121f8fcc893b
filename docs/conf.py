"""Sphinx's configuration of the documents' site, for both languages: ``make docs`` builds them.

English is built from ``docs/``, Chinese from ``docs/zh-hans/`` with ``-D language=zh_CN``; addresses are paths.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
django.setup()

import django_ihuyi  # noqa: E402  after django.setup()

project = "django-ihuyi"
author = "The django-ihuyi developers"
project_copyright = author
version = release = django_ihuyi.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "docs.builder.languages",
    "docs.builder.search",
]
# Types stand with the arguments: signatures stay short. What is imported from where, the page says.
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_class_signature = "separated"
autodoc_member_order = "bysource"
add_module_names = False

source_suffix = {".md": "markdown"}
exclude_patterns = ["zh-hans", "builder", "images"]
language = "en"
locale_dirs = [str(Path(__file__).parent / "builder" / "words")]
# In a page's own fragments (#a-heading), as on GitHub.
myst_heading_anchors = 3
# What is indented, and no language is named for.
highlight_language = "none"

html_theme = "furo"
html_title = f"django-ihuyi {version}"
html_static_path = [str(Path(__file__).parent / "builder" / "static")]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
_fonts = (
    'system-ui, -apple-system, "Segoe UI", Roboto, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif'
)
html_theme_options = {"light_css_variables": {"font-stack": _fonts}}
