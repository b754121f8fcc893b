"""Validators of option values: each returns None, or a description of a valid value."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from django.utils.module_loading import import_string

from django_ihuyi.gateway.mobile_numbers import is_country_abroad
from django_ihuyi.gateway.products import PRODUCTS

CATEGORIES = ("verification", "notification", "marketing")
_NUMBER = re.compile(r"[0-9]{11}|\+[1-9][0-9]{6,14}")


def validate_text(value: object) -> str | None:
    right = isinstance(value, str) and value.strip() and value == value.strip()
    return None if right else "a text that is not empty, without white space around it"


def validate_signature(value: object) -> str | None:
    right = isinstance(value, str) and 2 <= len(value) <= 30 and not set(value) & set("【】")
    return None if right else "2 to 30 characters without the brackets 【】, for example '互亿无线'"


def validate_flag(value: object) -> str | None:
    return None if isinstance(value, bool) else "True or False"


def validate_format(value: object) -> str | None:
    return None if value in ("json", "xml") else "'json' or 'xml'"


def validate_matching(value: object) -> str | None:
    return None if value in ("off", "warn", "refuse") else "'off', 'warn' or 'refuse'"


def validate_positive(value: object) -> str | None:
    right = isinstance(value, int) and not isinstance(value, bool) and value > 0
    return None if right else "a whole number above 0"


def validate_balance_low(value: object) -> str | None:
    right = value is None or (
        all(isinstance(key, str) and validate_positive(number) is None for key, number in value.items())
        if isinstance(value, Mapping)
        else validate_positive(value) is None
    )
    return (
        None if right else "None, a number of messages such as 1000, or a dict from accounts' aliases to such numbers"
    )


def validate_concurrency(value: object) -> str | None:
    # More than the pool of connections keeps would open a new one for each message.
    right = validate_positive(value) is None and int(str(value)) <= 64
    return None if right else "a whole number of calls at a time, from 1 to 64"


def validate_rate(value: object) -> str | None:
    return None if value is None or is_above_zero(value) else "None, or a number of messages a second above 0"


def validate_price(value: object) -> str | None:
    right = value is None or is_above_zero(value)
    return None if right else "None, or the yuan that one segment costs, a number above 0, for example 0.03"


def validate_count(value: object) -> str | None:
    right = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return None if right else "a whole number, 0 or above"


def is_above_zero(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def validate_timeout(value: object) -> str | None:
    right = isinstance(value, tuple | list) and len(value) == 2 and all(is_above_zero(part) for part in value)
    return None if right else "two numbers of seconds, (connect, read), for example (3.05, 10)"


def validate_url(value: object) -> str | None:
    try:
        parts = urlsplit(str(value))
        right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        right = False
    else:
        # What the client refuses as well.
        plain = not parts.query and not parts.fragment and parts.username is None and str(value) == str(value).strip()
        right = right and plain
    return None if right else "an address such as 'https://106.ihuyi.com/webservice/sms.php'"


def validate_product(value: object) -> str | None:
    return None if value in PRODUCTS else f"one of {', '.join(map(repr, PRODUCTS))}"


def validate_countries(value: object) -> str | None:
    right = value is None or (
        isinstance(value, list | tuple)
        and bool(value)
        and all(isinstance(code, str) and is_country_abroad(code) for code in value)
    )
    example = "['852', '853']"
    return None if right else f"None, or a list of country calling codes outside of mainland China, such as {example}"


def validate_importable(value: object) -> str | None:
    try:
        import_string(str(value))
    except ImportError:
        return "the dotted path of a class that can be imported, such as 'django_ihuyi.gateway.Client'"
    except RuntimeError:
        pass  # a model of an app that is not installed: the check E019 names it
    return None


def validate_importable_or_none(value: object) -> str | None:
    if value is None or (isinstance(value, str) and validate_importable(value) is None):
        return None
    return "None, or the dotted path of a function or class that can be imported"


def validate_texts(value: object) -> str | None:
    right = isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)
    return None if right else "a list of texts"


def validate_words(value: object) -> str | None:
    # A word without a letter would come down to nothing, and so would an empty reply.
    right = validate_texts(value) is None and all(any(map(str.isalnum, word)) for word in value)  # type: ignore[attr-defined]  # texts, says the line above
    return None if right else "a list of words, each with a letter, such as ['TD', '退订']; an empty one for none"


def validate_networks(value: object) -> str | None:
    if value is None:
        return None
    try:
        right = not isinstance(value, str) and bool([ipaddress.ip_network(item) for item in value])  # type: ignore[attr-defined]  # anything else is a TypeError, below
    except (TypeError, ValueError):
        right = False
    return None if right else "None, or a list of networks such as ['203.0.113.0/24']"


def validate_retention(value: object) -> str | None:
    kinds = (*CATEGORIES, "receipts", "replies", "balances")
    if isinstance(value, Mapping):
        if "webhooks" in value:
            # It was a key here before webhooks were an app of their own.
            return "the days of 'webhooks' as IHUYI['WEBHOOKS']['RETENTION_DAYS'] instead"
        right = all(key in kinds and validate_positive_or_none(days) is None for key, days in value.items())
    else:
        right = validate_positive_or_none(value) is None
    names = ", ".join(map(repr, kinds))
    return None if right else f"None, a whole number of days above 0, or a dict from {names} to such a number or None"


def validate_positive_or_none(value: object) -> str | None:
    return None if value is None or validate_positive(value) is None else "None, or a whole number above 0"


def validate_queues(value: object) -> str | None:
    right = isinstance(value, Mapping) and all(
        key in CATEGORIES and (queue is None or (isinstance(queue, str) and queue)) for key, queue in value.items()
    )
    return None if right else f"a dict from {', '.join(map(repr, CATEGORIES))} to a Celery queue's name or None"


def validate_name_or_callable(value: object) -> str | None:
    return None if callable(value) or (isinstance(value, str) and value) else "a text or a callable"


def validate_name_or_callable_or_none(value: object) -> str | None:
    return None if value is None or validate_name_or_callable(value) is None else "a text, a callable or None"


def validate_numbers(value: object) -> str | None:
    right = isinstance(value, list | tuple) and all(isinstance(item, str) and _NUMBER.fullmatch(item) for item in value)
    example = "['13800138000', '+85291234567']"
    return None if right else f"a list of mobile numbers, eleven digits or + with a country code, such as {example}"


def validate_purpose(value: object) -> str | None:
    right = value is None or (isinstance(value, str) and 1 <= len(value) <= 32)
    return None if right else "None, or a verification code's purpose of 1 to 32 characters, for example 'sign-up'"


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
