"""Every shape of answer that PROTOCOL 2 shows, and what a confused or hostile server may send in its place."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_ihuyi.gateway import SubmitRefused, SubmitResult, Uncertain, responses

XML = '<?xml version="1.0" encoding="utf-8"?>\n<SubmitResult xmlns="106.ihuyi.com">{}</SubmitResult>'
ACCEPTED_XML = XML.format("<code>2</code><msg>提交成功</msg><smsid>14745625541233112231</smsid>")


@pytest.mark.parametrize(
    ("body", "code", "msg", "smsid"),
    [
        ('{"code":2,"msg":"提交成功","smsid":"16165686731585006595"}', 2, "提交成功", "16165686731585006595"),
        ('{"code":"2","msg":"提交成功","smsid":"16165686731585006595"}', 2, "提交成功", "16165686731585006595"),
        ('{"code":2,"msg":"ok","smsid":15870246956696820530}', 2, "ok", "15870246956696820530"),
        ('\ufeff \r\n\t{"code":" 2\\n","msg":"ok","smsid":" 12345678 "}', 2, "ok", "12345678"),
        ('{"code":40722,"msg":"变量内容超过指定的长度【8】","smsid":"0"}', 40722, "变量内容超过指定的长度【8】", None),
        ('{"code":"-1"}', -1, "", None),
        ('{"code":4086,"msg":null}', 4086, "", None),
        (ACCEPTED_XML, 2, "提交成功", "14745625541233112231"),
        (ACCEPTED_XML.replace("106.", "http://106."), 2, "提交成功", "14745625541233112231"),
        (ACCEPTED_XML.replace(' xmlns="106.ihuyi.com"', ""), 2, "提交成功", "14745625541233112231"),
        ("\ufeff" + ACCEPTED_XML, 2, "提交成功", "14745625541233112231"),
        (ACCEPTED_XML.partition("\n")[2], 2, "提交成功", "14745625541233112231"),
        (
            XML.format("<code>405</code><msg>API ID 或 API KEY 不正确</msg><smsid>0</smsid>"),
            405,
            "API ID 或 API KEY 不正确",
            None,
        ),
        (XML.format("<code>\n 405 </code><msg/><smsid/>"), 405, "", None),
    ],
    ids=[
        "json",
        "json, code as text",
        "json, smsid as a number of 20 digits",
        "json after a BOM, with white space everywhere",
        "json, refused",
        "json, a negative code and nothing else",
        "json, msg null",
        "xml",
        "xml, older namespace",
        "xml, no namespace",
        "xml after a BOM",
        "xml without a declaration",
        "xml, refused",
        "xml, empty elements",
    ],
)
def test_submit_answers(body: str, code: int, msg: str, smsid: str | None) -> None:
    result = responses.parse_response(body.encode()).as_submit_result()
    assert result == SubmitResult(code=code, msg=msg, smsid=smsid)
    assert result.accepted is (code == 2)


@pytest.mark.parametrize(
    "smsid",
    [
        '"0"',
        "0",
        '"000"',
        '""',
        '"  "',
        "null",
        '"null"',
        '"NULL"',
        "true",
        "false",
        "1.5",
        "1e19",
        "[1]",
        '{"1": 1}',
        '"' + "1" * 65 + '"',
        "1" * 65,
        '"12\\u000034"',
        '"12\\ud80034"',
        '"12\\n34"',
        '"１２３"',
    ],
)
def test_smsids_that_are_none(smsid: str) -> None:
    result = responses.parse_response(f'{{"code":2,"msg":"ok","smsid":{smsid}}}'.encode()).as_submit_result()
    assert (result.accepted, result.smsid) == (True, None)


def test_smsid_may_be_missing_or_64_characters_long() -> None:
    assert responses.parse_response(b'{"code":2}').as_submit_result().smsid is None
    longest = "1" * 64
    assert responses.parse_response(f'{{"code":2,"smsid":"{longest}"}}'.encode()).as_submit_result().smsid == longest


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \n",
        b"success",
        b"2",
        b"[2]",
        b'"2"',
        b"null",
        b"{",
        b"{}",
        b'{"code":2',
        b'{"msg":"ok","smsid":"12345678"}',
        b'{"code":null}',
        b'{"code":true}',
        b'{"code":2.0}',
        b'{"code":"two"}',
        b'{"code":"2.0"}',
        '{"code":"２"}'.encode(),
        b'{"code":""}',
        b'{"code":[2]}',
        b'{"code":1234567890}',
        b'{"code":' + b"9" * 5000 + b"}",
        b'{"a":' * 10_000,
        b'{"a":' + b"[" * 30_000,
        b"<",
        b"<html><body>502 Bad Gateway</body></html>",
        b"<!DOCTYPE html><html><br></html>",
        b"<SubmitResult><code>2</code>",
        b"<SubmitResult><code></code></SubmitResult>",
        b"<SubmitResult><data><code>2</code></data></SubmitResult>",
        b"<code>2</code>",
        b"<a>" * 20_000 + b"</a>" * 20_000,
        '{"code":2}'.encode("utf-16"),
        gzip.compress(b'{"code":2}'),
    ],
    ids=range(33),
)
def test_unreadable_answers(body: bytes) -> None:
    with pytest.raises(Uncertain, match="cannot be read") as caught:
        responses.parse_response(body)
    assert not caught.value.retryable
    assert caught.value.__context__ is None


BOMB = "".join(f'<!ENTITY a{i} "&a{i - 1};&a{i - 1};&a{i - 1};&a{i - 1};">' for i in range(1, 30))


@pytest.mark.parametrize(
    ("doctype", "msg"),
    [
        (f'<!DOCTYPE x [<!ENTITY a0 "2">{BOMB}]>', "&a29;"),
        ('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>', "&a;"),
        ('<!DOCTYPE x [<!ENTITY a "harmless">]>', ""),
        ('<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">', ""),
        ('<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]>', ""),
        ("<!DOCTYPE x []>", ""),
    ],
    ids=["billion laughs", "external entity", "unused entity", "external dtd", "parameter entity", "empty dtd"],
)
def test_hostile_xml_is_unreadable(doctype: str, msg: str) -> None:
    with pytest.raises(Uncertain, match="cannot be read"):
        responses.parse_response(f"{doctype}<SubmitResult><code>2</code><msg>{msg}</msg></SubmitResult>".encode())


def test_a_broken_msg_does_not_hide_the_code() -> None:
    body = XML.format("<code>2</code><msg>X</msg><smsid>12345678</smsid>").encode()
    for broken in ("提交成功".encode("gbk"), b"\xff\xfe"):
        result = responses.parse_response(body.replace(b">X<", b">" + broken + b"<")).as_submit_result()
        assert (result.accepted, result.smsid) == (True, "12345678")


@pytest.mark.parametrize(
    ("msg", "kept"),
    [
        ("好" * 255, "好" * 255),
        ("好" * 256, "好" * 255),
        ("a\x00b\ud800c\udfffd", "a\ufffdb\ufffdc\ufffdd"),
        (5, ""),
        (["x"], ""),
    ],
    ids=["255 characters", "256 characters", "what no database stores", "a number", "a list"],
)
def test_msg_is_fit_to_be_stored(msg: object, kept: str) -> None:
    assert responses.parse_response(json.dumps({"code": 0, "msg": msg}).encode()).msg == kept


@pytest.mark.parametrize(
    ("date", "moment"),
    [
        ("Sun, 06 Nov 2016 08:49:37 GMT", datetime(2016, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("Sun, 06 Nov 2016 08:49:37 +0800", datetime(2016, 11, 6, 8, 49, 37, tzinfo=timezone(timedelta(hours=8)))),
        ("Sun, 06 Nov 2016 08:49:37 -0000", datetime(2016, 11, 6, 8, 49, 37, tzinfo=UTC)),
        (None, None),
        ("", None),
        ("yesterday", None),
        ("Sun, 06 Nov 99999999999 08:49:37 GMT", None),
        ("Sun, 06 Nov 2016 08:49:37 +99999999", None),
        ("Sun, 99 Nov 2016 08:49:37 GMT", None),
        ("Mon, 01 Jan 1900 00:00:00 GMT", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 GMT", None),
    ],
)
def test_server_time(date: str | None, moment: datetime | None) -> None:
    result = responses.parse_response(b'{"code":2}', date).as_submit_result()
    assert result.server_time == moment
    assert result.server_time is None or result.server_time.tzinfo is not None


@pytest.mark.parametrize(
    ("body", "number"),
    [
        (b'{"code":2,"msg":"ok","num":1024}', 1024),
        (b'{"code":"2","msg":"ok","num":" 1024 "}', 1024),
        (b'{"code":2,"num":0}', 0),
        (b'<GetNumResult xmlns="106.ihuyi.com"><code>2</code><msg/><num>1024</num></GetNumResult>', 1024),
    ],
)
def test_numbers(body: bytes, number: int) -> None:
    assert responses.parse_response(body).number("num") == number


@pytest.mark.parametrize("num", ["", ',"num":""', ',"num":null', ',"num":"many"', ',"num":1.5', ',"num":true'])
def test_an_accepted_answer_without_its_number_is_uncertain(num: str) -> None:
    with pytest.raises(Uncertain, match="no readable num"):
        responses.parse_response(f'{{"code":2{num}}}'.encode()).number("num")


def test_a_refused_answer_has_no_number() -> None:
    with pytest.raises(SubmitRefused) as caught:
        responses.parse_response('{"code":405,"msg":"不正确","num":7}'.encode()).number("num")
    assert (caught.value.code, caught.value.msg) == (405, "不正确")


def test_raise_for_code() -> None:
    SubmitResult(2, "提交成功", None).raise_for_code()
    with pytest.raises(SubmitRefused) as caught:
        SubmitResult(4085, "超出", None).raise_for_code()
    assert (caught.value.code, caught.value.msg) == (4085, "超出")


def test_repr_leaves_out_the_gateways_words() -> None:
    answer = responses.parse_response('{"code":407,"msg":"敏感字符：发票","smsid":"0"}'.encode())
    assert "发票" not in repr(answer)
    assert "发票" not in repr(answer.as_submit_result())


def _read_or_uncertain(body: bytes, date: str | None = None) -> None:
    try:
        result = responses.parse_response(body, date).as_submit_result()
    except Uncertain:
        return
    result.msg.encode()
    assert len(result.msg) <= responses.MSG_LENGTH
    assert result.smsid is None or result.smsid.strip("0")


@given(st.binary(max_size=300), st.none() | st.text(max_size=40))
def test_any_bytes_are_read_or_uncertain(body: bytes, date: str | None) -> None:
    _read_or_uncertain(body, date)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(st.fixed_dictionaries({}, optional={"code": VALUES | st.just(2), "msg": VALUES, "smsid": VALUES}))
def test_any_json_object_is_read_or_uncertain(fields: dict[str, object]) -> None:
    _read_or_uncertain(json.dumps(fields).encode())


@given(st.text(alphabet="<>/codemsgi2&;#! \"'[]", max_size=60))
def test_any_xml_is_read_or_uncertain(inner: str) -> None:
    _read_or_uncertain(XML.format(inner).encode())


@given(st.text(max_size=60))
def test_any_date_is_read_or_none(date: str) -> None:
    responses.parse_response(b'{"code":2}', date)
