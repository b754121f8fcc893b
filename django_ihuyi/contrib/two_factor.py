"""SMS gateway for `django-two-factor-auth <https://django-two-factor-auth.readthedocs.io/>`_.

``TWO_FACTOR_SMS_GATEWAY = "django_ihuyi.contrib.two_factor.Gateway"``. The host makes the tokens and checks them; this
sends them, within the site's limits.
"""

from __future__ import annotations

from typing import Any

from django.views.decorators.debug import sensitive_variables
from two_factor.middleware.threadlocals import get_current_request

from django_ihuyi.client_ip import client_address
from django_ihuyi.exceptions import CodeThrottled, ThrottleReason
from django_ihuyi.verification.codes import mark_entered, send_external_code

PURPOSE = "two-factor"
"""Under what the tokens are counted, and what ``IHUYI["VERIFICATION"]["PURPOSES"]`` calls them."""


class Gateway:
    """Sends tokens.

    Attributes:
        account: The alias of the account that sends them.
    """

    account = "default"

    @sensitive_variables()
    def send_sms(self, device: Any, token: str) -> None:  # noqa: ANN401  a PhoneDevice of the host's
        """Send a token to a device.

        Args:
            device: Whose ``number`` it goes to.
            token: Its digits.

        Raises:
            CodeThrottled: A limit is met. Not for a token asked for again within a moment: the host takes the one
                that was just sent for three minutes.
            InvalidMessage: The number is no mainland mobile number.
        """
        request = get_current_request()
        ip = client_address(request) or None if request is not None else None
        try:
            send_external_code(device.number.as_e164, PURPOSE, str(token), ip=ip, account=self.account)
        except CodeThrottled as error:
            if error.reason is not ThrottleReason.INTERVAL:
                raise


@sensitive_variables()
def token_entered(device: Any, **kwargs: Any) -> None:  # noqa: ANN401  the arguments of user_verified
    """Note that a token was entered: a receiver for ``two_factor.signals.user_verified``, for the bombing watch."""
    number = getattr(device, "number", None)
    if number is not None:
        mark_entered(number.as_e164, PURPOSE)
