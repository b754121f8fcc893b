"""Verification code for new users, if ``IHUYI["REGISTRATION"]`` names a purpose."""

from __future__ import annotations

import logging
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Model
from django.db.models.signals import post_save
from django.views.decorators.debug import sensitive_variables

from django_ihuyi import conf
from django_ihuyi.exceptions import CodeThrottled
from django_ihuyi.registration import is_new, log_errors, value_of

from .codes import send_code

logger = logging.getLogger(__name__)


def connect_user_signal() -> None:
    """Listen for new users; what to do with them is read from the settings each time."""
    uid = "django_ihuyi.verification.registration"
    post_save.connect(send_first_code, sender=get_user_model(), dispatch_uid=uid, weak=False)


def send_first_code(instance: Model, created: bool, raw: bool, using: str, **kwargs: Any) -> None:  # noqa: ANN401  the signature of post_save
    """Send a code to a user who was just made, after the commit, for the purpose ``CODE``.

    No request is known here, so no limit of a client's address holds for it.
    """
    # A receiver stays connected where a test takes the app out of INSTALLED_APPS.
    if apps.is_installed("django_ihuyi.verification") and is_new(instance, created=created, raw=raw):
        transaction.on_commit(lambda: _send(instance), using=using, robust=True)


def _send(user: Model) -> None:
    registration = conf.get_registration()
    if registration is not None and registration.code is not None:
        log_errors("verification code", user, lambda: _send_code(user, registration))


@sensitive_variables()
def _send_code(user: Model, registration: conf.RegistrationSettings) -> None:
    mobile = value_of(user, registration.mobile)
    verified = registration.verified is not None and value_of(user, registration.verified)
    if not mobile or verified:
        return
    try:
        send_code(mobile, str(registration.code), account=registration.account)
    except CodeThrottled as error:
        logger.warning(
            "No verification code for user %s: %s",
            user.pk,
            error.reason,
            extra={"event": "registration.throttled"},
        )
