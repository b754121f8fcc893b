"""The orders page, and its two buttons."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.views import View
from django.views.generic import CreateView

from django_ihuyi.models import Message
from example_project.users.models import Person

from .models import Order

_LATEST = 50


class OrderForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for type checkers only
    """What to order."""

    class Meta:
        model = Order
        fields = ("goods",)


class Orders(LoginRequiredMixin, CreateView):  # type: ignore[type-arg]  # generic for type checkers only
    """The orders that the person may see, and a form for one more."""

    form_class = OrderForm
    template_name = "orders/orders.html"
    success_url = reverse_lazy("orders")

    def form_valid(self, form: forms.ModelForm[Any]) -> HttpResponse:
        """Order for whoever is logged in."""
        form.instance.person = _person(self.request)
        return super().form_valid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401  the signature of Django
        """Add the latest orders, each with its notice."""
        person = _person(self.request)
        orders = list(Order.objects.visible_to(person).select_related("person")[:_LATEST])
        keys = [order.notice_key for order in orders]
        notices = {text.idempotency_key: text for text in Message.objects.filter(idempotency_key__in=keys)}
        rows = [(order, notices.get(order.notice_key)) for order in orders]
        return super().get_context_data(rows=rows, **kwargs)


class Ship(LoginRequiredMixin, View):
    """The button "ship"."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ship an order that the person may see."""
        order = get_object_or_404(Order.objects.visible_to(_person(request)), pk=pk)
        if order.ship():
            messages.success(request, _("Order %(number)s is on its way. A text tells so.") % {"number": order})
        else:
            messages.info(request, _("Order %(number)s was shipped before.") % {"number": order})
        return redirect("orders")


def _person(request: HttpRequest) -> Person:
    """Return who is logged in; LoginRequiredMixin has let nobody else through."""
    person: object = request.user
    assert isinstance(person, Person)  # noqa: S101  for type checkers, which know only Django's own user
    return person
