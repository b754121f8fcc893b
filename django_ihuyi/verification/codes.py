"""Send and verify verification codes: ``send_code``, ``offer_code``, ``verify_code``.

``send_code`` checks the limits, derives the code, records it and sends the message; ``offer_code`` does the same, but
sends nothing to unknown numbers.
"""

from __future__ import annotations

import logging
import math
import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, cast

from django.db import router, transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from django_ihuyi import conf
from django_ihuyi.arguments import read_optional_text, read_text
from django_ihuyi.client_ip import client_key, client_network
from django_ihuyi.exceptions import CaptchaRequired, CodeThrottled, InvalidMessage, ThrottleReason
from django_ihuyi.gateway.mobile_numbers import MobileNumber, is_of_a_country
from django_ihuyi.gateway.products import normalize_any
from django_ihuyi.models import Message
from django_ihuyi.models.metadata import UNSTORABLE, UNSTORABLE_NAME
from django_ihuyi.sending.message_builder import normalize_recipient
from django_ihuyi.sending.single import send_sms
from django_ihuyi.transactions import retry_on_conflict
from django_ihuyi.verification.models.verification_code import read_typed

from . import abuse_detection, rate_limits
from . import captcha as captchas
from .conf import VerificationSettings, get_verification
from .models import VerificationCode
from .rate_limits import Policy, Refusal
from .sliding_window import Window

logger = logging.getLogger(__name__)


@sensitive_variables()
def send_code(
    mobile: MobileNumber, purpose: str, *, ip: str | None = None, account: str = "default", captcha: object = None
) -> Message:
    """Send a verification code, unless a limit or a captcha that is missing stands against it.

    Args:
        mobile: A mobile number that the account reaches, however it is written, or a ``PhoneNumber``.
        purpose: What the code is for, 1 to 32 characters, such as ``"sign-up"``. A code is good for its purpose only.
        ip: The client's address (:func:`django_ihuyi.client_ip.client_address`). Without it, no limit of an address
            can hold.
        account: The alias of the account that sends it.
        captcha: The person's answer to a captcha, as ``IHUYI["VERIFICATION"]["CAPTCHA"]`` takes it.

    Returns:
        The message. It expires with the code, and its text holds the code only until it is settled.

    Raises:
        CodeThrottled: A limit is met: ``retry_after`` is in seconds, ``reason`` says which. ``"unavailable"`` is no
            limit: the account is paused, and no code goes out to anybody, numbers for tests included.
        CaptchaRequired: A captcha is asked for, and ``captcha`` is no right answer to one. A ``CodeThrottled`` as well.
        InvalidMessage: The number is none, or the text cannot be sent.
        ValueError: ``purpose`` or ``ip`` is not one.
        TypeError: An argument is of a wrong type, which the error names.
        ImproperlyConfigured: The settings are wrong, or there is no such account.
    """
    return _issue_code(_read(mobile, purpose, ip, account), captcha, decoy=False)


@sensitive_variables()
def offer_code(
    mobile: MobileNumber,
    purpose: str,
    *,
    known: bool,
    ip: str | None = None,
    account: str = "default",
    captcha: object = None,
) -> Message:
    """Send a code to a number that the site knows, pretend to otherwise: for forms that must not tell which.

    For a number that is not known it passes the same limits, makes the same statements and publishes a task, and sends
    nothing: the message is ``cancelled``. A number that the gateway refuses now is treated like that as well: only one
    that was really sent something can be refused. It returns and raises the same as :func:`send_code`.

    Args:
        mobile: As of :func:`send_code`.
        purpose: As of :func:`send_code`.
        known: Whether a code really goes out.
        ip: As of :func:`send_code`.
        account: As of :func:`send_code`.
        captcha: As of :func:`send_code`.
    """
    return _issue_code(_read(mobile, purpose, ip, account), captcha, decoy=not known, quietly=True)


@sensitive_variables()
def send_external_code(
    mobile: MobileNumber,
    purpose: str,
    code: str,
    *,
    ip: str | None = None,
    account: str = "default",
    captcha: object = None,
    quietly: bool = False,
) -> Message:
    """Do what :func:`send_code` does, for a package that makes its codes and checks them itself.

    Such a package says with :func:`mark_entered` that one was right. It takes,
    returns and raises the same as :func:`send_code`, and besides:

    Args:
        code: 4 to 8 digits.
        quietly: Whether a number that the gateway refuses now is treated as :func:`offer_code` treats it: the message
            is ``cancelled``, and nothing is raised. For pages that must not tell who is known.

    Raises:
        ValueError: The code is none. It is not repeated in the error.
    """
    code = read_text("code", code)
    if not (code.isascii() and code.isdigit() and 4 <= len(code) <= 8):
        raise ValueError("A code has 4 to 8 digits.")
    return _issue_code(replace(_read(mobile, purpose, ip, account), given=code), captcha, decoy=False, quietly=quietly)


@dataclass(frozen=True, slots=True)
class _Request:
    mobile: str
    purpose: str
    ip: str | None
    address: str
    account: str
    settings: VerificationSettings
    now: datetime
    given: str | None = field(default=None, repr=False)


def _read(mobile: MobileNumber, purpose: str, ip: str | None, account: str) -> _Request:
    purpose, account = read_text("purpose", purpose), read_text("account", account)
    ip = read_optional_text("ip", ip)
    if not 1 <= len(purpose) <= 32:
        raise ValueError(f"A purpose has 1 to 32 characters, this one {len(purpose)}.")
    if UNSTORABLE.search(purpose):
        raise ValueError(f"A purpose has {UNSTORABLE_NAME}.")
    settings = get_verification()
    number = normalize_recipient(conf.get_account(account), mobile)
    if not is_of_a_country(number):
        raise InvalidMessage(406, "A number of a satellite network, or of another without a country, gets no codes.")
    address = client_key(ip) if ip else ""
    return _Request(number, purpose, ip, address, account, settings, timezone.now())


def _issue_code(request: _Request, answer: object, *, decoy: bool, quietly: bool = False) -> Message:
    closed = rate_limits.unavailable(request.account, now=request.now)
    if closed is not None:
        raise _as_error(closed)
    dry_run = request.settings.dry_run
    trusted = request.mobile in request.settings.test_numbers
    policy = Policy(request.settings)
    windows = {} if trusted else _limits(request, policy)
    refusal = None if trusted else _refused_by_gateway(request, quietly=quietly)
    if refusal is not None and quietly:
        refusal, decoy = None, True
    if refusal is None and not trusted:
        refusal = _check_captcha(request, answer)

    def judge_and_record() -> tuple[Refusal | None, Message | None]:
        refused = refusal
        with transaction.atomic(using=router.db_for_write(VerificationCode)):
            if refused is None or dry_run:
                refused = rate_limits.consume(policy, windows, now=request.now, anyway=dry_run) or refused
            return refused, _record(request, decoy=decoy) if refused is None or dry_run else None

    refused, message = retry_on_conflict(judge_and_record, using=router.db_for_write(VerificationCode))
    # Raised outside of the transaction: what was locked is let go of, not rolled back.
    if refused is not None and not dry_run:
        raise _as_error(refused)
    if refused is not None:
        logger.warning(
            "Dry run: a code was sent that would be refused (%s).", refused.reason, extra={"event": "code.dry_run"}
        )
    return cast("Message", message)  # where there is none, the refusal was raised


def _refused_by_gateway(request: _Request, *, quietly: bool) -> Refusal | None:
    # A refusal that is not shown tells nothing, whatever it is about.
    purpose = None if quietly else request.purpose
    return rate_limits.refused_by_gateway(request.mobile, request.account, purpose=purpose, now=request.now)


def _limits(request: _Request, policy: Policy) -> dict[str, tuple[Window, ...]]:
    """Find the limits that hold for this request now."""
    watched = abuse_detection.active_alerts(request.mobile, request.address) if request.settings.watch else set()
    vouched = bool(watched) and abuse_detection.is_trusted(request.address, now=request.now)
    return policy.limits(request.mobile, request.address, purpose=request.purpose, suspected=watched, vouched=vouched)


def _check_captcha(request: _Request, answer: object) -> Refusal | None:
    if not captchas.is_required(request.settings, request.purpose, request.address, now=request.now):
        return None
    right = captchas.is_correct(request.settings, answer, purpose=request.purpose, ip=request.ip)
    return None if right else Refusal(ThrottleReason.CAPTCHA, 0)


def _as_error(refusal: Refusal) -> CodeThrottled:
    if refusal.reason is ThrottleReason.CAPTCHA:
        return CaptchaRequired()
    return CodeThrottled(refusal.retry_after, refusal.reason)


def _record(request: _Request, *, decoy: bool) -> Message:
    """Record a code and the message that it goes out with.

    A decoy's message is cancelled where a code's is noted: as many statements, so that the time tells nothing.
    """
    expires_at = request.now + timedelta(seconds=request.settings.lifetime)
    code = _reuse(request, expires_at, decoy=decoy) or _create(request, expires_at, decoy=decoy)
    message = _send(request, code, expires_at)
    if decoy:
        message.cancel()
    else:
        code.attach(message)
    return message


def _reuse(request: _Request, expires_at: datetime, *, decoy: bool) -> VerificationCode | None:
    """Take the code that is still alive, where the site repeats it."""
    settings = request.settings
    repeats = settings.repeat_code and request.given is None
    last = VerificationCode.objects.newest(request.mobile, request.purpose) if repeats else None
    if last is None or last.decoy is not decoy or last.length != settings.code_length:
        return None
    return last if last.renew(now=request.now, most=settings.max_tries, expires_at=expires_at) else None


def _create(request: _Request, expires_at: datetime, *, decoy: bool) -> VerificationCode:
    return VerificationCode.objects.create(
        mobile=request.mobile,
        purpose=request.purpose,
        nonce=secrets.token_hex(16),
        # A given code is not in the row: what is derived from it is another one, which nobody was sent.
        length=len(request.given) if request.given else request.settings.code_length,
        address=request.address,
        network=client_network(request.address),
        created_at=request.now,
        expires_at=expires_at,
        decoy=decoy,
    )


def _send(request: _Request, code: VerificationCode, expires_at: datetime) -> Message:
    purpose = request.settings.of(request.purpose)
    values = {"code": request.given or code.derive(), "minutes": str(math.ceil(request.settings.lifetime / 60))}
    product = conf.get_account(request.account).product_spec
    if purpose.template is None or not product.supports_templates:
        text = (purpose.text or request.settings.text).format(**values)
        what: dict[str, Any] = {"content": product.code_text(values["code"], text)}
    else:
        params = [param.format(**values) for param in purpose.params]
        what = {"template": purpose.template, "params": params}
    return send_sms(
        request.mobile,
        category=Message.Category.VERIFICATION,
        account=request.account,
        expires_at=expires_at,
        **what,
    )


@sensitive_variables()
def verify_code(mobile: MobileNumber | None, purpose: str, code: str | None) -> bool:
    """Check what a person typed against the code that was sent last for this number and purpose.

    Args:
        mobile: The number, however it is written, or a ``PhoneNumber``. None, of a form without it, is no number.
        purpose: What :func:`~django_ihuyi.send_code` was given.
        code: What was typed: full-width digits, white space and dashes do not matter. None is nothing.

    Returns:
        True once for each code: never again, never for a code that is too old or had ``MAX_TRIES`` tries, and for one
        of two requests at the same moment. False tells nothing of why.

    Raises:
        TypeError: An argument is of a wrong type, which the error names. A code that is a number has lost its zeros in
            front, and is none.

    What this writes, a try spent or a code used up, is undone where a transaction around the call is rolled back.
    """
    typed = read_typed(read_optional_text("code", code) or "")
    purpose = read_text("purpose", purpose)
    try:
        number = normalize_any(mobile)
    except InvalidMessage:
        return False
    # A purpose that no database holds has no codes.
    row = None if UNSTORABLE.search(purpose) else VerificationCode.objects.newest(number, purpose)
    if row is None or len(typed) != row.length:
        # What cannot be a code is a slip and no guess.
        return False
    now = timezone.now()
    # The try is taken first: guesses at the same moment are no more than the tries left.
    return row.reserve_attempt(now=now, most=get_verification().max_tries) and row.matches(typed) and row.enter(now=now)


@sensitive_variables()
def mark_entered(mobile: MobileNumber, purpose: str) -> None:
    """Note that the code that was sent last was entered, where another package checked it, for the bombing watch.

    Args:
        mobile: The number, however it is written.
        purpose: What :func:`~django_ihuyi.verification.codes.send_external_code` was given.
    """
    row = VerificationCode.objects.newest(normalize_any(mobile), purpose)
    if row is not None:
        row.enter(now=timezone.now())
