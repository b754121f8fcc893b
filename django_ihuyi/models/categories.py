"""What messages are for; decides their queue, and what is done first."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Category(models.TextChoices):
    """What a message is for."""

    VERIFICATION = "verification", _("verification")
    NOTIFICATION = "notification", _("notification")
    MARKETING = "marketing", _("marketing")


ORDER_OF_WORK = (Category.VERIFICATION, Category.NOTIFICATION, Category.MARKETING)
"""What waits is worked on in this order: nobody is to wait for a code because of a campaign."""
