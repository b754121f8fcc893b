"""Who looked: a page that shows whole numbers or texts leaves an entry in the admin's log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext

LOOKED = 4
"""The entry's action flag, beside Django's own for added (1), changed (2) and deleted (3)."""
_ONCE_IN = timedelta(hours=1)


def looked_at_row(request: HttpRequest, row: Model) -> None:
    """Note that a row's page was shown whole; once an hour for each reader and row.

    Args:
        request: Whose user looked.
        row: What at.
    """
    kind = ContentType.objects.get_for_model(type(row))
    before = LogEntry.objects.filter(
        user_id=_reader(request),
        content_type=kind,
        object_id=str(row.pk),
        action_flag=LOOKED,
        action_time__gt=timezone.now() - _ONCE_IN,
    )
    if not before.exists():
        _note(request, type(row), str(row.pk), str(row), gettext("Looked at it unmasked."))


def looked_at_list(request: HttpRequest, model: type[Model], keys: Sequence[object]) -> None:
    """Note that a list showed whole numbers; once for each page that is shown.

    Args:
        request: Whose user looked.
        model: Of which rows.
        keys: The primary keys of the rows shown.
    """
    if keys:
        said = gettext("Looked at %(count)d rows unmasked, %(first)s to %(last)s.")
        said %= {"count": len(keys), "first": keys[0], "last": keys[-1]}
        _note(request, model, None, str(model._meta.verbose_name_plural), said)


def _note(request: HttpRequest, model: type[Model], pk: str | None, what: str, said: str) -> None:
    LogEntry.objects.create(
        user_id=_reader(request),
        content_type=ContentType.objects.get_for_model(model),
        object_id=pk,
        object_repr=what[:200],
        action_flag=LOOKED,
        change_message=said,
    )


def _reader(request: HttpRequest) -> int:
    pk = request.user.pk
    assert pk is not None  # noqa: S101  only a user with the permission sees anything whole
    return pk
