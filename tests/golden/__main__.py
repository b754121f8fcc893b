"""Writes the files anew: ``python -m tests.golden``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

if __name__ == "__main__":
    os.environ["IHUYI_WRITE_GOLDEN"] = "1"
    sys.exit(pytest.main(["-q", "-p", "no:randomly", str(Path(__file__).parent)]))
