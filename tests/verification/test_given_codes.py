"""``send_external_code`` and ``mark_entered``: for packages that make their codes and check them themselves."""

from __future__ import annotations

import pytest

from django_ihuyi import verify_code
from django_ihuyi.exceptions import CodeThrottled
from django_ihuyi.models import Message
from django_ihuyi.verification.codes import mark_entered, send_external_code
from django_ihuyi.verification.models import VerificationCode

from .code_text import MOBILE, PURPOSE, code_in
from .conftest import Configure

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("code", ["", "123", "123456789", "12345a", "１２３４５６"])
def test_a_given_code_that_is_none_is_refused_and_not_repeated(code: str) -> None:
    with pytest.raises(ValueError, match="4 to 8 digits") as caught:
        send_external_code(MOBILE, PURPOSE, code)
    assert code == "" or code not in str(caught.value)
    assert not Message.objects.exists()


def test_a_given_code_is_sent_under_the_limits_and_kept_nowhere_else(configure: Configure) -> None:
    configure(REPEAT_CODE=True)
    assert code_in(send_external_code(MOBILE, PURPOSE, "01234567")) == "01234567"
    with pytest.raises(CodeThrottled):
        send_external_code(MOBILE, PURPOSE, "76543210")
    row = VerificationCode.objects.get()
    assert "01234567" not in str(vars(row))
    assert not verify_code(MOBILE, PURPOSE, "01234567"), "its maker checks it"
    mark_entered(f"+86 {MOBILE}", PURPOSE)
    row.refresh_from_db()
    assert row.entered_at is not None
    mark_entered("13900139000", PURPOSE)


def test_a_given_code_is_not_replaced_by_the_one_before(configure: Configure) -> None:
    configure(REPEAT_CODE=True, INTERVAL=0)
    sent = [code_in(send_external_code(MOBILE, PURPOSE, code)) for code in ("1234", "4321")]
    assert sent == ["1234", "4321"]
