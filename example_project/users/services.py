"""Signing up, resetting and changing, once a code has shown who holds the phone; and the texts that went there."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from django_ihuyi.models import Message

from .models import Person


def sign_up(mobile: str, password: str) -> bool:
    """Open an account for somebody who has entered the code that was sent to the number.

    django-ihuyi sends the welcome text of ``IHUYI["REGISTRATION"]`` by itself.

    Args:
        mobile: Eleven digits.
        password: The password that was chosen.

    Returns:
        Whether there is a new account; an old one stays as it is.
    """
    try:
        with transaction.atomic():
            Person.objects.create_user(mobile, password)
    except IntegrityError:
        return False
    return True


def texts_to(mobile: str) -> QuerySet[Message]:
    """Return the texts to a number, newest first, without codes: one that still waits would be shown to a session."""
    return Message.objects.filter(mobile=mobile).exclude(category=Message.Category.VERIFICATION)


def reset_password(mobile: str, password: str) -> None:
    """Give the number's owner a new password, which ends the sessions of whoever had the old one.

    Args:
        mobile: Eleven digits.
        password: The password that was chosen.
    """
    person = Person.objects.get(mobile=mobile)
    person.set_password(password)
    person.save(update_fields=["password"])


def change_number(person: Person, mobile: str) -> bool:
    """Give a person another number.

    Args:
        person: Who is logged in.
        mobile: Eleven digits.

    Returns:
        Whether it was free.
    """
    try:
        with transaction.atomic():
            Person.objects.filter(pk=person.pk).update(mobile=mobile)
    except IntegrityError:
        return False
    return True
