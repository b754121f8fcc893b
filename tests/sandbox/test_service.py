"""Starting, stopping, options, bounds and the log."""

from __future__ import annotations

import http.client
import logging
import socket
import threading
import time
from typing import Any, get_type_hints

import pytest
import requests

from django_ihuyi.sandbox import KnownTemplate, Options, Sandbox, frequency_history, phone_page, state
from django_ihuyi.sandbox.options import OptionFields
from tests.sandbox.conftest import KEY, Customer, MakeCustomer, Site, eventually


def test_all_threads_end(site: Site) -> None:
    before = set(threading.enumerate())
    with Sandbox(**site.options) as sandbox:
        customer = Customer(sandbox)
        customer.submit()
        line = socket.create_connection(("127.0.0.1", int(sandbox.url.rpartition(":")[2])))
        hanging = threading.Thread(target=_swallow, args=(customer, "13900000002"))
        dripping = threading.Thread(target=_swallow, args=(Customer(sandbox), "13900000020"))
        hanging.start()
        dripping.start()
        eventually(lambda: len(sandbox.messages) == 3)
        started = time.monotonic()
    assert time.monotonic() - started < 2
    hanging.join()
    dripping.join()
    line.close()
    customer.session.close()

    eventually(lambda: not [thread for thread in threading.enumerate() if thread not in before])


def _swallow(customer: Customer, mobile: str) -> None:
    with customer.session, pytest.raises(requests.RequestException):
        customer.call("Submit", mobile=mobile, content="您好")


def test_stop_twice_and_url_when_stopped() -> None:
    sandbox = Sandbox()
    with pytest.raises(RuntimeError, match="not running"):
        _ = sandbox.url
    sandbox.start()
    assert sandbox.base_url.endswith("/webservice/sms.php")
    sandbox.stop()
    sandbox.stop()


def test_port_in_use() -> None:
    with Sandbox() as sandbox, pytest.raises(OSError, match="in use"):
        Sandbox(port=int(sandbox.url.rpartition(":")[2])).start()


def test_ipv6(make_customer: MakeCustomer) -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    try:
        customer = make_customer(host="::1")
    except OSError:
        pytest.skip("no IPv6 loopback here")

    assert customer.sandbox.url.startswith("http://[::1]:")
    assert customer.submit()["code"] == 2
    assert customer.get("/").status_code == 200


@pytest.mark.parametrize(
    "options",
    [
        {"host": "0.0.0.0"},
        {"host": "192.168.1.1"},
        {"host": "example.com"},
        {"receipt_url": "http://example.com/"},
        {"reply_url": "ftp://127.0.0.1/"},
        {"template_url": "127.0.0.1/"},
        {"receipt_url": "http://[/"},
        {"receipt_url": "http://127.0.0.1:99999/"},
        {"receipt_url": "http://127.0.0.1/推送/"},
        {"receipt_url": "http://127.0.0.1/a b/"},
        {"receipt_url": "http://127.0.0.1/a\rb/"},
        {"port": 65536},
        {"account": ""},
        {"api_key": ""},
        {"signature": "一"},
        {"signature": "一" * 31},
        {"balance": -1},
        {"receipt_delay": -0.1},
        {"push_pauses": (1, -1)},
        {"templates": (KnownTemplate(1, "您好"),)},
        {"templates": (KnownTemplate(1_000_000_000, "您好"),)},
    ],
    ids=str,
)
def test_options_that_cannot_work(options: Any) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        Sandbox(**options)
    assert not any(str(value) in str(caught.value) for value in options.values() if "/" in str(value))


def test_localhost_is_an_address() -> None:
    assert Options(host="localhost").host == "127.0.0.1"


def test_keywords_are_the_options() -> None:
    hints = get_type_hints(Options)
    assert get_type_hints(OptionFields) == hints


def test_repr_has_no_secrets() -> None:
    text = repr(Options(api_key="the-key", receipt_url="http://127.0.0.1/the-token/"))

    assert "the-key" not in text
    assert "the-token" not in text


def test_lists_are_bounded_and_counts_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "KEPT", 4)
    monkeypatch.setattr(frequency_history, "REMEMBERED", 3)
    memory = state.State(Options(templates=(KnownTemplate(2000, "您好"),)))

    for number in range(5):
        memory.take(f"1371234567{number}", "您好", "您好", 1)
        memory.hear("13712345678", "好")
        memory.add_template(f"模板{number}")

    assert [one.position for one in memory.messages] == [2, 3, 4, 5]
    assert [one.position for one in memory.replies] == [2, 3, 4, 5]
    assert list(memory.templates) == [1, 2000, 1004, 1005]
    assert memory.counts["taken"] == 5
    assert memory.take("13712345674", "您好", "您好", 1).count == 2
    assert memory.take("13712345670", "您好", "您好", 1).count == 1, "forgotten"


def test_templates_from_the_start(make_customer: MakeCustomer) -> None:
    customer = make_customer(
        templates=(
            KnownTemplate(1001, "订单【变量】已发出。"),
            KnownTemplate(1003, "【变量】已签收。", "waiting"),
            KnownTemplate(1004, "您好【变量】", "refused"),
        ),
        one_a_second=False,
    )

    def codes() -> list[int]:
        return [customer.submit(content="7", templateid=number)["code"] for number in ("1001", "1003", "1004")]

    assert codes() == [2, 4072, 4072]
    customer.sandbox.review_template(1003, passed=True)
    assert codes() == [2, 2, 4072]
    handed_in = [customer.call("AddTemplate", format="json", content="一").json()["templateid"] for _ in range(2)]
    assert handed_in == [1002, 1005], "an id that is somebody's is given to nobody else"
    customer.sandbox.reset()
    assert codes() == [2, 4072, 4072]


def test_daily_counts_begin_again_at_midnight_in_china() -> None:
    past = frequency_history.History()
    midnight = 1501603200.0
    for moment in (midnight - 10, midnight - 5, midnight):
        past.add("13712345678", "验证码", moment)

    number, text = past.number("13712345678", midnight), past.text("13712345678", "验证码", midnight)
    assert (number.messages, number.codes, text.today, text.ever) == (1, 1, 1, 3)


def test_latency(make_customer: MakeCustomer) -> None:
    customer = make_customer(latency=0.2)

    started = time.monotonic()
    customer.call("GetNum")

    assert time.monotonic() - started >= 0.2


def test_log_has_no_number_text_or_key(customer: Customer, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "django_ihuyi.sandbox"):
        customer.call("Submit", "GET", mobile="13712345678", content="秘密")
        customer.call("Submit", mobile="13900000017", content="秘密")
        customer.get("/13712345678")
        customer.call("秘密")
        customer.get("/sandbox/messages?mobile=13712345678")
        _send_garbage(customer, b"GET /?content=secret\r\n\r\n")
        _send_garbage(customer, b"13712345678 secret /\r\n\r\n")
        eventually(lambda: len(caplog.records) >= 5)

    lines = "\n".join(record.getMessage() for record in caplog.records)
    assert "GET Submit 200 code=2" in lines
    assert "POST Submit 200 code=2 server_error" in lines
    assert not any(word in lines for word in ("13712345678", "秘密", "secret", KEY))


def test_the_pages_polling_is_logged_for_who_asks_for_it(customer: Customer, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "django_ihuyi.sandbox"):
        customer.get("/sandbox/feed?run=&since=0")
        customer.get("/sandbox/feed", Host="example.com")
        customer.get("/sandbox/messages")
        eventually(lambda: len(caplog.records) == 3)

    assert [(one.levelname, one.getMessage().rpartition(" - ")[0]) for one in caplog.records] == [
        ("DEBUG", "GET control 200"),
        ("INFO", "GET control 403"),
        ("INFO", "GET control 200"),
    ]


def _send_garbage(customer: Customer, request: bytes) -> None:
    with socket.create_connection(("127.0.0.1", int(customer.sandbox.url.rpartition(":")[2]))) as line:
        line.sendall(request)
        line.recv(4096)


def test_an_error_of_ones_own_is_logged_by_name_only(
    customer: Customer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing in the page's files can be missing in an installed package; take them away to have an error."""
    monkeypatch.setitem(phone_page.FILES, "/", ("icon.svg\0", ""))
    connection = http.client.HTTPConnection(customer.sandbox.url.removeprefix("http://"), timeout=5)
    connection.request("GET", "/?secret")
    with pytest.raises(http.client.RemoteDisconnected):
        connection.getresponse()
    connection.close()

    eventually(lambda: "request failed: ValueError" in caplog.text)
    assert "secret" not in caplog.text
    assert customer.submit()["code"] == 2
