"""Accounts of all products in the settings, for the tests that want them."""

from __future__ import annotations

from typing import Any

ABROAD_URL = "http://127.0.0.1:9/webservice/isms.php"
VOICE_URL = "http://127.0.0.1:9/webservice/voice.php"


def with_products(ihuyi: dict[str, Any]) -> dict[str, Any]:
    """Return settings with the accounts ``abroad`` and ``voice`` beside those that are there."""
    default = ihuyi["ACCOUNTS"]["default"]
    others = {
        "abroad": {**default, "ACCOUNT": "I_tests", "PRODUCT": "international", "BASE_URL": ABROAD_URL},
        "voice": {**default, "ACCOUNT": "VM_tests", "PRODUCT": "voice", "BASE_URL": VOICE_URL},
    }
    return {**ihuyi, "ACCOUNTS": {**ihuyi["ACCOUNTS"], **others}}
