"""The welcome text: a new user gets one SMS, after the sign-up is committed and without ever breaking it."""

from __future__ import annotations

import logging
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Model
from django.db.models.signals import post_save
from django.utils.module_loading import import_string

from . import conf
from .exceptions import InvalidMessage
from .outbound.sending import send_sms

logger = logging.getLogger(__name__)


def connect() -> None:
    """Listen for new users; what to do with them is read from the settings each time."""
    post_save.connect(welcome, sender=get_user_model(), dispatch_uid="django_ihuyi.registration.welcome", weak=False)


def welcome(instance: Model, created: bool, raw: bool, using: str, **kwargs: Any) -> None:  # noqa: ANN401  the signature of post_save
    """Send ``IHUYI['REGISTRATION']``'s text to a user who was just made; fixtures (``raw``) send nothing."""
    if created and not raw and conf.get_registration() is not None:
        transaction.on_commit(lambda: _send_welcome(instance), using=using, robust=True)


def _send_welcome(user: Model) -> None:
    registration = conf.get_registration()
    if registration is None:
        return
    try:
        mobile = _mobile_of(user, registration.mobile)
        if not mobile:
            return
        content = registration.content(user) if callable(registration.content) else registration.content
        send_sms(
            mobile,
            content,
            account=registration.account,
            # One welcome a user, whatever saves twice.
            idempotency_key=f"registration:{user._meta.label_lower}:{user.pk}",
        )
    except InvalidMessage as error:
        logger.warning("No welcome SMS for user %s: code %s", user.pk, error.code)
    except Exception:
        # The person is signed up; a fault of the welcome text must not show them an error page.
        logger.exception("No welcome SMS for user %s", user.pk)


def _mobile_of(user: Model, source: Any) -> str | None:  # noqa: ANN401  a name or a callable
    if isinstance(source, str):
        if "." not in source:
            return str(getattr(user, source) or "")
        source = import_string(source)
    mobile: str | None = source(user)
    return mobile
