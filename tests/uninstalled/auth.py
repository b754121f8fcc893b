"""What a site names in its settings."""

from __future__ import annotations

from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission

from django_ihuyi.gateway import Client

from .models import Key

KEY = Key


class KeyAuthentication(BaseAuthentication):
    """Knows callers by a key."""


class HasKey(BasePermission):
    """Lets callers with a key in."""


class MeteredClient(Client):
    """Notes each call in a table."""
