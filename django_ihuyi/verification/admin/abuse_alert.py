"""Admin pages of SMS-bombing alerts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_ihuyi.admin import display
from django_ihuyi.admin.base import ReadOnlyAdmin
from django_ihuyi.admin.field_masking import sees_unmasked
from django_ihuyi.hooks import AdminAlert
from django_ihuyi.masking import mask_address, mask_prefix
from django_ihuyi.verification.conf import get_verification
from django_ihuyi.verification.models import Suspicion
from django_ihuyi.verification.rate_limits import SITE

_MASKS = {"prefix": mask_prefix, "address": mask_address, "network": mask_address}
"""How the kinds of subjects that tell of people are shown to those who see masks."""


def alerts() -> Iterator[AdminAlert]:
    """Read whether bombing of the whole site is suspected."""
    for row in Suspicion.objects.standing().filter(subject=SITE):
        has_captcha = get_verification().captcha is not None
        context = {
            "since": display.time(row.since),
            "sent": row.sent,
            "entered": row.entered,
            "has_captcha": has_captcha,
        }
        yield AdminAlert("admin/ihuyi_verification/alarms.html", context)


@admin.register(Suspicion)
class SuspicionAdmin(ReadOnlyAdmin[Suspicion]):
    """Where codes are sent and not entered."""

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """Return the columns for this reader."""
        return ("id", self._subject_column(request), "state", "began", "last_seen", "sent", "entered")

    def get_fieldsets(self, request: HttpRequest, obj: Suspicion | None = None) -> Any:  # noqa: ANN401  Django's own
        """Return the parts of the page for this reader."""
        fields = (self._subject_column(request), "state", "began", "last_seen", "sent", "entered")
        return ((None, {"fields": fields}),)

    @admin.display(description=_("what"))
    def whole_subject(self, row: Suspicion) -> str:
        """Show what is suspected."""
        kind, _colon, which = row.subject.partition(":")
        words = {
            SITE: gettext("the whole site"),
            "prefix": gettext("numbers that begin with %(which)s") % {"which": which},
            "address": gettext("address %(which)s") % {"which": which},
            "network": gettext("network %(which)s") % {"which": which},
        }
        return words[kind]

    @admin.display(description=_("what"))
    def masked_subject(self, row: Suspicion) -> str:
        """Show what is suspected: of a prefix the first three digits, of an address or a network the first half."""
        kind, _colon, which = row.subject.partition(":")
        shown = _MASKS[kind](which) if kind in _MASKS else which
        return self.whole_subject(Suspicion(subject=f"{kind}:{shown}"))

    @admin.display(description=_("state"))
    def state(self, row: Suspicion) -> SafeString:
        """Show whether the suspicion stands."""
        if row.since:
            return display.badge("bad", "!", gettext("suspected"))
        return display.badge("good", "✓", gettext("over"))

    @admin.display(description=_("since"))
    def began(self, row: Suspicion) -> SafeString | str:
        """Show since when."""
        return display.time(row.since)

    @admin.display(description=_("last seen"))
    def last_seen(self, row: Suspicion) -> SafeString | str:
        """Show when there was a sign of it last."""
        return display.time(row.seen_at)

    def _subject_column(self, request: HttpRequest) -> str:
        return "whole_subject" if sees_unmasked(request) else "masked_subject"
