"""The gateway's result codes: explanation, scope, retry rule and suggested action of each.

One table for ``Submit``, ``GetNum`` and ``AddTemplate`` (PROTOCOL 3). ``meaning`` and ``advice`` are English source
texts marked for translation: show them through ``gettext``. A code that is not in the table is a final refusal, kept
as it came (:func:`lookup`). What the package does about a code stands in its row, not elsewhere. Receipts have codes of
their own: only 2 (delivered) against anything else.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from .i18n import gettext_noop as _

ACCEPTED = 2


class Scope(enum.Enum):
    """What a code is about."""

    SUCCESS = "success"
    GATEWAY = "gateway"
    ACCOUNT = "account"
    CLOCK = "clock"
    MESSAGE = "message"
    RECIPIENT = "recipient"


class Retry(enum.Enum):
    """Whether and when the same request may be sent again."""

    NEVER = "never"
    WITH_BACKOFF = "with back-off"
    AT_ONCE = "at once"
    AFTER_A_SECOND = "after a second"
    AFTER_FIX = "when the operator has mended it"


@dataclass(frozen=True, slots=True)
class Code:
    """One row of the table.

    Attributes:
        number: The code as the gateway answers it.
        text: The gateway's own wording (Chinese), empty where no document has it; answers carry other wordings of the
            same code.
        scope: What the code is about.
        retry: Whether the same request may be sent again, and when.
        meaning: English source text: what happened.
        action: English source text: what the operator does next.
        number_wait: Seconds for which the gateway would refuse the next message to the number as well.
        not_today: Whether it would do so until midnight in China.
        probed_by_balance: Whether a balance query shows that the account is well again: GetNum answers the same
            code, or the balance is 0 meanwhile. For other codes of an account only a message tells.
    """

    number: int
    text: str
    scope: Scope
    retry: Retry
    meaning: str
    action: str
    number_wait: int = 0
    not_today: bool = False
    probed_by_balance: bool = False

    @property
    def retryable(self) -> bool:
        """Whether the same request may be sent again without anybody mending anything."""
        return self.retry in {Retry.WITH_BACKOFF, Retry.AT_ONCE, Retry.AFTER_A_SECOND}


_ROWS = (
    Code(
        0,
        "提交失败",
        Scope.GATEWAY,
        Retry.WITH_BACKOFF,
        _("The gateway could not take the message."),
        _("Nothing: it is sent again by itself. If it goes on for hours, ask ihuyi's support."),
    ),
    Code(
        2,
        "提交成功",
        Scope.SUCCESS,
        Retry.NEVER,
        _("The gateway accepted the message."),
        _("Nothing: the carrier's receipt tells whether it was delivered."),
    ),
    Code(
        400,
        "非法ip访问",
        Scope.ACCOUNT,
        Retry.AFTER_FIX,
        _("The account does not allow requests from this server's address."),
        _("Add the server's public address to the account's allowed addresses in ihuyi's console."),
        probed_by_balance=True,
    ),
    Code(
        401,
        "帐号不能为空",
        Scope.ACCOUNT,
        Retry.AFTER_FIX,
        _("No account (APIID) was given."),
        _("Write the APIID in IHUYI['ACCOUNTS'][...]['ACCOUNT']."),
        probed_by_balance=True,
    ),
    Code(
        4010,
        "",
        Scope.MESSAGE,
        Retry.NEVER,
        _(
            "The gateway refused the message. This code is in none of its documents; its customers report too many "
            "requests, or a wrong APIID or APIKEY."
        ),
        _(
            "Read the gateway's own words. Compare ACCOUNT and API_KEY with ihuyi's console, and ask ihuyi's support "
            "what the code means."
        ),
    ),
    Code(
        402,
        "密码不能为空",
        Scope.ACCOUNT,
        Retry.AFTER_FIX,
        _("No password was given."),
        _("Write the APIKEY in IHUYI['ACCOUNTS'][...]['API_KEY']."),
        probed_by_balance=True,
    ),
    Code(
        403,
        "手机号码不能为空",
        Scope.MESSAGE,
        Retry.NEVER,
        _("No mobile number was given."),
        _("Correct the number and send a new message."),
    ),
    Code(
        4030,
        "手机号码已被列入黑名单",
        Scope.RECIPIENT,
        Retry.NEVER,
        _("The number is on the gateway's blacklist."),
        _("Ask the recipient; a number can be taken off the blacklist in ihuyi's console."),
        not_today=True,
    ),
    Code(
        404,
        "短信内容不能为空",
        Scope.MESSAGE,
        Retry.NEVER,
        _("The text is empty."),
        _("Send a new message with a text."),
    ),
    Code(
        405,
        "API ID 或 API KEY 不正确",
        Scope.ACCOUNT,
        Retry.AFTER_FIX,
        _("The APIID or the APIKEY is wrong."),
        _("Compare ACCOUNT and API_KEY in the settings with ihuyi's console; the key may have been changed there."),
        probed_by_balance=True,
    ),
    Code(
        4050,
        "账号被冻结",
        Scope.ACCOUNT,
        Retry.AFTER_FIX,
        _("The account is frozen."),
        _("Ask ihuyi's support why; messages wait until the account is open again."),
        probed_by_balance=True,
    ),
    Code(
        40501,
        "动态密码已过期",
        Scope.CLOCK,
        Retry.AT_ONCE,
        _("The dynamic password had expired when it arrived."),
        _("If it happens again, this server's clock is wrong: set it by NTP."),
    ),
    Code(
        40502,
        "动态密码校验失败",
        Scope.ACCOUNT,
        Retry.AFTER_FIX,
        _("The gateway could not verify the dynamic password."),
        _("Check that API_KEY is the APIKEY of this APIID, or set DYNAMIC_PASSWORD to False for this account."),
    ),
    Code(
        40505,
        "",
        Scope.ACCOUNT,
        Retry.AFTER_FIX,
        _("The account may not send yet: its contract may be missing."),
        _("Ask ihuyi's support what the account lacks; messages wait until then."),
    ),
    Code(
        4051,
        "剩余条数不足",
        Scope.ACCOUNT,
        Retry.AFTER_FIX,
        _("The account has no messages left."),
        _("Recharge the account in ihuyi's console; waiting messages then go out by themselves."),
        probed_by_balance=True,
    ),
    Code(
        4052,
        "访问 ip 与备案 ip 不符",
        Scope.ACCOUNT,
        Retry.AFTER_FIX,
        _("This server's address is not the one registered for the account."),
        _("Register the server's public address in ihuyi's console."),
    ),
    Code(
        4054,
        "",
        Scope.ACCOUNT,
        Retry.AFTER_FIX,
        _("The account is not valid at present: it may have expired."),
        _("Look at the account in ihuyi's console, or ask ihuyi's support; messages wait until it is valid again."),
    ),
    Code(
        406,
        "手机格式不正确",
        Scope.RECIPIENT,
        Retry.NEVER,
        _("The number is no mobile number that this kind of account reaches."),
        _("Correct the number and send a new message."),
    ),
    Code(
        407,
        "短信内容含有敏感字符",
        Scope.MESSAGE,
        Retry.NEVER,
        _("The text contains words that the gateway does not allow."),
        _("Change the text and send a new message."),
    ),
    Code(
        4070,
        "签名格式不正确",
        Scope.MESSAGE,
        Retry.NEVER,
        _("The signature's form is wrong."),
        _("Leave 【】 out of the text: the gateway adds the account's signature by itself."),
    ),
    Code(
        4071,
        "没有提交备案模板",
        Scope.MESSAGE,
        Retry.NEVER,
        _("The account has no approved template for this text."),
        _("Submit a template for this text in ihuyi's console and wait until it is approved."),
    ),
    Code(
        4072,
        "提交的短信内容与审核通过的模板内容不匹配",
        Scope.MESSAGE,
        Retry.NEVER,
        _("The text does not match any approved template."),
        _("Compare the text with the approved templates, punctuation included, and send a new message."),
    ),
    Code(
        40722,
        "变量内容超过指定的长度",
        Scope.MESSAGE,
        Retry.NEVER,
        _("A template variable is longer than allowed."),
        _("Shorten the variable, or ask ihuyi's support for a higher limit."),
    ),
    Code(
        4073,
        "短信内容超出长度限制",
        Scope.MESSAGE,
        Retry.NEVER,
        _("The text is too long."),
        _("Shorten the text and send a new message."),
    ),
    Code(
        4074,
        "短信内容包含 emoji 符号",
        Scope.MESSAGE,
        Retry.NEVER,
        _("The text contains an emoji."),
        _("Take the emoji out and send a new message."),
    ),
    Code(
        4075,
        "签名未通过审核",
        Scope.ACCOUNT,
        Retry.AFTER_FIX,
        _("The account's signature has not been approved."),
        _("Have the signature approved in ihuyi's console."),
    ),
    Code(
        4077,
        "",
        Scope.MESSAGE,
        Retry.NEVER,
        _("The gateway refused the voice notice. Its documents do not say why."),
        _("Read the gateway's own words; ask ihuyi's support what the code means."),
    ),
    Code(
        408,
        "发送超限，已加入黑名单，可登入平台解除",
        Scope.RECIPIENT,
        Retry.NEVER,
        _("The number got too many messages and was put on the blacklist."),
        _("Find out why so many were sent; then take the number off the blacklist in ihuyi's console."),
        not_today=True,
    ),
    Code(
        4080,
        "同一手机号码同一秒钟之内发送频率不能超过 1 条",
        Scope.RECIPIENT,
        Retry.AFTER_A_SECOND,
        _("More than one message a second went to this number."),
        _("Nothing: it is sent again by itself after a second."),
    ),
    Code(
        4081,
        "",
        Scope.RECIPIENT,
        Retry.NEVER,
        _("Another message went to this number less than a minute ago."),
        _("Send the next message to this number after a minute."),
        number_wait=60,
    ),
    Code(
        4082,
        "超出同一手机号一天之内短信限制",
        Scope.RECIPIENT,
        Retry.NEVER,
        _("The number has had as many messages today as the account allows."),
        _("Wait until tomorrow, or raise the limit in ihuyi's console."),
        not_today=True,
    ),
    Code(
        4083,
        "",
        Scope.RECIPIENT,
        Retry.NEVER,
        _("The same text went to this number twice within a minute."),
        _("Find out why the same text is sent repeatedly; send the next message after a minute."),
        number_wait=60,
    ),
    Code(
        4084,
        "",
        Scope.RECIPIENT,
        Retry.NEVER,
        _("The number has had the same text as often today as the gateway allows."),
        _("Find out why the same text is sent repeatedly; wait until tomorrow."),
        not_today=True,
    ),
    Code(
        4085,
        "同一手机号验证码短信发送超出限制",
        Scope.RECIPIENT,
        Retry.NEVER,
        _("The number has had as many verification codes today as the account allows."),
        _("Wait until tomorrow; if this is not the person's own doing, look for a bot on the sign-up form."),
        not_today=True,
    ),
    Code(
        4086,
        "",
        Scope.RECIPIENT,
        Retry.NEVER,
        _("Another message went to this number less than two minutes ago."),
        _("Send the next message to this number after two minutes."),
        number_wait=120,
    ),
)

CODES: Mapping[int, Code] = MappingProxyType({row.number: row for row in _ROWS})
"""Every known code of PROTOCOL 3, by number."""

_OF_VOICE = (
    Code(
        408,
        "",
        Scope.ACCOUNT,
        Retry.AFTER_FIX,
        _("The account is suspected of abuse and was frozen."),
        _(
            "Find out why so many calls were made, then ask ihuyi's support to open the account; messages wait until "
            "then."
        ),
    ),
)

PRODUCT_CODES: Mapping[str, Mapping[int, Code]] = MappingProxyType(
    {"voice": MappingProxyType({row.number: row for row in _OF_VOICE})}
)
"""Codes that mean something else for a product, by the product's name and their number."""


def lookup(number: int, product: str = "sms") -> Code:
    """Return what is known of a code.

    Args:
        number: A code as the gateway answered it.
        product: The name of the account's product; ``408``, for one, is about a number for SMS and about the account
            for voice.

    Returns:
        The table's row, or for a code that is not in it a final refusal with the same number.
    """
    return (
        PRODUCT_CODES.get(product, {}).get(number)
        or CODES.get(number)
        or Code(
            number,
            "",
            Scope.MESSAGE,
            Retry.NEVER,
            _("The gateway refused the message with a code that is not in its documents."),
            _("Read the gateway's own words; ask ihuyi's support what the code means."),
        )
    )
