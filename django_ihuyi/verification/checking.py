"""``verify_code``: whether somebody typed the code that was sent, right at most once."""

from __future__ import annotations

from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from django_ihuyi.arguments import read_optional_text, read_text
from django_ihuyi.exceptions import InvalidMessage
from django_ihuyi.gateway.numbers import MobileNumber
from django_ihuyi.models.metadata import UNSTORABLE
from django_ihuyi.sending.numbers import normalise_any
from django_ihuyi.verification.models.verification_code import read_typed

from .conf import get_verification
from .models import VerificationCode


@sensitive_variables()
def verify_code(mobile: MobileNumber | None, purpose: str, code: str | None) -> bool:
    """Check what a person typed against the code that was sent last for this number and purpose.

    Args:
        mobile: The number, however it is written, or a ``PhoneNumber``. None, of a form without it, is no number.
        purpose: What :func:`~django_ihuyi.send_code` was given.
        code: What was typed: full-width digits, white space and dashes do not matter. None is nothing.

    Returns:
        True once for each code: never again, never for a code that is too old or had ``MAX_TRIES`` tries, and for one
        of two requests at the same moment. False tells nothing of why.

    Raises:
        TypeError: An argument is of a wrong type, which the error names. A code that is a number has lost its zeros in
            front, and is none.

    What this writes, a try spent or a code used up, is undone where a transaction around the call is rolled back.
    """
    typed = read_typed(read_optional_text("code", code) or "")
    purpose = read_text("purpose", purpose)
    try:
        number = normalise_any(mobile)
    except InvalidMessage:
        return False
    # A purpose that no database holds has no codes.
    row = None if UNSTORABLE.search(purpose) else VerificationCode.objects.newest(number, purpose)
    if row is None or len(typed) != row.length:
        # What cannot be a code is a slip and no guess.
        return False
    now = timezone.now()
    # The try is taken first: guesses at the same moment are no more than the tries left.
    return row.take_try(now=now, most=get_verification().max_tries) and row.fits(typed) and row.enter(now=now)


@sensitive_variables()
def note_entered(mobile: MobileNumber, purpose: str) -> None:
    """Note that the code that was sent last was entered, where another package checked it, for the bombing watch.

    Args:
        mobile: The number, however it is written.
        purpose: What :func:`~django_ihuyi.verification.issuing.send_given_code` was given.
    """
    row = VerificationCode.objects.newest(normalise_any(mobile), purpose)
    if row is not None:
        row.enter(now=timezone.now())
