"""The site's user model: a person is known by a mobile number."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from django_ihuyi.fields import MobileField
from django_ihuyi.gateway.products import normalize_mobile
from django_ihuyi.masking import mask_mobile


class PersonManager(BaseUserManager["Person"]):
    """Makes people, with their numbers as eleven digits."""

    def create_user(self, mobile: str, password: str | None = None, **fields: Any) -> Person:  # noqa: ANN401  a row's values
        """Make a person who can log in.

        Args:
            mobile: The number, however it is written.
            password: The password; None for nobody can log in.
            **fields: Further fields.

        Raises:
            InvalidMessage: The number is no mainland mobile number.
            IntegrityError: Somebody has the number already.
        """
        person = self.model(mobile=normalize_mobile(mobile), **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def create_superuser(self, mobile: str, password: str | None = None, **fields: Any) -> Person:  # noqa: ANN401  a row's values
        """Make a person who may do everything; see :meth:`create_user`."""
        return self.create_user(mobile, password, **{"is_staff": True, "is_superuser": True} | fields)


class Person(AbstractBaseUser, PermissionsMixin):
    """Whoever signed up."""

    mobile = MobileField(
        _("mobile"),
        unique=True,
        error_messages={"unique": _("Somebody has this number already.")},
    )
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("staff"), default=False, help_text=_("May use the admin."))
    joined_at = models.DateTimeField(_("joined"), default=timezone.now)

    objects: ClassVar[PersonManager] = PersonManager()

    USERNAME_FIELD = "mobile"

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("users")

    def __str__(self) -> str:
        return mask_mobile(self.mobile)
