"""Phone page and JSON control interface of the sandbox.

For people on the page and for tests. Nobody else's web page can use it: the ``Host`` must be loopback, a POST must be
JSON (which a foreign page cannot send unasked) and must not come from another origin.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from email.message import Message
from typing import Any, Final
from urllib.parse import parse_qs

from django_ihuyi.sandbox.endpoints import Endpoints
from django_ihuyi.sandbox.loopback import is_loopback_header
from django_ihuyi.sandbox.phone_page import find_file
from django_ihuyi.sandbox.products import PRODUCTS, SMS
from django_ihuyi.sandbox.push_sender import china_time
from django_ihuyi.sandbox.state import PhoneReply, TakenMessage, Template
from django_ihuyi.sandbox.wire_format import Response, write_json

FEED: Final = "/sandbox/feed"
"""What the page asks for, again and again."""
MOST_MESSAGES_LEFT = 10**12


class ControlAPI:
    """Answers everything that is not the gateway's."""

    def __init__(self, gateway: Endpoints) -> None:
        """Put the routes together.

        Args:
            gateway: The gateway to show and to steer.
        """
        self._gateway = gateway
        self._state = gateway.state
        self._gets = {
            "/sandbox/messages": self._messages,
            "/sandbox/requests": self._requests,
            FEED: self._feed,
        }
        self._posts = {
            "/sandbox/reply": self._reply,
            "/sandbox/template-review": self._review,
            "/sandbox/balance": self._balance,
            "/sandbox/force": self._force,
            "/sandbox/reset": self._reset,
        }

    def answer(self, method: str, path: str, query: str, headers: Message, body: bytes) -> Response:
        """Answer a request.

        Args:
            method: ``GET`` or ``POST``.
            path: The path.
            query: What is behind its question mark.
            headers: The request's headers.
            body: Its body.

        Returns:
            The HTTP answer: 403 for a foreign caller, 404 for an unknown path, 405 for the wrong method, 415 for a POST
            that is not JSON, 400 for one that cannot be used.
        """
        known = path in self._gets or path in self._posts
        if (refusal := self._refusal(method, path, headers, known=known)) is not None:
            return refusal
        if not known:
            return find_file(path)
        return write_json(200, self._gets[path](parse_qs(query))) if method == "GET" else self._post(path, body)

    def reset(self) -> None:
        """Forget everything, and drop pushes that wait."""
        self._gateway.pusher.forget()
        self._state.reset()

    def _refusal(self, method: str, path: str, headers: Message, *, known: bool) -> Response | None:
        host = headers.get("Host", "")
        if not is_loopback_header(host):
            return _refuse(403, "The Host must be this machine.")
        if path not in (self._gets if method == "GET" else self._posts) and (known or method != "GET"):
            return _refuse(405 if known else 404, "Not with this method." if known else "There is no such path.")
        if method == "GET":
            return None
        if headers.get_content_type() != "application/json":
            return _refuse(415, "Send application/json.")
        if headers.get("Origin", f"http://{host}") != f"http://{host}":
            return _refuse(403, "Not from another origin.")
        return None

    def _post(self, path: str, body: bytes) -> Response:
        try:
            value = json.loads(body or b"{}")
        except (ValueError, RecursionError):
            return _refuse(400, "This is no JSON.")
        if not isinstance(value, dict):
            return _refuse(400, "Send a JSON object.")
        try:
            return write_json(200, self._posts[path](value))
        except (TypeError, ValueError) as error:
            # Texts of this package, which quote nothing of the request.
            return _refuse(400, str(error))

    def _messages(self, query: Mapping[str, list[str]]) -> dict[str, Any]:
        mobile, after = query.get("mobile", [""])[0], _number(query, "after")
        with self._state.lock:
            kept = [one for one in self._state.messages if one.position > after and mobile in {"", one.mobile}]
            return {"taken": self._state.counts["taken"], "messages": [self._message(one) for one in kept]}

    def _requests(self, _query: Mapping[str, list[str]]) -> dict[str, Any]:
        with self._state.lock:
            return {"requests": 0, "taken": 0, "taken_again": 0, "segments": 0} | dict(self._state.counts)

    def _feed(self, query: Mapping[str, list[str]]) -> dict[str, Any]:
        with self._state.lock:
            since = _number(query, "since") if query.get("run") == [self._state.run] else 0
            state = self._state
            return {
                "run": state.run,
                "revision": state.revision,
                "account": self._gateway.options.account,
                "signature": self._gateway.options.signature,
                "balance": state.balance,
                "messages": [self._message(one) for one in state.messages if one.revision > since],
                "replies": [_reply_fields(one) for one in state.replies if one.revision > since],
                "templates": [_template_fields(one) for one in state.templates.values()],
            }

    def _reply(self, value: Mapping[str, Any]) -> dict[str, Any]:
        return _reply_fields(self._gateway.reply(_text(value, "mobile"), _text(value, "content")))

    def _review(self, value: Mapping[str, Any]) -> dict[str, Any]:
        passed, msg = value.get("passed"), value.get("msg", "")
        if not isinstance(passed, bool) or not isinstance(msg, str):
            raise TypeError("passed must be true or false, msg a text.")
        return _template_fields(self._gateway.review(_whole(value, "templateid"), msg, passed=passed))

    def _balance(self, value: Mapping[str, Any]) -> dict[str, Any]:
        balance, name = _whole(value, "balance"), value.get("product", SMS.name)
        if name not in PRODUCTS:
            raise ValueError("There is no such product.")
        self._state.set_balance(balance, PRODUCTS[name])
        return {"balance": balance}

    def _force(self, value: Mapping[str, Any]) -> dict[str, Any]:
        code = None if value.get("code") is None else _whole(value, "code")
        self._gateway.force(code)
        return {"code": code}

    def _reset(self, _value: Mapping[str, Any]) -> dict[str, Any]:
        self.reset()
        return {"run": self._state.run}

    def _message(self, message: TakenMessage) -> dict[str, Any]:
        return {
            "position": message.position,
            "smsid": message.smsid,
            "mobile": message.mobile,
            "product": message.product,
            "content": message.content,
            "text": message.text,
            "segments": message.segments,
            "count": message.count,
            "time": message.taken_at,
            "china_time": china_time(message.taken_at),
            "state": message.state,
            "word": message.word,
            "receipt": message.receipt,
        }


def _refuse(status: int, text: str) -> Response:
    return write_json(status, {"error": text})


def _reply_fields(reply: PhoneReply) -> dict[str, Any]:
    return {
        "position": reply.position,
        "mobile": reply.mobile,
        "content": reply.content,
        "smsid": reply.smsid,
        "time": reply.sent_at,
        "china_time": china_time(reply.sent_at),
        "push": reply.push,
    }


def _template_fields(template: Template) -> dict[str, Any]:
    return {
        "templateid": template.templateid,
        "content": template.content,
        "state": template.state,
        "push": template.push,
    }


def _number(query: Mapping[str, list[str]], name: str) -> int:
    text = query.get(name, ["0"])[0]
    return int(text) if text.isdecimal() and len(text) <= 12 else 0


def _text(value: Mapping[str, Any], name: str) -> str:
    text = value.get(name)
    if not isinstance(text, str):
        raise TypeError(f"{name} must be a text.")
    return text


def _whole(value: Mapping[str, Any], name: str) -> int:
    number = value.get(name)
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= MOST_MESSAGES_LEFT:
        raise TypeError(f"{name} must be a whole number, not negative.")
    return number
