"""Pushes that no gateway would send, made by hypothesis: no 500, nothing lost, and the next good one is taken.

``IHUYI_BAD_PUSHES`` says how many (1,000).
"""

from __future__ import annotations

import gc
import json
import os
import time
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from django.conf import settings as django_settings
from django.db.models import Model
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_ihuyi.models import Receipt, Reply, TemplateReview
from tests.pushes.push_client import multipart

MANY = int(os.environ.get("IHUYI_BAD_PUSHES", "1000"))
FORM = "application/x-www-form-urlencoded"
NAMES = ["code", "msg", "mobilephone", "smsid", "report_time", "content", "reply_time", "templateid", "x"]
GOOD: dict[str, dict[str, Any]] = {
    "receipt": {"code": "2", "msg": "DELIVRD", "mobilephone": "13800138000", "report_time": "2026-11-22 12:00:00"},
    "reply": {"mobilephone": "13800138000", "content": "好", "smsid": "1", "reply_time": "2026-11-22 12:00:00"},
    "template": {"code": "2", "msg": "审核通过"},
}

MODELS: dict[str, type[Model]] = {"receipt": Receipt, "reply": Reply, "template": TemplateReview}

values = st.one_of(
    st.text(max_size=40),
    st.binary(max_size=40),
    st.integers(),
    st.sampled_from(
        ["", "0", "2", "13800138000", "+86 138 0013 8000", "9" * 10_000, "x" * 70_000, "\x00", "2026-11-22 12:00:00",
         "9999-99-99 99:99:99", "0001-01-01 00:00:00", "9999-12-31 23:59:59", "٢", "1e400", "-0", "NaN", "\ud800"]
    ),
)  # fmt: skip
fields = st.lists(st.tuples(st.sampled_from(NAMES), values), max_size=12)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers()
    | st.text(max_size=20)
    | st.sampled_from(["\ud800", "\x00"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=12,
)


def encode_form(pairs: list[tuple[str, Any]]) -> bytes:
    def encode(value: Any) -> str:
        raw = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
        return quote_from_bytes(raw)

    return "&".join(f"{name}={encode(value)}" for name, value in pairs).encode()


def encode_gbk(pairs: list[tuple[str, Any]]) -> bytes:
    return "&".join(f"{name}={value}" for name, value in pairs).encode("gbk", "replace")


def encode_multipart(pairs: list[tuple[str, Any]]) -> bytes:
    parts = [
        b'--X\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
        % (name.encode(), value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass"))
        for name, value in pairs
    ]
    return b"".join([*parts, b"--X--\r\n"])


bodies = st.one_of(
    fields.map(encode_form),
    fields.map(encode_gbk),
    fields.map(encode_multipart),
    st.binary(max_size=300),
    json_values.map(lambda value: json.dumps(value).encode()),
    st.sampled_from([b"[" * 50_000, b'{"a":' * 10_000, b"a" * 10_000_000, b"&" * 5_000, b"=", b"%", b"%zz=%", b""]),
    json_values.map(lambda value: json.dumps(value, ensure_ascii=False).encode("gb18030", "replace")),
    st.builds(
        lambda more, files, header, value: multipart(GOOD["reply"], more=more, files=files, header=header, value=value),
        st.sampled_from([0, 999, 1_000, 1_001, 1_100]),
        st.sampled_from([0, 99, 100, 101, 150]),
        st.sampled_from([b"", b"; name*=idna''%ff", b"; name*=no-such''code", b"; name=", b'; name="\xff"', b";=;"])
        | st.binary(max_size=60),
        st.binary(max_size=40),
    ),
)
content_types = st.sampled_from(
    [FORM, "application/json", "multipart/form-data; boundary=X", "multipart/form-data", "text/xml", "", "nonsense",
     f"{FORM}; charset=gbk", "application/json; charset=latin-1", f"{FORM}; charset=no-such", "a/b/c;;;=",
     "multipart/form-data; boundary=" + "x" * 300, "Multipart/Form-Data; boundary=X; charset=idna",
     "multipart/form-data; boundary=X; charset=gbk", 'multipart/form-data; boundary="\\"X"', f"{FORM}; charset=idna",
     "application/json; charset=gb2312", "application/json; charset=idna", "multipart/form-data; boundary=\xff",
     f"{FORM}; charset=unicode_escape", "multipart/mixed; boundary=X"]
)  # fmt: skip
methods = st.sampled_from(["POST"] * 12 + ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "NONSENSE"])


class Slowest:
    """The longest answer so far, in milliseconds, and to what."""

    took = 0.0
    push = ""


def ask(client: Client, method: str, kind: str, body: bytes, content_type: str) -> tuple[int, bytes]:
    url = f"/ihuyi/push/{django_settings.PUSH_TOKEN}/{kind}/"
    gc.disable()  # what hypothesis leaves behind takes longer to collect than any push to answer
    began = time.perf_counter()
    response = client.generic(method, url, body, content_type=content_type)
    took = (time.perf_counter() - began) * 1000
    gc.enable()
    if took > Slowest.took:
        Slowest.took, Slowest.push = took, f"{method} of {len(body)} bytes as {content_type[:40]!r}"
    return response.status_code, bytes(response.content)


def count() -> int:
    return sum(model._default_manager.count() for model in MODELS.values())


@pytest.mark.at_length
@pytest.mark.django_db(transaction=True)
def test_bad_pushes_break_nothing() -> None:
    client = Client(raise_request_exception=False)
    good = iter(range(10**9))

    @settings(max_examples=MANY, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(method=methods, kind=st.sampled_from(list(GOOD)), body=bodies, content_type=content_types)
    def push(method: str, kind: str, body: bytes, content_type: str) -> None:
        before = count()
        status, answer = ask(client, method, kind, body, content_type)
        after = count()
        assert status in {200, 400, 405, 413}, (status, answer)
        assert after >= before
        if status == 200:
            assert (method, answer) == ("POST", b"success")
        else:
            assert after == before
        smsid = f"1587{next(good):016}"
        fine = {**GOOD[kind], "smsid": smsid, "content": smsid, "templateid": smsid}
        assert ask(client, "POST", kind, encode_form(list(fine.items())), FORM) == (200, b"success")
        same = {"templateid" if kind == "template" else "smsid": smsid}
        assert MODELS[kind]._default_manager.filter(**same).count() == 1

    push()
    slowest = f"{Slowest.took:.0f} ms ({Slowest.push})"
    print(f"{MANY} bad pushes, each followed by a good one; the slowest answer took {slowest}")
