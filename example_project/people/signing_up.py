"""Signing up: what happens looks the same from outside whether or not the number has an account already."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone

from django_ihuyi import send_sms
from django_ihuyi.models import Message

from .models import Person

# With the real gateway, this text has to be among the account's approved templates.
_KNOWN = "您的手机号码已经注册过本站账号，请直接登录。如非本人操作，请忽略本短信。"


def sign_up(mobile: str, password: str) -> Message | None:
    """Open an account, or tell the number's owner that there is one.

    A new person gets the welcome text of ``IHUYI["REGISTRATION"]``, which django-ihuyi sends by itself. Somebody with
    an account gets a text that says so, once a day at most. Either way one text goes to the number, so that only
    whoever holds the phone learns which.

    Args:
        mobile: Eleven digits.
        password: The password that was chosen.

    Returns:
        The text; None if there is none.
    """
    try:
        with transaction.atomic():
            Person.objects.create_user(mobile, password)
    except IntegrityError:
        key = f"sign-up-again:{Person.objects.get(mobile=mobile).pk}:{timezone.localdate()}"
        return send_sms(mobile, _KNOWN, idempotency_key=key)
    return Message.objects.filter(mobile=mobile).first()
