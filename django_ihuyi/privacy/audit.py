"""Audit log of views of full numbers and texts, and of searches by number.

Where that log cannot have it (a site without the admin, a caller who is no user of the site's), it is a log record.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext

from django_ihuyi.masking import mask_mobile

logger = logging.getLogger(__name__)

VIEWED = 4
"""The entry's action flag, beside Django's own for added (1), changed (2) and deleted (3)."""
_ONCE_IN = timedelta(hours=1)


def log_page_view(user: object, row: Model) -> None:
    """Note that a row's page of the admin was shown whole; once an hour for each reader and row.

    Args:
        user: Who looked.
        row: What at.
    """
    from django.contrib.admin.models import LogEntry  # a site may have no admin
    from django.contrib.contenttypes.models import ContentType

    before = LogEntry.objects.filter(
        user_id=_pk(user),
        content_type=ContentType.objects.get_for_model(type(row)),
        object_id=str(row.pk),
        action_flag=VIEWED,
        action_time__gt=timezone.now() - _ONCE_IN,
    )
    if not before.exists():
        log_row_view(user, row)


def log_row_view(user: object, row: Model) -> None:
    """Note that a row was shown whole.

    Args:
        user: Who looked.
        row: What at.
    """
    if _has_log_for(user):
        _note(user, type(row), str(row.pk), str(row), gettext("Looked at it unmasked."))
    else:
        _record_view(user, type(row), [row.pk])


def log_list_view(user: object, model: type[Model], keys: Sequence[object]) -> None:
    """Note that a list showed whole numbers; once for each page that is shown, and not where it showed nobody.

    Args:
        user: Who looked.
        model: Of which rows.
        keys: The primary keys of the rows shown.
    """
    if not keys:
        return
    if _has_log_for(user):
        said = gettext("Looked at %(count)d rows unmasked, %(first)s to %(last)s.")
        said %= {"count": len(keys), "first": keys[0], "last": keys[-1]}
        _note(user, model, None, str(model._meta.verbose_name_plural), said)
    else:
        _record_view(user, model, keys)


def log_search(user: object, model: type[Model], mobile: str) -> None:
    """Note that somebody who sees masked numbers searched for a whole one: what is found confirms it.

    Args:
        user: Who searched.
        model: In which rows.
        mobile: The number; its masked form is noted.
    """
    masked = mask_mobile(mobile)
    if _has_log_for(user):
        said = gettext("Searched for the number %(number)s.") % {"number": masked}
        _note(user, model, None, str(model._meta.verbose_name_plural), said)
    else:
        logger.info(
            "User %s searched for the number %s in %s.",
            _pk(user),
            masked,
            model._meta.label,
            extra={"event": "privacy.searched", "user_pk": _pk(user), "model": model._meta.label},
        )


def _has_log_for(user: object) -> bool:
    # Its entries name users of the site's own table.
    return apps.is_installed("django.contrib.admin") and isinstance(user, get_user_model()) and user.pk is not None


def _note(user: object, model: type[Model], pk: str | None, what: str, said: str) -> None:
    from django.contrib.admin.models import LogEntry  # a site may have no admin
    from django.contrib.contenttypes.models import ContentType

    LogEntry.objects.create(
        user_id=_pk(user),
        content_type=ContentType.objects.get_for_model(model),
        object_id=pk,
        object_repr=what[:200],
        action_flag=VIEWED,
        change_message=said,
    )


def _record_view(user: object, model: type[Model], keys: Sequence[object]) -> None:
    logger.info(
        "User %s looked at %s rows of %s unmasked, %s to %s.",
        _pk(user),
        len(keys),
        model._meta.label,
        keys[0],
        keys[-1],
        extra={
            "event": "privacy.looked",
            "user_pk": _pk(user),
            "model": model._meta.label,
            "count": len(keys),
            "first": keys[0],
            "last": keys[-1],
        },
    )


def _pk(user: object) -> Any:  # noqa: ANN401  a key of any kind
    return getattr(user, "pk", None)
