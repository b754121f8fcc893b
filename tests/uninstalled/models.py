"""Its only model, which cannot be imported: it belongs to no app."""

from __future__ import annotations

from django.db import models


class Key(models.Model):
    """A caller's key."""

    def __str__(self) -> str:
        return str(self.pk)
