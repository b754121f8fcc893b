"""From a web page to "delivered" and back, over real HTTP between real processes."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
import requests

from .processes import Stack, new_mobile, new_password, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.measures_processes]

_WELCOME = "【互亿无线】欢迎注册！您的账号已开通，登录名就是您的手机号码。"


def _both(texts: list[dict[str, str]]) -> list[dict[str, str]]:
    return texts if len(texts) == 2 else []


def _sign_up_to_delivered(stack: Stack) -> str:
    """Sign up, and see the text on the phone and "delivered" on the page and in the admin. Returns the number."""
    mobile, password = new_mobile(), new_password()
    stack.secrets |= {password: "password", _WELCOME[6:]: "text"}
    visitor = stack.visitor()
    assert visitor.sign_up(f"+86 {mobile[:3]}-{mobile[3:7]}-{mobile[7:]}", password).url.endswith("/sign-up/done/")
    _code, text = wait_for(lambda: _both(stack.texts(mobile)), "the code and the text on the phone")
    assert "【互亿无线】" + text["text"] == _WELCOME
    wait_for(lambda: visitor.shows("/sign-up/done/", "delivered"), "delivered on the page")
    row, _code_row = stack.staff().admin_rows("message", mobile)
    assert "delivered" in row
    assert text["smsid"] in row
    visitor.log_in(mobile, password)
    # The code is on no page.
    assert visitor.statuses("/") == ["delivered"]
    return mobile


def _answer_the_text(stack: Stack, mobile: str) -> None:
    """Answer on the phone and see the answer in the admin."""
    content = f"谢谢，{mobile[-4:]}收到"
    stack.secrets[content] = "reply"
    answer = requests.post(
        f"{stack.sandbox_url}/sandbox/reply", json={"mobile": mobile, "content": content}, timeout=10
    )
    assert answer.status_code == 200
    staff = stack.staff()
    (row,) = wait_for(lambda: staff.admin_rows("reply", mobile), "the reply in the admin")
    page = staff.get(row.partition('href="')[2].partition('"')[0].partition("?")[0])
    assert content in page


def test_a_sign_up_ends_in_delivered_and_an_answer_comes_back(stack: Stack) -> None:
    mobile = _sign_up_to_delivered(stack)
    with closing(sqlite3.connect(stack.folder / "site.sqlite3")) as database:
        rows = database.execute(
            "SELECT status, code, attempts, publishes, receipt_code FROM django_ihuyi_message WHERE mobile = ? "
            "ORDER BY id",
            [mobile],
        ).fetchall()
    # publishes: the tasks themselves did it, not the sweep.
    assert [(status, code, publishes, receipt) for status, code, _, publishes, receipt in rows] == [
        ("delivered", 2, 0, 2),
        ("delivered", 2, 0, 2),
    ]
    # Whoever types quickly makes the gateway put off the welcome text: it takes one text a second for a number.
    assert [attempts for _, _, attempts, _, _ in rows] in ([1, 1], [1, 2])
    _answer_the_text(stack, mobile)
    assert stack.found_secrets() == []


def test_a_shipped_order_sends_one_notice(stack: Stack) -> None:
    mobile, password = new_mobile(), new_password()
    stack.secrets[password] = "password"
    visitor = stack.visitor()
    visitor.sign_up(mobile, password)
    visitor.log_in(mobile, password)
    orders = visitor.post("/orders/", goods="teapot").text
    ship = orders.partition('action="/orders/')[2].partition('"')[0]
    assert "is on its way" in visitor.post(f"/orders/{ship}", "/orders/").text
    assert "was shipped before" in visitor.post(f"/orders/{ship}", "/orders/").text
    notice = f"您的订单{ship.partition('/')[0]}已发货，请注意查收。"
    stack.secrets[notice] = "text"
    wait_for(lambda: visitor.shows("/orders/", "delivered"), "delivered on the orders page")
    assert [text["text"] for text in stack.texts(mobile)].count(notice) == 1


def test_a_number_that_is_known_is_told_so_only_with_the_code(stack: Stack) -> None:
    mobile, password = new_mobile(), new_password()
    stack.visitor().sign_up(mobile, password)
    wait_for(lambda: _both(stack.texts(mobile)), "the code and the welcome text")
    visitor = stack.visitor()
    answers = [visitor.ask_for_code("/sign-up/", number) for number in (mobile, new_mobile())]
    # The first was asked for a moment ago, known or not; no page says more.
    assert [answer["sent"] for answer in answers] == [False, True]
    page = visitor.post("/sign-up/", mobile=mobile, password=password, code="000000").text
    assert "This code is wrong, too old or used up." in page


def test_a_wrong_number_is_told_at_its_input(stack: Stack) -> None:
    answer = stack.visitor().ask_for_code("/sign-up/", "010-12345678")
    assert "This is not a mainland China mobile number." in str(answer["text"])
    assert answer["wrong"] == ["mobile"]


def test_staff_see_why_a_code_was_refused(stack: Stack) -> None:
    mobile = "13800004085"
    assert stack.visitor().ask_for_code("/sign-up/", mobile)["sent"] is True
    staff = stack.staff()
    (row,) = wait_for(lambda: staff.admin_rows("message", f"{mobile}&status__exact=rejected"), "the refusal")
    assert "4085" in row


def test_a_code_changes_the_number(stack: Stack) -> None:
    mobile, password, another = new_mobile(), new_password(), new_mobile()
    stack.secrets[password] = "password"
    visitor = stack.visitor()
    visitor.sign_up(mobile, password)
    visitor.log_in(mobile, password)
    assert visitor.ask_for_code("/number/", another)["sent"] is True
    changed = visitor.post("/number/", mobile=another, code=stack.code(another), password=password)
    assert "Your number is changed." in changed.text
    assert f"{another[:3]}******{another[-2:]}" in changed.text


@pytest.mark.parametrize(
    "served_stack",
    [
        pytest.param("postgresql-redis", marks=pytest.mark.service("postgresql", "redis")),
        pytest.param("mariadb-rabbitmq", marks=pytest.mark.service("mariadb", "rabbitmq")),
    ],
    indirect=True,
)
def test_the_same_job_on_servers(served_stack: Stack) -> None:
    _answer_the_text(served_stack, _sign_up_to_delivered(served_stack))
    assert served_stack.found_secrets() == []
