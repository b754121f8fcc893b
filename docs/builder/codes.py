"""The page of the gateway's codes and the carriers' words: meaning and advice are those that staff see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext, override

from django_ihuyi.admin.carrier_codes import STATUSES
from django_ihuyi.gateway.products import PRODUCTS
from django_ihuyi.gateway.result_codes import CODES, PRODUCT_CODES, Code, Retry, Scope, lookup
from django_ihuyi.sentences import join_sentences

from .markdown import table

_UNKNOWN = -1
"""A code that the gateway never answers, so that what is said of unknown ones is said."""

_Texts = Mapping[str | Scope | Retry, Any]
"""The page's own words: headings by their names, scopes and repeats by themselves, headers as tuples of cells."""

_ENGLISH: _Texts = {
    "title": "Codes",
    "twin": "[简体中文](zh-hans/codes.md)",
    "intro": (
        "What the gateway answers to a Submit, what it means, whether the package sends the message again by itself, "
        "and what staff do. The admin shows the same words. Codes of an account pause it and keep its messages; those "
        "of a message or a recipient end one message."
    ),
    "header": ("code", "what happened", "sent again", "what to do", "the gateway's words"),
    Scope.SUCCESS: "Success",
    Scope.ACCOUNT: "About the account",
    Scope.CLOCK: "About the clock",
    Scope.MESSAGE: "About the message",
    Scope.RECIPIENT: "About the recipient",
    Scope.GATEWAY: "About the gateway",
    Retry.NEVER: "no",
    Retry.WITH_BACKOFF: "yes, with longer and longer pauses",
    Retry.AT_ONCE: "yes, at once",
    Retry.AFTER_A_SECOND: "yes, after a second",
    Retry.AFTER_FIX: "yes, when it is mended",
    "of product": "{code} ({product})",
    "other": "Any other code",
    "words": "The carriers' words",
    "words intro": (
        "A receipt has a code, 2 for delivered, and a word of the carrier's. The code decides; the word explains. "
        "These are known, as regular expressions; any other is shown as it came."
    ),
    "words header": ("word", "what happened", "what to do"),
}
_CHINESE: _Texts = {
    "title": "返回码",
    "twin": "[English](../codes.md)",
    "intro": (
        "网关对 Submit 的返回码、含义、软件是否自动重发，以及后台人员应做什么。管理后台显示同样的文字。"
        "账号类的返回码会暂停账号并保留短信；短信类和号码类的返回码只结束一条短信。"
    ),
    "header": ("返回码", "发生了什么", "自动重发", "怎么做", "网关原文"),
    Scope.SUCCESS: "成功",
    Scope.ACCOUNT: "关于账号",
    Scope.CLOCK: "关于时钟",
    Scope.MESSAGE: "关于短信",
    Scope.RECIPIENT: "关于号码",
    Scope.GATEWAY: "关于网关",
    Retry.NEVER: "否",
    Retry.WITH_BACKOFF: "是，间隔越来越长",
    Retry.AT_ONCE: "是，立即",
    Retry.AFTER_A_SECOND: "是，一秒之后",
    Retry.AFTER_FIX: "是，改正之后",
    "of product": "{code}（{product}）",
    "other": "其他返回码",
    "words": "运营商的状态词",
    "words intro": (
        "回执有一个代码（2 表示送达）和运营商的状态词。由代码决定结果，状态词用于解释。"
        "已知的状态词如下（正则表达式）；其他的按原样显示。"
    ),
    "words header": ("状态词", "发生了什么", "怎么做"),
}
_TEXTS = {"en": _ENGLISH, "zh-hans": _CHINESE}


def page(language: str) -> str:
    """Return the page.

    Args:
        language: ``en`` or ``zh-hans``.
    """
    texts = _TEXTS[language]
    with override(language):
        parts = [f"# {texts['title']}", texts["twin"], texts["intro"]]
        for scope in Scope:
            rows = [_row(code, texts) for code in CODES.values() if code.scope is scope]
            rows += [
                _row(code, texts, gettext(PRODUCTS[product].label))
                for product, codes in PRODUCT_CODES.items()
                for code in codes.values()
                if code.scope is scope
            ]
            parts += [f"## {texts[scope]}", table(texts["header"], rows)]
        other = lookup(_UNKNOWN)
        parts += [f"## {texts['other']}", join_sentences(gettext(other.meaning), gettext(other.action))]
        words = [
            (f"`{pattern.pattern}`", gettext(one.meaning), one.advice and gettext(one.advice))
            for pattern, one in STATUSES
        ]
        parts += [f"## {texts['words']}", texts["words intro"], table(texts["words header"], words)]
    return "\n\n".join(parts) + "\n"


def _row(code: Code, texts: _Texts, product: str = "") -> tuple[str, ...]:
    number = f"`{code.number}`"
    if product:
        number = str(texts["of product"]).format(code=number, product=product)
    return (number, gettext(code.meaning), str(texts[code.retry]), gettext(code.action), code.text)
