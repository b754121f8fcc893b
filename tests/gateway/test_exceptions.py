"""Errors know whether to try again, tell nothing they should not, and survive pickling."""

from __future__ import annotations

import copy
import pickle

import pytest

from django_ihuyi.gateway import CODES, GatewayError, NotSent, SubmitRefused, Uncertain, lookup


@pytest.mark.parametrize(
    ("error", "retryable"),
    [
        (GatewayError("anything"), False),
        (NotSent("no connection to 106.ihuyi.com"), True),
        (Uncertain("no answer from 106.ihuyi.com"), False),
        (SubmitRefused(0, "提交失败"), True),
        (SubmitRefused(40501), True),
        (SubmitRefused(4080), True),
        (SubmitRefused(405, "不正确"), False),
        (SubmitRefused(4999, "unknown"), False),
        (SubmitRefused(408, "冻结", "voice"), False),
    ],
    ids=repr,
)
def test_retryable_and_copies(error: GatewayError, retryable: bool) -> None:
    for same in (error, pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(same) is type(error)
        assert same.retryable is retryable
        assert (str(same), vars(same)) == (str(error), vars(error))


@pytest.mark.parametrize("code", [*CODES, 4999, -1])
def test_a_refusal_tells_code_and_meaning(code: int) -> None:
    error = SubmitRefused(code, "the gateway's words")
    assert str(error) == f"code {code}: {lookup(code).meaning}"
    assert (error.code, error.msg, error.retryable) == (code, "the gateway's words", lookup(code).retryable)


def test_a_refusals_text_does_not_quote_the_gateway() -> None:
    error = SubmitRefused(407, "敏感字符：发票")
    assert "发票" not in f"{error} {error!r} {error.args}"
