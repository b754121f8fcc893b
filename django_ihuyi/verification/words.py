"""What a person is told when no code is sent: how long to wait where that helps, and nothing of which limit it was."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from django_ihuyi.exceptions import CodeThrottled, ThrottleReason


def refusal(error: CodeThrottled) -> str:
    """Return the words, translated, for a limit that was met."""
    if error.reason is ThrottleReason.INTERVAL:
        text = ngettext(
            "A code was asked for a moment ago. Ask again in %(seconds)d second.",
            "A code was asked for a moment ago. Ask again in %(seconds)d seconds.",
            error.retry_after,
        )
        return text % {"seconds": error.retry_after}
    # Which limit is nobody's business who tries them.
    return _("No code can be sent now. Please try again later.")
