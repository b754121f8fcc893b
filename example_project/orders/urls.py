"""The addresses of the orders app."""

from __future__ import annotations

from django.urls import path

from .views import Orders, Ship

urlpatterns = [
    path("", Orders.as_view(), name="orders"),
    path("<int:pk>/ship/", Ship.as_view(), name="ship"),
]
