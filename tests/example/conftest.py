"""The example's own settings have another user model than the suite's, so its tests run in a pytest of their own."""

from __future__ import annotations

import os

if os.environ.get("DJANGO_SETTINGS_MODULE") != "example_project.settings":
    collect_ignore = ["site"]
