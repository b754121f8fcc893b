"""Authentication of requests: plain APIKEY or dynamic password (PROTOCOL 1)."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from typing import Final

LIFETIME: Final = 300
OLD_ACCOUNT: Final = "cf_"
"""What the names of old accounts begin with."""
DYNAMIC: Final = re.compile(r"[0-9a-fA-F]{32}")


def dynamic_password(*parts: str) -> str:
    """Make a dynamic password.

    Args:
        parts: Account, key, for Submit the mobile and the content, and the Unix time in whole seconds.

    Returns:
        Lower-case hex MD5 of the parts' UTF-8 bytes, one behind the other.
    """
    data = "".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def refusal(
    form: Mapping[str, str], account: str, api_key: str, *signed: str, takes_digest: bool = False
) -> int | None:
    """Decide on the account and the password of a request.

    Args:
        form: The request's fields; account and password are not empty.
        account: The right account.
        api_key: The right key.
        signed: The further parts that a dynamic password of this method covers.
        takes_digest: Whether without ``time`` the MD5 of the key is a password too, as for old accounts (``cf_...``).

    Returns:
        None when both are right. 405 for a wrong account or key. With a ``time``, 32 hex digits are a dynamic password:
        40501 when ``time`` is no time or more than 300 s from now, 40502 when the password is wrong.
    """
    password, moment = form["password"], form.get("time", "")
    if form["account"] != account:
        return 405
    if _equal(password, api_key):
        return None
    if not moment:
        takes_digest = takes_digest or account.startswith(OLD_ACCOUNT)
        return None if takes_digest and _equal(password, dynamic_password(api_key)) else 405
    if not DYNAMIC.fullmatch(password):
        return 405
    if not re.fullmatch(r"[0-9]{1,12}", moment) or abs(time.time() - int(moment)) > LIFETIME:
        return 40501
    return None if _equal(password, dynamic_password(account, api_key, *signed, moment)) else 40502


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))
