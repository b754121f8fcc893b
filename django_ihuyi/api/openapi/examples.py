"""Examples of requests and responses in the OpenAPI document. A test compares them with the schemas."""

from __future__ import annotations

from typing import Any

from django_ihuyi.gateway import lookup

_TIME = "2026-03-05T12:10:00+08:00"
_MOBILE = "13800138000"

NEW_MESSAGE = {"mobile": _MOBILE, "content": "您的订单 7 已发货。", "metadata": {"order": 7}}
NEW_MESSAGES = {
    "content": "新茶上市，退订回T",
    "category": "marketing",
    "messages": [{"mobile": _MOBILE}, {"mobile": "13900139000", "content": "别的内容"}],
}
NEW_OPT_OUT = {"mobile": _MOBILE, "reason": "来电"}
NEW_CODE = {"mobile": _MOBILE, "purpose": "sign-up", "ip": "203.0.113.7"}
TYPED_CODE = {"mobile": _MOBILE, "purpose": "sign-up", "code": "482130"}

MESSAGE: dict[str, Any] = {
    "id": 71,
    "mobile": _MOBILE,
    "content": "您的订单 7 已发货。",
    "template": None,
    "category": "notification",
    "account": "default",
    "status": "queued",
    "code": None,
    "meaning": None,
    "smsid": None,
    "segments": 1,
    "attempts": 0,
    "batch": None,
    "metadata": {"order": 7},
    "receipt_code": None,
    "receipt_msg": "",
    "created_at": _TIME,
    "send_at": None,
    "expires_at": None,
    "submitted_at": None,
    "accepted_at": None,
    "reported_at": None,
}
CANCELLED = MESSAGE | {"status": "cancelled"}
BULK_RESULT = {
    "batch": 4,
    "recorded": 1,
    "refused_count": 1,
    "refused": [
        {
            "index": 1,
            "code": 406,
            "meaning": lookup(406).meaning,
            "reason": "The mobile number is not a mainland Chinese mobile number of eleven digits.",
        }
    ],
}
BATCH = {
    "id": 4,
    "category": "marketing",
    "account": "default",
    "created_at": _TIME,
    "finished_at": _TIME,
    "recorded": 2,
    "refused": 1,
    "error": "",
    "by_status": {"accepted": 1, "delivered": 1},
    "counted_to": 10_000,
}
_REPLY = {
    "id": 9,
    "message": 71,
    "mobile": _MOBILE,
    "content": "请改到周六上午，谢谢",
    "reply_time": _TIME,
    "received_at": _TIME,
}
OPT_OUT = {"id": 3, "mobile": _MOBILE, "reason": "来电", "created_at": _TIME}
TEMPLATE = {
    "id": 2,
    "name": "order-shipped",
    "account": "default",
    "text": "您的订单【变量】已发货。",
    "variables": ["number"],
    "template_id": "77",
    "state": "passed",
    "usable": True,
    "msg": "",
    "error": "",
    "created_at": _TIME,
    "submitted_at": _TIME,
    "reviewed_at": _TIME,
}
SENT_CODE = {"message": 72, "expires_at": _TIME}
CHECKED_CODE = {"right": True}
BALANCES = {"results": [{"account": "default", "unit": "messages", "remaining": 4820, "read_at": _TIME, "low": False}]}
_TOTAL = {"messages": 3, "taken": 2, "delivered": 2, "segments": 4, "cost": "0.20", "rate": 1.0}
STATS = {
    "range": "today",
    "from": "2026-03-05",
    "to": "2026-03-05",
    "zone": "Asia/Shanghai",
    "counted_at": _TIME,
    "uncounted": 0,
    "total": _TOTAL,
    "statuses": {"delivered": 2, "rejected": 1},
    "unit": "hour",
    "periods": [{"begin": "2026-03-05T12:00:00+08:00", "statuses": {"delivered": 2, "rejected": 1}}],
    "shares": [{"account": "default", "category": "notification", **_TOTAL}],
    "refusals": [{"code": 4085, "meaning": lookup(4085).meaning, "messages": 1}],
    "waits": [{"category": "notification", "kind": "delivered", "messages": 2, "p50": 8.0, "p95": 9.5, "p99": 9.9}],
    "codes": [{"purpose": "sign-up", "sent": 2, "entered": 1, "rate": 0.5}],
}


def page_of(row: dict[str, Any]) -> dict[str, Any]:
    """A page with one row, and none after it."""
    return {"results": [row], "next": None}


MESSAGES, REPLIES, OPT_OUTS, TEMPLATES = map(page_of, (MESSAGE, _REPLY, OPT_OUT, TEMPLATE))
