"""The app of the measurements: what a run that measures nothing must not fail by."""

from __future__ import annotations

from django.apps import AppConfig

from .sizes import FEW


class BenchmarksConfig(AppConfig):
    """Waits longer for the broker where the run only shows that the measurements work, such as on a busy machine.

    No sweep runs beside them: a message whose task the broker did not take in time would wait for ever.
    """

    name = "benchmarks"

    def ready(self) -> None:
        """Be patient with the broker."""
        from django_ihuyi.dispatch import Dispatcher, set_dispatcher

        if FEW:
            set_dispatcher(Dispatcher(broker_timeout=60))
