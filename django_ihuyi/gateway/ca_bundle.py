"""CA bundle lookup: certificates that the environment names, for all outgoing requests."""

from __future__ import annotations

import os
from pathlib import Path

NAMES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
"""Environment variables that name a file or folder of certificates; the first one that is set counts."""


def trusted(failure: type[Exception]) -> str | None:
    """Return the file or folder of certificates that the environment names; None: those that come with requests.

    Args:
        failure: What to raise, with a text that says so, where the environment names one that does not exist.
    """
    for name in NAMES:
        if path := os.environ.get(name):
            if not Path(path).exists():
                raise failure(f"the environment variable {name} names a file that does not exist")
            return path
    return None
