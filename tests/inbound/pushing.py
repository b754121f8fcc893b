"""A push by hand: its fields, its address, and how it is sent."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings as django_settings
from django.test import Client

TOKEN = django_settings.PUSH_TOKEN
SMSID = "15870246956696820530"
RECEIPT = {
    "code": "2",
    "msg": "DELIVRD",
    "mobilephone": "13800138000",
    "smsid": SMSID,
    "report_time": "2017-08-02 14:31:51",
}
REPLY = {
    "mobilephone": "13800138000",
    "content": "退订",
    "smsid": SMSID,
    "reply_time": "2017-05-24 17:46:50",
}
REVIEW = {"code": "2", "msg": "审核通过", "templateid": "1001"}
FORM = "application/x-www-form-urlencoded"


def url(kind: str, token: str = TOKEN) -> str:
    return f"/ihuyi/push/{token}/{kind}/"


def push(client: Client, kind: str, fields: dict[str, Any] | str | bytes, content_type: str = FORM) -> Any:
    body = urlencode(fields) if isinstance(fields, dict) else fields
    return client.post(url(kind), body, content_type=content_type)
