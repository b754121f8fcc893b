"""The table of orders."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from django_ihuyi import send_sms
from example_project.users.models import Person


class OrderManager(models.Manager["Order"]):
    """Orders, by who may see them."""

    def visible_to(self, person: Person) -> models.QuerySet[Order]:
        """Staff see every order, others their own."""
        return self.all() if person.is_staff else self.filter(person=person)


class Order(models.Model):
    """What somebody wants to have."""

    class Goods(models.TextChoices):
        """What the shop sells."""

        TEA = "tea", _("Green tea, 250 g")
        TEAPOT = "teapot", _("Clay teapot")
        CUPS = "cups", _("Four porcelain cups")

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="orders", verbose_name=_("person")
    )
    goods = models.CharField(_("goods"), max_length=16, choices=Goods.choices, default=Goods.TEA)
    ordered_at = models.DateTimeField(_("ordered"), default=timezone.now)
    shipped_at = models.DateTimeField(_("shipped"), null=True, blank=True, editable=False)

    objects: ClassVar[OrderManager] = OrderManager()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def notice_key(self) -> str:
        """The idempotency key of the notice that it is on its way."""
        return f"order-shipped:{self.pk}"

    def ship(self) -> bool:
        """Mark it as shipped and send the notice: both or neither, and once however often it is asked for.

        Returns:
            Whether this call shipped it.
        """
        with transaction.atomic():
            now = timezone.now()
            if not Order.objects.filter(pk=self.pk, shipped_at__isnull=True).update(shipped_at=now):
                return False
            self.shipped_at = now
            send_sms(
                self.person.mobile,
                # With the real gateway, this text has to be among the account's approved templates.
                f"您的订单{self.pk}已发货，请注意查收。",
                category="notification",
                idempotency_key=self.notice_key,
                metadata={"order": self.pk},
            )
        return True
