"""Client of one account: builds requests and reads responses."""

from __future__ import annotations

import hashlib
import logging
import math
import time
from datetime import UTC, datetime
from typing import NoReturn
from urllib.parse import urlencode, urlsplit

from django.views.decorators.debug import sensitive_variables

from . import products, responses, transport
from .exceptions import GatewayError
from .responses import SubmitResult
from .transport import Call, longest_call

logger = logging.getLogger("django_ihuyi.gateway")

DEFAULT_URL = products.SMS.url
DEFAULT_TIMEOUT = (3.05, 10.0)

_NEWER = "/Submit.json"


class Client:
    """Speaks to the gateway for one account.

    A client is cheap to make and safe to share between threads: all clients of an account use one pool of kept
    connections per process, which a forked child never shares with its parent.

    Two shapes of address are understood (PROTOCOL 2). To the classic one, ``.../sms.php``, the method is added as the
    query parameter ``method``. Where the path ends in ``Submit.json``, it names the method itself: nothing is added,
    and ``GetNum`` and ``AddTemplate`` go to ``GetNum.json`` and ``AddTemplate.json`` beside it.

    Args:
        account: The APIID.
        api_key: The APIKEY.
        base_url: The gateway's address; None for the product's own.
        dynamic_password: Send a fingerprint of the request in place of the APIKEY.
        format: What to ask for: ``"json"`` or ``"xml"``. Both are read whatever was asked for.
        timeout: Seconds to wait for a connection, and for each piece of the answer; one number stands for both.
        product: What the account is of: ``"sms"``, ``"international"`` or ``"voice"``.

    Attributes:
        clock_offset: By how many seconds this machine's clock was ahead of the gateway's at this client's last
            answer, whose ``Date`` has whole seconds; None before the first one.

    Raises:
        ValueError: An argument cannot be right; the text says what to write.
    """

    clock_offset: float | None = None

    def __init__(
        self,
        account: str,
        api_key: str,
        *,
        base_url: str | None = None,
        dynamic_password: bool = True,
        format: str = "json",  # noqa: A002  the gateway's own name for it, and the published interface
        timeout: tuple[float, float] | float = DEFAULT_TIMEOUT,
        product: str = products.SMS.name,
    ) -> None:
        if format not in {"json", "xml"}:
            raise ValueError(f"format is {format!r}: write 'json' or 'xml'")
        self.product = products.get_product(product)
        self.account = _checked_text("account", account, "the APIID from ihuyi's console")
        address = self.product.url if base_url is None else base_url
        self.base_url = _checked_text("base_url", address, f"an address such as {DEFAULT_URL}")
        self.dynamic_password = dynamic_password
        self.format = format
        self.timeout = _checked_timeout(timeout)
        self._api_key = _checked_text("api_key", api_key, "the APIKEY from ihuyi's console")
        self._host = _checked_host(self.base_url)
        self._urls = {method: _endpoint(self.base_url, method) for method in self.product.methods}

    @property
    def longest_call(self) -> float:
        """Seconds after which a call has neither a byte of the request left to write nor an answer to wait for.

        It is the connect time-out and twice the read time-out. Only a name server that does not answer, or several
        dead addresses of one name, can hold a call longer; nothing is written any more after that: it ends in
        :class:`~django_ihuyi.gateway.exceptions.NotSent`.
        """
        return longest_call(*self.timeout)

    # The decorator keeps the variables of this method, and of all that it calls, off Django's error pages and mails.
    @sensitive_variables()
    def submit(self, mobile: str, content: str, template: int | str | None = None) -> SubmitResult:
        """Send one message.

        Args:
            mobile: One number in the form of the record: eleven digits, or ``+``, country code and number.
            content: The whole text without the signature; with ``template`` its variables, joined by ``|``; for a voice
                code its digits.
            template: The id of an approved template.

        Returns:
            The gateway's answer, accepted or refused.

        Raises:
            NotSent: The message was surely not sent.
            Uncertain: There is no answer that can be read: the message may have gone out.
            ValueError: The text is no text that UTF-8 can carry, the number is in no such form, or the product has no
                templates.
        """
        written = self.product.to_wire(mobile)
        form = {"mobile": written, "content": content}
        if template is not None:
            if not self.product.supports_templates:
                raise ValueError(f"the product {self.product.name!r} has no templates: submit a whole text")
            form["templateid"] = str(template)
        answer = self._ask("Submit", form, signed=(written, content))
        return answer.as_submit_result(self.product.id_field, self.product.name)

    @sensitive_variables()
    def get_balance(self) -> int:
        """Return what the account has left: messages, or whole yuan where the product is billed in yuan.

        Raises:
            NotSent: No connection to the gateway.
            Uncertain: There is no answer that can be read.
            Refused: The code is not 2.
            ValueError: The product cannot be asked for a balance.
        """
        answer = self._ask("GetNum", {}, signed=("", ""))
        return answer.number("num") if self.product.counts_messages else answer.amount("num")

    @sensitive_variables()
    def add_template(self, content: str) -> int:
        """Hand in a template for review.

        No document tells how a dynamic password is made for this method, so the request carries the APIKEY itself.

        Args:
            content: The template's text, its variables written ``【变量】``.

        Returns:
            The template's id.

        Raises:
            NotSent: The template was surely not handed in.
            Uncertain: There is no answer that can be read.
            Refused: The code is not 2.
            ValueError: The text is no text that UTF-8 can carry, or the product has no templates.
        """
        return self._ask("AddTemplate", {"content": content}, signed=None).number("templateid")

    def _ask(self, method: str, form: dict[str, str], signed: tuple[str, str] | None) -> responses.GatewayResponse:
        url = self._urls.get(method)
        if url is None:
            raise ValueError(f"the product {self.product.name!r} has no {method}")
        body = self._form(form, signed)
        if body is None:
            raise ValueError("the text holds half a character (a lone surrogate): no form can carry it")
        call = Call(*self.timeout)
        outcome: int | str = "no answer"
        started = time.monotonic()
        try:
            raw = transport.post(self.account, self.base_url, url, body, host=self._host, call=call)
            answer = responses.parse_response(raw.body, raw.date)
            outcome = answer.code
            if answer.server_time is not None:
                self.clock_offset = (datetime.now(UTC) - answer.server_time).total_seconds()
        except GatewayError as error:
            outcome = type(error).__name__
            raise
        finally:
            # Nothing of the request and none of the gateway's words belong in this line.
            took = 1000 * (time.monotonic() - started)
            logger.debug("%s %s: %s, %.0f ms", method, self._host, outcome, took, extra={"event": "gateway.called"})
        return answer

    def _form(self, fields: dict[str, str], signed: tuple[str, str] | None) -> str | None:
        credentials = {"account": self.account, "password": self._api_key}
        try:
            if self.dynamic_password and signed is not None:
                moment = int(time.time())
                credentials["password"] = dynamic_password(self.account, self._api_key, moment, *signed)
                credentials["time"] = str(moment)
            return urlencode({**credentials, **fields, "format": self.format})
        except UnicodeEncodeError:  # it carries the whole text
            return None

    def __repr__(self) -> str:
        return f"<Client {self.account} {_masked(self._api_key)}>"

    def __getstate__(self) -> NoReturn:
        raise TypeError("a Client holds the APIKEY and is neither pickled nor copied: make a new one")


def dynamic_password(account: str, api_key: str, moment: int, mobile: str = "", content: str = "") -> str:
    """Return the dynamic password of one request (PROTOCOL 1), which takes the APIKEY's place on the wire.

    Args:
        account: The APIID.
        api_key: The APIKEY.
        moment: Unix time in whole seconds; the request must send the same number as ``time``.
        mobile: The number as the request sends it; empty for ``GetNum``.
        content: The text as the request sends it; empty for ``GetNum``.

    Returns:
        32 lower-case hexadecimal digits.
    """
    # MD5 is the gateway's choice, not ours: nothing else is understood there.
    plain = f"{account}{api_key}{mobile}{content}{moment}"
    return hashlib.md5(plain.encode(), usedforsecurity=False).hexdigest()


def _masked(api_key: str) -> str:
    return f"{api_key[:2]}…{api_key[-4:]}" if len(api_key) >= 12 else "…"


def _checked_text(name: str, value: object, what: str) -> str:
    # Not a word of the value stands in the texts: it may be a key.
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{name} is empty or no text: write {what}")
    if value != value.strip():
        raise ValueError(f"{name} has white space around it: write {what}, and nothing beside it")
    return value


def _checked_timeout(timeout: tuple[float, float] | float) -> tuple[float, float]:
    try:
        connect, read = map(float, timeout if isinstance(timeout, tuple | list) else (timeout, timeout))
    except (TypeError, ValueError):
        connect = read = math.nan
    if not (0 < connect < math.inf and 0 < read < math.inf):
        raise ValueError(f"timeout is {timeout!r}: write two numbers of seconds above 0, such as (3.05, 10)")
    return connect, read


def _checked_host(base_url: str) -> str:
    parts = urlsplit(base_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"base_url is no web address: write one such as {DEFAULT_URL}")
    _ = parts.port  # a port that is none raises its own ValueError here, and not at the first message
    if parts.query or parts.fragment or parts.username is not None:
        raise ValueError("base_url holds more than scheme, host and path: write it without user name, '?' and '#'")
    return parts.hostname


def _endpoint(base_url: str, method: str) -> str:
    if base_url.endswith(_NEWER):
        return f"{base_url.removesuffix(_NEWER)}/{method}.json"
    return f"{base_url}?method={method}"
