"""The tables of figures in the page on performance, made of what ``python -m benchmarks --write`` wrote."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .markdown import table

FILE = Path(__file__).parents[1] / "figures.json"
_SPAN = re.compile(r"(?<=<!-- figures -->\n).*?(?=<!-- end of figures -->)", re.DOTALL)
_HEADERS = {
    "en": ["`python -m benchmarks`", "what", "here", "compared with", "ratio", "least to greatest", "turns", "wanted"],
    "zh-hans": ["`python -m benchmarks`", "内容", "本包", "对照", "比值", "最小至最大", "轮数", "目标"],
}
_MACHINE = {
    "en": "Date: {date}. Machine: {machine}. Runs one after the other: {runs}. Software: {software}.",
    "zh-hans": "日期：{date}。机器：{machine}。连续运行次数：{runs}。软件：{software}。",
}
_AT_MOST = {"en": "at most {}", "zh-hans": "不超过 {}"}
_WORDS = {
    r"Submits, (\d+) processes of (\d+) threads, gateway of (\d+) ms, (\w+)": (
        r"提交，\1 个进程各 \2 线程，网关 \3 毫秒，\4"
    ),
    r"Submits, gateway of (\d+) ms, (\w+), processes of (\d+) threads: (\d+)": (
        r"提交，网关 \1 毫秒，\2，\3 线程的进程数：\4"
    ),
    r"Submits with a webhook event for each, gateway of (\d+) ms, (\w+)": (
        r"每条都有 Webhook 事件的提交，网关 \1 毫秒，\2"
    ),
    r"Webhook events posted, 1 process of (\d+) threads, receiver of (\d+) ms": (
        r"推送 Webhook 事件，1 个 \1 线程的进程，接收方 \2 毫秒"
    ),
    r"Memory of send_bulk of ([\d,]+), above the process's own": r"send_bulk \1 条比进程本身多用的内存",
    r"Receipts over gunicorn, (\d+) sync workers": r"回执，gunicorn \1 个同步工作进程",
    r"p95 of a code from call to Submit, beside a campaign of ([\d,]+), (\w+)": (
        r"\1 条营销短信排队时，验证码从调用到提交的 p95，\2"
    ),
    r"Empty Celery tasks, (\d+) processes, (\w+)": r"Celery 空任务，\1 个进程，\2",
    r"A call of delay\(\), (\w+)": r"调用一次 delay()，\1",
    r"(send_bulk)": r"\1",
    r"send_sms, (\w+)": r"send_sms，\1",
    r"": r"",
    r"(Session\.post|bulk_create|post_office send_many)": r"\1",
    r"INSERT and apply_async": r"INSERT 加 apply_async",
    r"(\d+) process": r"\1 个进程",
    r"hand-written view": r"手写视图",
    r"without an endpoint": r"没有端点时",
    r"alone": r"空闲时",
}
"""What the measurements are called in Chinese."""


def page(text: str, language: str, file: Path = FILE) -> str:
    """Return the page of performance with the figures of now.

    Args:
        text: The page as it is, with the comments between which the figures are.
        language: ``en`` or ``zh-hans``.
        file: What the benchmarks wrote.

    Raises:
        LookupError: The page has no place for the figures, or one of them has no Chinese name.
    """
    if not _SPAN.search(text):
        raise LookupError("The page has no place for figures: <!-- figures -->")
    value = json.loads(file.read_text("utf-8"))
    software = ", ".join(f"{name} {version}" for name, version in value["software"].items())
    about = _MACHINE[language].format(**(value | {"software": software}))
    rows = (list(_row(figure, language)) for figure in value["figures"])
    made = f"{about}\n\n{table(_HEADERS[language], rows)}\n"
    return _SPAN.sub(lambda _found: made, text)


def words(text: str, language: str) -> str:
    """Return what is measured, in a language.

    Raises:
        LookupError: It has no Chinese name.
    """
    if language == "en":
        return text
    for pattern, chinese in _WORDS.items():
        if found := re.fullmatch(pattern, text):
            return found.expand(chinese)
    raise LookupError(f"docs/builder/figures.py has no Chinese for: {text}")


def _row(figure: dict[str, Any], language: str) -> Iterator[str]:
    unit, least, most = figure["unit"], figure["least"], figure["most"]
    is_ratio = figure["ratio"] is not None
    yield f"`{figure['part']}`"
    yield words(figure["what"], language)
    yield _value(figure["ours"], unit)
    other = words(figure["other"], language)
    yield f"{other} {_value(figure['bare'], unit)}" if is_ratio else other
    yield f"{figure['ratio']:.2f}" if is_ratio else ""
    spread = [f"{one:.2f}" if is_ratio else _value(one, unit) for one in figure["spread"]]
    yield "–".join(dict.fromkeys(spread)) if figure["turns"] > 1 else ""
    yield str(figure["turns"])
    wanted = least if most is None else most
    told = "" if wanted is None else f"{wanted:.2f}" if is_ratio else _value(wanted, unit)
    yield told if most is None else _AT_MOST[language].format(told)


def _value(value: float, unit: str) -> str:
    return f"{value:,.0f}{unit}" if unit == "/s" else f"{value:,.1f} {unit}"
