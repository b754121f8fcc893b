"""Clients that reach no gateway."""

from __future__ import annotations

import pytest
from django.utils import translation

from django_ihuyi.testing import ConsoleClient, OutboxClient


def test_the_terminal_shows_texts(capsys: pytest.CaptureFixture[str]) -> None:
    client = ConsoleClient("cf_tests", "k" * 32)
    plain, templated = client.submit("13712345678", "您好"), client.submit("13712345678", "1234", template=1)
    assert plain.accepted
    assert plain.smsid != templated.smsid
    assert capsys.readouterr().out == (
        "\n--- SMS to 13712345678 (account cf_tests)\n您好\n---\n"
        "\n--- SMS to 13712345678 (account cf_tests, template 1)\n1234\n---\n"
    )
    with translation.override("zh-hans"):
        client.submit("13712345678", "您好")
    assert "发给 13712345678 的短信" in capsys.readouterr().out


@pytest.mark.parametrize("kind", [ConsoleClient, OutboxClient])
def test_there_is_always_credit_and_templates_are_taken(kind: type[OutboxClient]) -> None:
    client = kind("cf_tests", "k" * 32)
    assert client.get_balance() > 1000
    assert client.add_template("您的验证码是：【变量】。") >= 1000
