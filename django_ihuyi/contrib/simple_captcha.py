"""Captcha of `django-simple-captcha <https://pypi.org/project/django-simple-captcha/>`_ for verification codes.

``"CAPTCHA": "django_ihuyi.contrib.simple_captcha.check"`` in ``IHUYI["VERIFICATION"]``.
"""

from __future__ import annotations

from django.conf import settings
from django.utils.timezone import now

from django_ihuyi.models.metadata import UNSTORABLE


def check(answer: object, *, purpose: str, ip: str | None) -> bool:
    """Check an answer, and use the captcha up, right or wrong.

    Args:
        answer: The captcha's key and what was typed, as the two inputs of its widget send them:
            ``(request.POST["captcha_0"], request.POST["captcha_1"])``.
        purpose: What the code is for; a captcha is good for any.
        ip: The client's address; a captcha is good for any.

    Returns:
        Whether it is right, not too old, and was not answered before.
    """
    from captcha.models import CaptchaStore

    key, typed = answer if isinstance(answer, list | tuple) and len(answer) == 2 else ("", "")
    # Anybody can post anything as a key, also what a database refuses to look for.
    if not key or not typed or UNSTORABLE.search(str(key)):
        return False
    if getattr(settings, "CAPTCHA_TEST_MODE", False) and str(typed).lower() == "passed":
        return True
    waiting = CaptchaStore.objects.filter(hashkey=str(key), expiration__gt=now())
    row = waiting.first()
    # Deleting is what only one of two requests can do.
    return row is not None and waiting.delete()[0] == 1 and row.response == str(typed).strip().lower()
