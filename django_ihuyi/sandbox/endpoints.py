"""Endpoints of each product, and what follows an accepted message: receipts, replies, reviews."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from django_ihuyi.gateway.result_codes import ACCEPTED
from django_ihuyi.sandbox.authentication import refusal
from django_ihuyi.sandbox.faults import ORDINARY, TEXTS, Fault, Receipt, fault_of
from django_ihuyi.sandbox.options import Options
from django_ihuyi.sandbox.products import PRODUCTS, SMS, Product, of_phone
from django_ihuyi.sandbox.push_sender import Push, Pusher, china_time
from django_ihuyi.sandbox.state import PhoneReply, State, TakenMessage, Template
from django_ihuyi.sandbox.submit_rules import judge, missing

COUNTED: Final = "查询成功"
OF_THE_ACCOUNT: Final = frozenset({400, 401, 402, 405, 4050})
"""The refusals that GetNum and AddTemplate answer, too (PROTOCOL 3)."""


@dataclass(frozen=True, slots=True)
class Result:
    """An answer before it is written as XML or JSON.

    Attributes:
        root: The XML root element.
        fields: The answer's fields in their order; whole numbers stay numbers in JSON.
        fault: What the number does to the answer.
        id_field: What a message's id is called in it.
    """

    root: str
    fields: dict[str, int | str] = field(repr=False)
    fault: Fault = ORDINARY
    id_field: str = SMS.id_field


class Endpoints:
    """Submit, GetNum and AddTemplate over one state."""

    def __init__(self, options: Options, state: State, pusher: Pusher) -> None:
        """Put the parts together.

        Args:
            options: The sandbox's options.
            state: Its memory.
            pusher: Makes its pushes.
        """
        self.options = options
        self.state = state
        self.pusher = pusher
        self._methods = {"Submit": self.submit, "GetNum": self.get_num, "AddTemplate": self.add_template}

    def ask(self, product: Product, method: str, form: Mapping[str, str]) -> Result | None:
        """Answer a request.

        Args:
            product: What is asked for.
            method: The method's name.
            form: The request's fields.

        Returns:
            The answer; None where the product has no such method.
        """
        return self._methods[method](form, product) if method in product.methods else None

    def submit(self, form: Mapping[str, str], product: Product = SMS) -> Result:
        """Take a message or refuse it.

        Args:
            form: The request's fields.
            product: What is asked for.

        Returns:
            ``code``, ``msg`` and the id (``0`` when refused).
        """
        with self.state.lock:
            verdict = judge(form, product, self.options, self.state)
            fault = fault_of(verdict.mobile) if verdict.code == ACCEPTED else ORDINARY
            self._count("Submit", verdict.code if fault.takes else "not_taken")
            message = None
            if fault.takes and verdict.code == ACCEPTED:
                message = self.state.take(verdict.mobile, form["content"], verdict.text, verdict.segments, product)
        if message is not None:
            self._follow(message, fault)
        number = message.smsid if message else "0"
        fields: dict[str, int | str] = {"code": verdict.code, "msg": TEXTS[verdict.code], product.id_field: number}
        return Result("SubmitResult", fields, fault, product.id_field)

    def get_num(self, form: Mapping[str, str], product: Product = SMS) -> Result:
        """Tell the balance.

        Args:
            form: The request's fields.
            product: What is asked for.

        Returns:
            ``code``, ``msg`` and ``num`` (0 when refused).
        """
        code = missing(form, "account", "password") or self._forced()
        if code is None:
            code = refusal(form, self.options.account, self.options.api_key)
        code = ACCEPTED if code is None else code
        self._count("GetNum", code)
        left = self.state.balances[product.name] if code == ACCEPTED else 0
        num = f"{left}.00" if product.in_yuan else left
        msg = COUNTED if code == ACCEPTED else TEXTS[code]
        return Result("GetNumResult", {"code": code, "msg": msg, "num": num})

    def add_template(self, form: Mapping[str, str], _product: Product = SMS) -> Result:
        """Keep a template text for review.

        No document says what a dynamic password of this method covers: with the content and without it are both right,
        and so is the MD5 of the key, which a customer's program sends.

        Args:
            form: The request's fields.

        Returns:
            ``code``, ``msg`` and ``templateid`` (0 when refused).
        """
        code = missing(form, "account", "password", "content") or self._forced()
        if code is None:
            code = refusal(form, self.options.account, self.options.api_key, takes_digest=True)
        if code == 40502:
            code = refusal(form, self.options.account, self.options.api_key, form["content"])
        code = ACCEPTED if code is None else code
        self._count("AddTemplate", code)
        templateid = self.state.add_template(form["content"]).templateid if code == ACCEPTED else 0
        return Result("AddTemplateResult", {"code": code, "msg": TEXTS[code], "templateid": templateid})

    def reply(self, mobile: str, content: str) -> PhoneReply:
        """Answer from a phone; the reply is pushed at once.

        Args:
            mobile: The phone's number, eleven digits or ``+`` and a country code.
            content: The answer.

        Returns:
            The reply.

        Raises:
            ValueError: No mobile number, or an empty answer.
        """
        product = of_phone(mobile)
        if not content.strip():
            raise ValueError("A reply needs a text.")
        reply = self.state.hear(mobile, content, product)
        number = product.write_number(mobile)
        fields = {"mobilephone": number, "content": content, "reply_time": china_time(reply.sent_at)}
        if reply.smsid is not None:
            fields[product.id_field] = reply.smsid
        self.pusher.add(self._push("reply", self.options.reply_url, reply, fields))
        return reply

    def review(self, templateid: int, msg: str = "", *, passed: bool) -> Template:
        """Decide on a template; the review is pushed at once.

        Args:
            templateid: The template's id.
            msg: Why.
            passed: Whether it may be used from now on.

        Returns:
            The template.

        Raises:
            ValueError: There is no such template.
        """
        with self.state.lock:
            template = self.state.templates.get(templateid)
            if template is None:
                raise ValueError("There is no such template.")
            template.state = "passed" if passed else "refused"
            template.push = "waiting"
            self.state.touch(template)
        code = "2" if passed else "0"
        fields = {"code": code, "msg": msg or ("审核通过" if passed else "审核未通过"), "templateid": str(templateid)}
        self.pusher.add(self._push("template", self.options.template_url, template, fields))
        return template

    def force(self, code: int | None) -> None:
        """Answer with one code, as for a frozen account: every Submit, and the other methods if they know the code.

        Args:
            code: The code, or None to go back to normal.

        Raises:
            ValueError: The sandbox has no text for the code, or it is 2.
        """
        if code is not None and (code not in TEXTS or code == ACCEPTED):
            raise ValueError("This code is not in the sandbox's table of refusals.")
        self.state.forced = code

    def _forced(self) -> int | None:
        return self.state.forced if self.state.forced in OF_THE_ACCOUNT else None

    def _count(self, method: str, code: int | str) -> None:
        self.state.count("requests", method, f"{method}_{code}")

    def _push(self, kind: str, url: str | None, subject: PhoneReply | Template, fields: dict[str, str]) -> Push:
        def settle(outcome: str) -> None:
            subject.push = outcome
            self.state.touch(subject)

        return Push(kind, url, lambda: fields, settle)

    def _follow(self, message: TakenMessage, fault: Fault) -> None:
        delay = self.options.receipt_delay
        # No document tells of receipts for calls.
        receipts = () if PRODUCTS[message.product].is_call else fault.receipts
        if not receipts:
            message.receipt = "never"
            self.state.touch(message)
        for position, receipt in enumerate(receipts):
            push = self._receipt(message, receipt)
            if fault.receipt_first and position == 0:
                self.pusher.attempt(push)
            else:
                self.pusher.add(push, delay * receipt.delays)
        if fault.reply is not None:
            self.reply(message.mobile, fault.reply)

    def _receipt(self, message: TakenMessage, receipt: Receipt) -> Push:
        product = PRODUCTS[message.product]

        def prepare() -> dict[str, str]:
            message.state = "delivered" if receipt.code == ACCEPTED else "undelivered"
            message.word = receipt.msg
            self.state.touch(message)
            return {
                "code": str(receipt.code),
                "msg": receipt.msg,
                "mobilephone": product.write_number(message.mobile),
                product.id_field: message.smsid,
                "report_time": china_time(message.taken_at + self.options.receipt_delay * receipt.delays),
            }

        def settle(outcome: str) -> None:
            message.receipt = outcome
            self.state.touch(message)

        return Push("receipt", self.options.receipt_url, prepare, settle)
