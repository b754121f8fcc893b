"""Captcha hook: when a captcha is required, and its verification.

``IHUYI["VERIFICATION"]["CAPTCHA"]`` names a function of the site's, or one of :mod:`django_ihuyi.contrib`::

    def check(answer: object, *, purpose: str, ip: str | None) -> bool
"""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.module_loading import import_string

from django_ihuyi.client_ip import client_key
from django_ihuyi.exceptions import ThrottleReason

from .conf import VerificationSettings, get_verification
from .models import CodeQuota, Suspicion
from .rate_limits import NETWORK_TIMES, SITE, client_subjects
from .sliding_window import HOUR, Window


def captcha_required(purpose: str, ip: str | None = None) -> bool:
    """Whether a form should show a captcha before it asks for a code.

    It may be needed a moment later although it is not now: a form also shows one on ``CaptchaRequired``.

    Args:
        purpose: What the code is for.
        ip: The client's address.
    """
    return is_required(get_verification(), purpose, client_key(ip) if ip else "", now=timezone.now())


def is_required(settings: VerificationSettings, purpose: str, address: str, *, now: datetime) -> bool:
    """Whether a request needs a captcha.

    Args:
        settings: The settings.
        purpose: What the code is for.
        address: What stands for the client; empty if it is not known.
        now: The present.
    """
    when = settings.of(purpose).captcha or settings.captcha_when
    if settings.captcha is None or when == "never":
        return False
    return when == "always" or _is_busy(settings, address, now=now)


def is_correct(settings: VerificationSettings, answer: object, *, purpose: str, ip: str | None) -> bool:
    """Ask the site's function about an answer; None is not even shown to it."""
    if answer is None or settings.captcha is None:
        return False
    return import_string(settings.captcha)(answer, purpose=purpose, ip=ip) is True


def _is_busy(settings: VerificationSettings, address: str, *, now: datetime) -> bool:
    """Whether the client or the site has had its threshold of codes in the last hour, or bombing is suspected."""
    thresholds = (settings.captcha_address_after, settings.captcha_address_after * NETWORK_TIMES)
    after = {SITE: settings.captcha_site_after, **dict(zip(client_subjects(address), thresholds, strict=False))}
    if any(count == 0 for count in after.values()):
        return True
    # Read without a lock: a request more or less before the first captcha is no harm.
    for row in CodeQuota.objects.filter(pk__in=after):
        threshold = Window("hour", ThrottleReason.CAPTCHA, HOUR, after[row.subject])
        if threshold.wait(row.spent.get("hour", []), now.timestamp()) > 0:
            return True
    return Suspicion.objects.standing().filter(subject__in=after).exists()
