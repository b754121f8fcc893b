"""``verify_code``: whether somebody typed the code that was sent, right at most once."""

from __future__ import annotations

from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from django_ihuyi import conf
from django_ihuyi.exceptions import InvalidMessage
from django_ihuyi.models import VerificationCode
from django_ihuyi.models.verification_code import read_typed
from django_ihuyi.outbound.numbers import normalise_any


@sensitive_variables()
def verify_code(mobile: str, purpose: str, code: str) -> bool:
    """Check what a person typed against the code that was sent last for this number and purpose.

    Args:
        mobile: The number, however it is written.
        purpose: What :func:`~django_ihuyi.send_code` was given.
        code: What was typed: full-width digits, white space and dashes do not matter.

    Returns:
        True once for each code: never again, never for a code that is too old or had ``MAX_TRIES`` tries, and for one
        of two requests at the same moment. False tells nothing of why.

    What this writes, a try spent or a code used up, is undone where a transaction around the call is rolled back.
    """
    typed = read_typed(code)
    try:
        number = normalise_any(mobile)
    except InvalidMessage:
        return False
    row = VerificationCode.objects.newest(number, purpose)
    if row is None or len(typed) != row.length:
        # What cannot be a code is a slip and no guess.
        return False
    now = timezone.now()
    # The try is taken first: guesses at the same moment are no more than the tries left.
    return row.take_try(now=now, most=conf.get_verification().max_tries) and row.fits(typed) and row.enter(now=now)


@sensitive_variables()
def note_entered(mobile: str, purpose: str) -> None:
    """Note that the code that was sent last was entered, where another package checked it, for the bombing watch.

    Args:
        mobile: The number, however it is written.
        purpose: What :func:`~django_ihuyi.verification.issuing.send_given_code` was given.
    """
    row = VerificationCode.objects.newest(normalise_any(mobile), purpose)
    if row is not None:
        row.enter(now=timezone.now())
