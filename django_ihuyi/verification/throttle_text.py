"""Text for a person who gets no code: how long to wait, without naming the limit."""

from __future__ import annotations

import logging

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from django_ihuyi.exceptions import CodeThrottled, ThrottleReason

logger = logging.getLogger(__name__)


def throttle_text(error: CodeThrottled) -> str:
    """Return the words, translated, for a limit that was met.

    A captcha is asked for by those who can show one. Where this is called for want of one there is none, and waiting
    does not help: staff are told by the log.
    """
    if error.reason is ThrottleReason.CAPTCHA:
        logger.error(
            "A code was refused for want of a captcha, and the page that asks for it shows none. "
            "Set CAPTCHA of its purpose in IHUYI['VERIFICATION']['PURPOSES'] to 'never'.",
            extra={"event": "code.no_captcha"},
        )
        return _("This page cannot send codes: something is not set up right. Please tell whoever runs this site.")
    if error.reason is ThrottleReason.INTERVAL:
        text = ngettext(
            "A code was asked for a moment ago. Ask again in %(seconds)d second.",
            "A code was asked for a moment ago. Ask again in %(seconds)d seconds.",
            error.retry_after,
        )
        return text % {"seconds": error.retry_after}
    # Which limit is nobody's business who tries them.
    return _("No code can be sent now. Please try again later.")
