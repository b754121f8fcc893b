"""The control interface: what tests read, what they set, and who may not."""

from __future__ import annotations

import http.client
from typing import Any

import pytest

from django_ihuyi.sandbox.loopback import is_loopback_header
from tests.sandbox.conftest import Customer, MakeCustomer, Site, eventually


def test_messages(customer: Customer) -> None:
    smsids = [customer.submit(f"1371234567{number}", f"第{number}条")["smsid"] for number in range(3)]

    answer = customer.get("/sandbox/messages").json()

    assert answer["taken"] == 3
    assert [(one["position"], one["smsid"], one["content"]) for one in answer["messages"]] == [
        (number + 1, smsid, f"第{number}条") for number, smsid in enumerate(smsids)
    ]


@pytest.mark.parametrize(
    ("query", "positions"),
    [("", [1, 2, 3]), ("?after=2", [3]), ("?mobile=13712345671", [2]), ("?after=x", [1, 2, 3]), ("?after=9", [])],
)
def test_messages_narrowed(customer: Customer, query: str, positions: list[int]) -> None:
    for number in range(3):
        customer.submit(f"1371234567{number}")

    answer = customer.get(f"/sandbox/messages{query}").json()

    assert [one["position"] for one in answer["messages"]] == positions


def test_sent_twice_can_be_seen(make_customer: MakeCustomer) -> None:
    customer = make_customer(one_a_second=False)

    for text in ("一", "二", "一"):
        customer.submit(content=text)

    counts = customer.get("/sandbox/requests").json()
    assert [one["count"] for one in customer.get("/sandbox/messages").json()["messages"]] == [1, 1, 2]
    assert (counts["requests"], counts["taken"], counts["taken_again"]) == (3, 3, 1)


def test_counts(customer: Customer) -> None:
    customer.submit(content="长" * 65)
    customer.submit("13800004085")
    customer.call("Submit", mobile="13900000016", content="一")
    customer.call("GetNum")

    counts = customer.get("/sandbox/requests").json()

    expected = {
        "requests": 4,
        "Submit": 3,
        "Submit_2": 1,
        "Submit_4085": 1,
        "Submit_0": 1,
        "GetNum_2": 1,
        "segments": 2,
    }
    assert counts.items() >= expected.items()


def test_counts_of_nothing(customer: Customer) -> None:
    assert customer.get("/sandbox/requests").json() == {"requests": 0, "taken": 0, "taken_again": 0, "segments": 0}


def test_feed_gives_what_has_changed(customer: Customer) -> None:
    customer.submit()
    eventually(lambda: customer.sandbox.messages[0].receipt == "no_url")
    first = customer.get("/sandbox/feed").json()
    assert (first["account"], first["signature"], first["balance"]) == ("sandbox", "互亿无线", 9999)
    assert [one["text"] for one in first["messages"]] == ["您好"]

    known = f"/sandbox/feed?run={first['run']}&since="
    assert customer.get(f"{known}{first['revision']}").json()["messages"] == []
    assert customer.post("/sandbox/reply", {"mobile": "13712345678", "content": "好"}).status_code == 200
    news = customer.get(f"{known}{first['revision']}").json()
    assert (news["messages"], [one["content"] for one in news["replies"]]) == ([], ["好"])
    assert len(customer.get(f"/sandbox/feed?run=other&since={news['revision']}").json()["messages"]) == 1


def test_page_hears_of_a_balance(customer: Customer) -> None:
    before = customer.get("/sandbox/feed").json()["revision"]

    assert customer.post("/sandbox/balance", {"balance": 7}).json() == {"balance": 7}

    feed = customer.get("/sandbox/feed").json()
    assert (feed["balance"], feed["revision"] > before) == (7, True)


def test_reply_review_and_force(make_customer: MakeCustomer, site: Site) -> None:
    customer = make_customer(**site.options)
    customer.call("AddTemplate", content="您好【变量】")

    assert customer.post("/sandbox/reply", {"mobile": "13712345678", "content": "好"}).json()["content"] == "好"
    review = customer.post("/sandbox/template-review", {"templateid": 1001, "passed": True})
    assert review.json()["state"] == "passed"
    eventually(lambda: {path for path, _ in site.pushes} == {"/reply/", "/template/"})
    assert customer.post("/sandbox/force", {"code": 4050}).json() == {"code": 4050}
    assert customer.submit()["code"] == 4050
    assert customer.post("/sandbox/force", {"code": None}).json() == {"code": None}
    assert customer.submit()["code"] == 2


def test_reset(customer: Customer) -> None:
    customer.submit()
    run = customer.get("/sandbox/feed").json()["run"]

    assert customer.post("/sandbox/reset", {}).json()["run"] != run
    assert customer.get("/sandbox/messages").json() == {"taken": 0, "messages": []}
    assert customer.sandbox.balance == 10_000


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/sandbox/reply", {}),
        ("/sandbox/reply", {"mobile": 1, "content": "好"}),
        ("/sandbox/reply", {"mobile": "123", "content": "好"}),
        ("/sandbox/reply", {"mobile": "13712345678", "content": ""}),
        ("/sandbox/reply", []),
        ("/sandbox/balance", {"balance": -1}),
        ("/sandbox/balance", {"balance": True}),
        ("/sandbox/balance", {"balance": "7"}),
        ("/sandbox/balance", {"balance": 10**20}),
        ("/sandbox/template-review", {"templateid": 1001, "passed": True}),
        ("/sandbox/template-review", {"templateid": 1, "passed": "yes"}),
        ("/sandbox/template-review", {"templateid": 1, "passed": True, "msg": 1}),
        ("/sandbox/force", {"code": 2}),
        ("/sandbox/force", {"code": "4050"}),
    ],
)
def test_bad_values(customer: Customer, path: str, value: Any) -> None:
    answer = customer.post(path, value)

    assert answer.status_code == 400
    assert answer.json()["error"]


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 100_000], ids=["open", "bytes", "deep"])
def test_no_json(customer: Customer, body: bytes) -> None:
    url, headers = f"{customer.sandbox.url}/sandbox/reset", {"Content-Type": "application/json"}

    assert customer.session.post(url, data=body, headers=headers, timeout=5).status_code == 400


def test_lone_surrogate(customer: Customer) -> None:
    url, headers = f"{customer.sandbox.url}/sandbox/reply", {"Content-Type": "application/json"}
    body = rb'{"mobile": "13712345678", "content": "\ud800"}'

    assert customer.session.post(url, data=body, headers=headers, timeout=5).json()["content"] == "?"
    assert customer.get("/sandbox/feed").json()["replies"][0]["content"] == "?"


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", "/sandbox/reset", {"Content-Type": "text/plain"}, 415),
        ("POST", "/sandbox/reset", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ("POST", "/sandbox/reset", {}, 415),
        ("POST", "/sandbox/reset", {"Content-Type": "application/json", "Origin": "http://evil.example"}, 403),
        ("POST", "/sandbox/reset", {"Content-Type": "application/json", "Origin": "null"}, 403),
        ("POST", "/sandbox/reset", {"Content-Type": "application/json", "Host": "evil.example"}, 403),
        ("GET", "/sandbox/messages", {"Host": "evil.example"}, 403),
        ("GET", "/", {"Host": "evil.example:8106"}, 403),
        ("GET", "/", {"Host": ""}, 403),
        ("GET", "/sandbox/reset", {}, 405),
        ("POST", "/sandbox/messages", {}, 405),
        ("GET", "/sandbox/other", {}, 404),
        ("POST", "/other", {}, 404),
        ("GET", "/phone/../state.py", {}, 404),
        ("PUT", "/sandbox/reset", {}, 501),
    ],
)
def test_refusals(customer: Customer, method: str, path: str, headers: dict[str, str], status: int) -> None:
    customer.submit()
    connection = http.client.HTTPConnection(customer.sandbox.url.removeprefix("http://"), timeout=5)
    connection.request(method, path, b"{}" if method == "POST" else None, headers)

    assert connection.getresponse().status == status
    assert len(customer.sandbox.messages) == 1
    connection.close()


def test_own_origin_is_welcome(customer: Customer) -> None:
    assert customer.post("/sandbox/reset", {}, Origin=customer.sandbox.url).status_code == 200


@pytest.mark.parametrize(
    ("header", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.0.0.1:8106", True),
        ("LOCALHOST:8106", True),
        ("[::1]:8106", True),
        ("", False),
        ("10.0.0.1", False),
        ("localhost.evil.example", False),
        ("[", False),
    ],
)
def test_host_header(header: str, loopback: bool) -> None:
    assert is_loopback_header(header) is loopback
