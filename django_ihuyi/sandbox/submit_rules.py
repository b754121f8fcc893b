"""Result code of a Submit (PROTOCOL 3), in the order of the checks."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django_ihuyi.gateway.content import find_emoji
from django_ihuyi.gateway.result_codes import ACCEPTED
from django_ihuyi.sandbox import faults
from django_ihuyi.sandbox.authentication import refusal
from django_ihuyi.sandbox.frequency_history import CODE_WORD, MINUTE
from django_ihuyi.sandbox.options import Options
from django_ihuyi.sandbox.products import Product
from django_ihuyi.sandbox.segments import count_segments
from django_ihuyi.sandbox.state import State

VARIABLE: Final = "【变量】"
MISSING: Final = (("account", 401), ("password", 402), ("mobile", 403), ("content", 404))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a Submit.

    Attributes:
        code: The code to answer; 2 means take it.
        mobile: The number as the stand-in keeps it.
        text: The text that the phone shows, without the signature.
        segments: Billed parts.
    """

    code: int
    mobile: str = ""
    text: str = ""
    segments: int = 0


def missing(form: Mapping[str, str], *names: str) -> int | None:
    """Return the code for the first of these fields that is absent or blank.

    Args:
        form: The request's fields.
        names: The fields that the method needs.

    Returns:
        401, 402, 403 or 404; None when all are there.
    """
    return next((code for name, code in MISSING if name in names and not form.get(name, "").strip()), None)


def judge(form: Mapping[str, str], product: Product, options: Options, state: State) -> Verdict:
    """Decide on a Submit.

    Args:
        product: What is asked for.
        form: The request's fields.
        options: The sandbox's options.
        state: What it knows; the caller holds its lock until the message is taken.

    Returns:
        The code and, for code 2, what to take.
    """
    code = missing(form, "account", "password", "mobile", "content") or state.forced
    if code is None:
        code = refusal(form, options.account, options.api_key, form["mobile"], form["content"])
    if code is not None:
        return Verdict(code)
    mobile = product.read_number(form["mobile"])
    if mobile is None:
        return Verdict(406)
    code, text = _text(form, product, options, state)
    if code is None:
        code = faults.magic_code(mobile)
    if code is None:
        code = _fault_code(mobile, text, state)
    if code is None:
        code = _frequency(mobile, text, options, state)
    if code is not None:
        return Verdict(code)
    parts = 1 if product.is_call else count_segments(text, options.signature)
    return Verdict(ACCEPTED, mobile, text, parts) if parts <= state.balances[product.name] else Verdict(4051)


def _text(form: Mapping[str, str], product: Product, options: Options, state: State) -> tuple[int | None, str]:
    content, templateid = form["content"], form.get("templateid", "")
    if not product.is_text(content) or (templateid and not product.has_templates):
        return 4072, ""
    code, text = _fill(templateid, content, options, state) if templateid else (None, content)
    if code is not None:
        return code, ""
    must_match = options.match_templates and product.has_templates and not templateid
    rules = (
        (4074, find_emoji(text) is not None),
        (4070, "【" in text),
        (4073, len(text) > options.max_length),
        (4072, must_match and not _matches(text, state)),
    )
    return next((code for code, broken in rules if broken), None), text


def _fill(templateid: str, content: str, options: Options, state: State) -> tuple[int | None, str]:
    number = int(templateid) if re.fullmatch(r"[0-9]{1,9}", templateid) else 0
    template = state.templates.get(number)
    variables = content.split("|")
    if template is None or template.state != "passed" or template.content.count(VARIABLE) != len(variables):
        return 4072, ""
    if max(map(len, variables)) > options.max_variable:
        return 40722, ""
    pieces = template.content.split(VARIABLE)
    return None, pieces[0] + "".join(one + piece for one, piece in zip(variables, pieces[1:], strict=True))


def _matches(text: str, state: State) -> bool:
    approved = (template.content for template in state.templates.values() if template.state == "passed")
    patterns = (".+".join(map(re.escape, content.split(VARIABLE))) for content in approved)
    return any(re.fullmatch(pattern, text, re.DOTALL) for pattern in patterns)


def _fault_code(mobile: str, text: str, state: State) -> int | None:
    answer = faults.fault_of(mobile).answer
    if answer is faults.Answer.FAIL:
        return 0
    if answer is not faults.Answer.FAIL_FIRST:
        return None
    if (mobile, text) in state.failed_once:
        state.failed_once.discard((mobile, text))
        return None
    if len(state.failed_once) < faults.FAILED_ONCE_KEPT:
        state.failed_once.add((mobile, text))
    return 0


def _frequency(mobile: str, text: str, options: Options, state: State) -> int | None:
    now = time.time()
    number, same = state.history.number(mobile, now), state.history.text(mobile, text, now)
    last_minute = sum(now - moment < MINUTE for moment in same.latest)
    is_code = CODE_WORD in text
    rules = (
        (4080, options.one_a_second and 0 <= now - number.last < 1),
        (4082, _reached(number.messages, options.per_day)),
        (4085, is_code and _reached(number.codes, options.codes_per_day)),
        (4083, _reached(last_minute, options.equal_per_minute)),
        (4084, _reached(same.today, options.equal_per_day)),
    )
    return next((code for code, broken in rules if broken), None)


def _reached(had: int, limit: int | None) -> bool:
    return limit is not None and had >= limit
