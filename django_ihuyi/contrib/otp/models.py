"""Table of SMS devices. It holds no code: the codes are those of ``send_code``."""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables
from django_otp.models import Device, ThrottlingMixin

from django_ihuyi.exceptions import CodeThrottled, InvalidMessage
from django_ihuyi.fields import MobileField
from django_ihuyi.masking import mask_mobile
from django_ihuyi.verification.codes import send_code, verify_code
from django_ihuyi.verification.throttle_text import throttle_text

PURPOSE = "otp"
"""Under what the codes are counted, and what ``IHUYI["VERIFICATION"]["PURPOSES"]`` calls them."""


class SmsDevice(ThrottlingMixin, Device):  # type: ignore[misc]  # the host has no types
    """A second factor: whoever reads the texts to a number.

    Wrong tokens are counted twice: each code has ``MAX_TRIES``, and the host makes the pauses longer and longer.
    """

    mobile = MobileField(_("mobile"))

    class Meta:
        verbose_name = _("SMS device")
        verbose_name_plural = _("SMS devices")

    # The host has no types: pyright takes them from what its own methods return.
    @sensitive_variables()
    def generate_challenge(self) -> str:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Have a code sent.

        Returns:
            What to tell the user: also that a limit is met, since the host shows it as it shows all else.
        """
        try:
            send_code(self.mobile, PURPOSE)
        except CodeThrottled as error:
            return throttle_text(error)
        except InvalidMessage:
            return gettext("No code can be sent to this number.")
        return gettext("A code was sent to %(number)s.") % {"number": mask_mobile(self.mobile)}

    @sensitive_variables()
    def verify_token(self, token: str) -> bool:  # pyright: ignore[reportIncompatibleMethodOverride]  as above
        """Whether it is the code that was sent last: right at most once."""
        if not self.verify_is_allowed()[0]:
            return False
        if verify_code(self.mobile, PURPOSE, str(token)):
            self.throttle_reset()
            return True
        self.throttle_increment()
        return False

    def get_throttle_factor(self) -> float:
        """Return by how much each wrong token lengthens the pause: 1, 2, 4 ... seconds."""
        return 1

    def __str__(self) -> str:
        # Not the host's: it has the user's name, which may be the number.
        return gettext("SMS device %(number)s") % {"number": self.pk}

    def __repr__(self) -> str:
        return f"<SmsDevice {self.pk}>"
