"""New users: a welcome text, a verification code, or both, after the sign-up and without ever breaking it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.contrib.auth import get_user_model
from django.db import router, transaction
from django.db.models import Model
from django.db.models.signals import post_save
from django.utils.module_loading import import_string
from django.views.decorators.debug import sensitive_variables

from . import conf
from .exceptions import CodeThrottled, InvalidMessage
from .outbound.sending import send_sms
from .verification.issuing import send_code

logger = logging.getLogger(__name__)

_LATER = "_ihuyi_welcome_later"
"""What a user has to whom the first save sends nothing."""


def connect() -> None:
    """Listen for new users; what to do with them is read from the settings each time."""
    post_save.connect(welcome, sender=get_user_model(), dispatch_uid="django_ihuyi.registration.welcome", weak=False)


def welcome(instance: Model, created: bool, raw: bool, using: str, **kwargs: Any) -> None:  # noqa: ANN401  the signature of post_save
    """Send what ``IHUYI['REGISTRATION']`` says to a user who was just made; fixtures (``raw``) send nothing."""
    later = getattr(instance, _LATER, False)
    if created and not raw and not later and conf.get_registration() is not None:
        transaction.on_commit(lambda: _send(instance), using=using, robust=True)


def postpone(user: Model) -> None:
    """Send nothing when this user is made: whoever verifies the number calls :func:`welcome_verified`."""
    setattr(user, _LATER, True)


def welcome_verified(user: Model, mobile: str) -> None:
    """Send the welcome text, once, to a user whose number was just verified, after the commit of that.

    Args:
        user: Whom ``CONTENT`` is given, if it is a function.
        mobile: The number.
    """
    registration = conf.get_registration()
    if registration is None or registration.content is None:
        return

    def send() -> None:
        _guard("welcome SMS", user, lambda: _send_welcome(user, registration, mobile))

    transaction.on_commit(send, using=router.db_for_write(type(user)), robust=True)


def _send(user: Model) -> None:
    registration = conf.get_registration()
    if registration is None:
        return
    if registration.content is not None:
        _guard("welcome SMS", user, lambda: _send_welcome(user, registration, _value_of(user, registration.mobile)))
    if registration.code is not None:
        _guard("verification code", user, lambda: _send_code(user, registration))


@sensitive_variables()
def _guard(what: str, user: Model, send: Callable[[], None]) -> None:
    """Send, or log why not: the person is signed up, and a fault of an SMS must not show them an error page."""
    try:
        send()
    except InvalidMessage as error:
        logger.warning(
            "No %s for user %s: code %s",
            what,
            user.pk,
            error.code,
            extra={"event": "registration.refused", "code": error.code},
        )
    except CodeThrottled as error:
        logger.warning("No %s for user %s: %s", what, user.pk, error.reason, extra={"event": "registration.throttled"})
    except Exception:
        logger.exception("No %s for user %s", what, user.pk, extra={"event": "registration.failed"})


def _send_welcome(user: Model, registration: conf.RegistrationSettings, mobile: object) -> None:
    if mobile:
        content = registration.content(user) if callable(registration.content) else registration.content
        send_sms(
            str(mobile),
            content,
            account=registration.account,
            # One welcome a user, whatever saves twice.
            idempotency_key=f"registration:{user._meta.label_lower}:{user.pk}",
        )


def _send_code(user: Model, registration: conf.RegistrationSettings) -> None:
    mobile = _value_of(user, registration.mobile)
    verified = registration.verified is not None and _value_of(user, registration.verified)
    if mobile and not verified:
        send_code(str(mobile), str(registration.code), account=registration.account)


def _value_of(user: Model, source: Any) -> Any:  # noqa: ANN401  a name or a callable, and what it gives
    if isinstance(source, str):
        if "." not in source:
            return getattr(user, source)
        source = import_string(source)
    return source(user)
