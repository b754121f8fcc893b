"""Sentences beside each other."""

from __future__ import annotations

import pytest

from django_ihuyi.sentences import join_sentences


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (("Wait.", "Try again."), "Wait. Try again."),
        (("a task waits", "Start a worker."), "a task waits. Start a worker."),
        (("没有生效。", "请重试。"), "没有生效。请重试。"),
        (("有任务已等待 1260 秒", "请启动 worker。"), "有任务已等待 1260 秒。请启动 worker。"),
        (("全部完成", ""), "全部完成"),
        (("", "Try again."), "Try again."),
        ((), ""),
    ],
    ids=["English", "without its end", "Chinese", "Chinese without its end", "alone", "the second alone", "none"],
)
def test_sentences(parts: tuple[str, ...], text: str) -> None:
    assert join_sentences(*parts) == text
