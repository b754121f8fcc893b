"""A table of the test site for numbers, beside Django's own user model."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from django_ihuyi.fields import MobileField


class Profile(models.Model):
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE)
    mobile = MobileField(unique=True, null=True, blank=True)
    mobile_verified = models.BooleanField(default=False)
