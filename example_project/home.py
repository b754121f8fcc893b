"""The home page: what can be tried here, and the texts that went to whoever is logged in."""

from __future__ import annotations

from typing import Any

from django.views.generic import TemplateView

from .users.models import Person
from .users.services import texts_to

_LATEST = 5


class Home(TemplateView):
    """What to try."""

    template_name = "home.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401  the signature of Django
        """Add the latest texts to the person's number."""
        user: object = self.request.user
        texts = texts_to(user.mobile)[:_LATEST] if isinstance(user, Person) else []
        return super().get_context_data(texts=texts, **kwargs)
