"""Receipts, replies and reviews: their fields, and the repeat rule (PROTOCOL 4)."""

from __future__ import annotations

import logging
import socket
import time
from datetime import UTC, datetime, timedelta

import pytest

from django_ihuyi.sandbox import Options, Sandbox
from django_ihuyi.sandbox.push_sender import Push, Pusher, china_time
from tests.sandbox.conftest import MakeCustomer, Site, eventually

RECEIVED, FAILED = (200, b"success"), (500, b"success")


def test_china_time() -> None:
    assert china_time(1501655511) == "2017-08-02 14:31:51"
    assert china_time(datetime(2017, 12, 31, 16, tzinfo=UTC).timestamp()) == "2018-01-01 00:00:00"


def test_receipt_fields(make_customer: MakeCustomer, site: Site) -> None:
    customer = make_customer(**site.options)

    smsid = customer.submit()["smsid"]
    eventually(lambda: site.pushes)

    [(path, fields)] = site.pushes
    moment = datetime.strptime(fields.pop("report_time") + "+0800", "%Y-%m-%d %H:%M:%S%z")
    assert abs(datetime.now(UTC) - moment) < timedelta(seconds=5)
    assert path == "/receipt/"
    assert fields == {"code": "2", "msg": "DELIVRD", "mobilephone": "13712345678", "smsid": smsid}


def test_receipt_waits_for_its_delay(make_customer: MakeCustomer, site: Site) -> None:
    customer = make_customer(**site.options | {"receipt_delay": 0.3})

    customer.submit()
    started = time.monotonic()
    assert customer.sandbox.messages[0].receipt == "waiting"
    eventually(lambda: site.pushes)

    assert 0.25 < site.times[0] - started < 3


@pytest.mark.parametrize(
    ("answers", "attempts", "outcome"),
    [
        ([RECEIVED], 1, "acknowledged"),
        ([FAILED, RECEIVED], 2, "acknowledged"),
        ([FAILED, FAILED, RECEIVED], 3, "acknowledged"),
        ([FAILED, FAILED, FAILED, RECEIVED], 3, "given_up"),
        ([(200, b"success\n"), (201, b"success"), (200, b'"success"')], 3, "given_up"),
        ([(200, b"SUCCESS"), (302, b"success"), (200, b"")], 3, "given_up"),
        ([(200, b"success" * 100), RECEIVED], 2, "acknowledged"),
    ],
)
def test_repeats(
    make_customer: MakeCustomer, site: Site, answers: list[tuple[int, bytes]], attempts: int, outcome: str
) -> None:
    site.answers += answers
    customer = make_customer(**site.options)

    customer.submit()
    eventually(lambda: customer.sandbox.messages[0].receipt == outcome)

    assert len(site.pushes) == attempts
    assert all(push == site.pushes[0] for push in site.pushes)
    pauses = [after - before for before, after in zip(site.times, site.times[1:], strict=False)]
    assert all(due <= pause < due + 2 for due, pause in zip((0.05, 0.1), pauses, strict=False))
    counts = customer.sandbox.counts
    assert (counts["pushed_receipt"], counts[f"{outcome}_receipt"]) == (attempts, 1)


def test_a_push_that_is_answered_otherwise_is_logged(
    make_customer: MakeCustomer, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.answers += [(404, b"Not found"), (200, b"ok"), RECEIVED]
    url = f"{site.url}/push/the-token/receipt/"

    with caplog.at_level(logging.INFO, "django_ihuyi.sandbox"):
        customer = make_customer(**site.options | {"receipt_url": url})
        customer.submit()
        eventually(lambda: customer.sandbox.messages[0].receipt == "acknowledged")

    lines = [record.getMessage() for record in caplog.records if record.module == "push_sender"]
    assert lines == ["push not received: HTTP 404", "push not received: HTTP 200 and not the text success"]


def test_pauses_are_the_gateways() -> None:
    assert Options().push_pauses == (60, 120)


def test_nobody_listens(make_customer: MakeCustomer) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        customer = make_customer(receipt_url=url, reply_url=f"https{url[4:]}/", receipt_delay=0, push_pauses=())
        customer.submit()
        customer.sandbox.reply("13712345678", "好")

        eventually(lambda: customer.sandbox.counts.get("given_up_receipt"))
        eventually(lambda: customer.sandbox.counts.get("given_up_reply"))


def test_reply_fields(make_customer: MakeCustomer, site: Site) -> None:
    customer = make_customer(**site.options | {"one_a_second": False})
    customer.submit(content="一")
    smsid = customer.submit(content="二")["smsid"]
    customer.submit("13712345679")

    reply = customer.sandbox.reply("13712345678", "好的 & 谢谢😀")
    eventually(lambda: reply.push == "acknowledged")

    [fields] = [fields for path, fields in site.pushes if path == "/reply/"]
    assert fields.pop("reply_time") == china_time(reply.sent_at)
    assert fields == {"mobilephone": "13712345678", "content": "好的 & 谢谢😀", "smsid": smsid}


def test_reply_of_a_phone_that_had_nothing(make_customer: MakeCustomer, site: Site) -> None:
    customer = make_customer(**site.options)

    customer.sandbox.reply("13712345678", "好")
    eventually(lambda: site.pushes)

    assert "smsid" not in site.pushes[0][1]


@pytest.mark.parametrize(("mobile", "content"), [("123", "好"), ("13712345678", " ")])
def test_reply_that_cannot_be(mobile: str, content: str) -> None:
    with pytest.raises(ValueError, match="reply"):
        Sandbox().reply(mobile, content)


@pytest.mark.parametrize(
    ("passed", "msg", "fields"),
    [
        (True, "", {"code": "2", "msg": "审核通过", "templateid": "1001"}),
        (False, "", {"code": "0", "msg": "审核未通过", "templateid": "1001"}),
        (False, "含有广告", {"code": "0", "msg": "含有广告", "templateid": "1001"}),
    ],
)
def test_review_fields(make_customer: MakeCustomer, site: Site, passed: bool, msg: str, fields: dict[str, str]) -> None:
    customer = make_customer(**site.options)
    customer.call("AddTemplate", content="您好【变量】")

    template = customer.sandbox.review_template(1001, msg, passed=passed)
    eventually(lambda: template.push == "acknowledged")

    assert site.pushes == [("/template/", fields)]


def test_review_of_an_unknown_template() -> None:
    with pytest.raises(ValueError, match="template"):
        Sandbox().review_template(1001, passed=True)


def test_no_url(make_customer: MakeCustomer) -> None:
    customer = make_customer(receipt_delay=0)

    customer.submit()
    eventually(lambda: customer.sandbox.messages[0].receipt == "no_url")

    assert customer.sandbox.messages[0].state == "delivered"


def test_many_at_once(make_customer: MakeCustomer, site: Site) -> None:
    customer = make_customer(**site.options)

    smsids = {customer.submit(f"137{number:08d}")["smsid"] for number in range(200)}
    eventually(lambda: len(site.pushes) == 200)

    assert {fields["smsid"] for _, fields in site.pushes} == smsids


def test_stop_breaks_pushes_off(site: Site) -> None:
    """A site that takes a push and never answers does not hold the sandbox up."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        sandbox = Sandbox(reply_url=f"http://127.0.0.1:{silent.getsockname()[1]}/", push_pauses=(60, 120))
        with sandbox:
            reply = sandbox.reply("13712345678", "好")
            line, _ = silent.accept()
            # The push is written, and waits for its answer.
            assert line.recv(1) == b"P"
            started = time.monotonic()
        line.close()

    assert time.monotonic() - started < 2
    assert reply.push == "repeating"


def test_reset_drops_what_waits(make_customer: MakeCustomer, site: Site) -> None:
    customer = make_customer(**site.options | {"receipt_delay": 0.2})
    customer.submit("13712345678")

    customer.sandbox.reset()
    customer.submit("13712345679")
    eventually(lambda: site.pushes)

    assert [fields["mobilephone"] for _, fields in site.pushes] == ["13712345679"]


def test_nothing_is_pushed_after_stop(site: Site) -> None:
    pusher = Pusher((60.0,), lambda _name: None)
    outcomes: list[str] = []
    pusher.stop()

    pusher.attempt(Push("reply", site.url, lambda: {"content": "好"}, outcomes.append))

    assert (outcomes, site.pushes) == (["repeating"], [])
