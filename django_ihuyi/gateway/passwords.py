"""The dynamic password of PROTOCOL 1: a fingerprint of the request and the time, so that the APIKEY stays at home."""

from __future__ import annotations

import hashlib


def dynamic_password(account: str, api_key: str, moment: int, mobile: str = "", content: str = "") -> str:
    """Return the password of one request.

    Args:
        account: The APIID.
        api_key: The APIKEY.
        moment: Unix time in whole seconds; the request must send the same number as ``time``.
        mobile: The number as the request sends it; empty for ``GetNum``.
        content: The text as the request sends it; empty for ``GetNum``.

    Returns:
        32 lower-case hexadecimal digits.
    """
    # MD5 is the gateway's choice, not ours: nothing else is understood there.
    plain = f"{account}{api_key}{mobile}{content}{moment}"
    return hashlib.md5(plain.encode(), usedforsecurity=False).hexdigest()
