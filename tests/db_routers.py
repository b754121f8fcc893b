"""A site with a read replica, for the whole suite: the router of Django's own documents, for our tables.

No test may ask the replica, as pytest-django refuses every database that a test does not name: so each test of the
suite fails that reads a row anywhere but where rows are written, or opens a transaction there.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Model

_OURS = frozenset({"django_ihuyi", "ihuyi_api", "ihuyi_dashboard", "ihuyi_verification", "ihuyi_webhooks"})
"""The labels of the apps whose tables transactions span."""


def _is_ours(model: type[Model]) -> bool:
    return model._meta.app_label in _OURS


class PrimaryReplicaRouter:
    """Reads the app's tables from the one database and writes them to the other."""

    reads: ClassVar[str] = "replica"
    writes: ClassVar[str] = "default"

    def db_for_read(self, model: type[Model], **hints: Any) -> str | None:
        """Send what is ours to the replica."""
        return self.reads if _is_ours(model) else None

    def db_for_write(self, model: type[Model], **hints: Any) -> str | None:
        """Send what is ours, and users, to the writer."""
        return self.writes if _is_ours(model) or model._meta.app_label == "auth" else None

    def allow_relation(self, one: Model, other: Model, **hints: Any) -> bool:
        """Both databases hold the same rows."""
        return True


class LogsFromReplica(PrimaryReplicaRouter):
    """Reads from the replica also what other apps keep of persons and of what staff did."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str | None:
        """Send the admin's log and the devices there too."""
        return self.reads if model._meta.model_name in {"logentry", "smsdevice"} else super().db_for_read(model)

    def db_for_write(self, model: type[Model], **hints: Any) -> str | None:
        """Send everything to the writer."""
        return self.writes


class OtherWayRound(PrimaryReplicaRouter):
    """As where the database that is written to is not called ``default``."""

    reads = "default"
    writes = "replica"
