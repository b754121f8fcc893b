"""The example site's settings, with accounts of the other products at the same sandbox."""

from __future__ import annotations

from example_project.settings import *  # noqa: F403  settings are their names
from example_project.settings import IHUYI

_default = IHUYI["ACCOUNTS"]["default"]


def _account(product: str, page: str) -> dict[str, object]:
    return {**_default, "PRODUCT": product, "BASE_URL": _default["BASE_URL"].replace("sms.php", page)}


IHUYI = {
    **IHUYI,
    "ACCOUNTS": {
        "default": _default,
        "abroad": _account("international", "isms.php"),
        "voice": _account("voice", "voice.php"),
    },
}
