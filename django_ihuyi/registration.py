"""Welcome text for new users. An error never breaks the sign-up.

The verification code of a new user is sent by :mod:`django_ihuyi.verification.registration`.
"""

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
from .exceptions import InvalidMessage
from .sending.single import send_sms

logger = logging.getLogger(__name__)

_LATER = "_ihuyi_welcome_later"
"""What a user has to whom the first save sends nothing."""


def connect_user_signal() -> None:
    """Listen for new users; what to do with them is read from the settings each time."""
    post_save.connect(welcome, sender=get_user_model(), dispatch_uid="django_ihuyi.registration.welcome", weak=False)


def welcome(instance: Model, created: bool, raw: bool, using: str, **kwargs: Any) -> None:  # noqa: ANN401  the signature of post_save
    """Send the welcome text of ``IHUYI['REGISTRATION']`` to a user who was just made, after the commit."""
    if is_new(instance, created=created, raw=raw):
        transaction.on_commit(lambda: _send(instance), using=using, robust=True)


def is_new(user: Model, *, created: bool, raw: bool) -> bool:
    """Whether a saved user is to be sent what ``IHUYI['REGISTRATION']`` says. Fixtures are sent nothing.

    Args:
        user: The user.
        created: As in ``post_save``.
        raw: As in ``post_save``: whether a fixture is loaded.
    """
    return created and not raw and not getattr(user, _LATER, False) and conf.get_registration() is not None


def skip_welcome(user: Model) -> None:
    """Send nothing when this user is made: whoever verifies the number calls :func:`send_welcome`."""
    setattr(user, _LATER, True)


def send_welcome(user: Model, mobile: str) -> None:
    """Send the welcome text, once, to a user whose number was just verified, after the commit of that.

    Args:
        user: Whom ``CONTENT`` is given, if it is a function.
        mobile: The number.
    """
    registration = conf.get_registration()
    if registration is None or registration.content is None:
        return

    def send() -> None:
        log_errors("welcome SMS", user, lambda: _send_welcome(user, registration, mobile))

    transaction.on_commit(send, using=router.db_for_write(type(user)), robust=True)


def _send(user: Model) -> None:
    registration = conf.get_registration()
    if registration is not None and registration.content is not None:
        log_errors("welcome SMS", user, lambda: _send_welcome(user, registration, value_of(user, registration.mobile)))


@sensitive_variables()
def log_errors(what: str, user: Model, send: Callable[[], None]) -> None:
    """Send, or log why not: the person is signed up, and a fault of an SMS must not show them an error page.

    Args:
        what: What is sent, for the log.
        user: The new user.
        send: Sends it.
    """
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
    except Exception:
        logger.exception("No %s for user %s", what, user.pk, extra={"event": "registration.failed"})


def _send_welcome(user: Model, registration: conf.RegistrationSettings, mobile: Any) -> None:  # noqa: ANN401  what the site has
    if mobile:
        content = registration.content(user) if callable(registration.content) else registration.content
        send_sms(
            mobile,
            content,
            account=registration.account,
            # One welcome a user, whatever saves twice.
            idempotency_key=f"registration:{user._meta.label_lower}:{user.pk}",
        )


def value_of(user: Model, source: Any) -> Any:  # noqa: ANN401  a name or a callable, and what it gives
    """Return what an option of ``IHUYI['REGISTRATION']`` says of a user.

    Args:
        user: The user.
        source: The name of a field, a function that takes the user, or the dotted path of one.
    """
    if isinstance(source, str):
        if "." not in source:
            return getattr(user, source)
        source = import_string(source)
    return source(user)
