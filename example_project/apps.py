"""The project as an app: it carries the templates and static files, and makes the Celery application the site's own."""

from __future__ import annotations

from django.apps import AppConfig


class ExampleConfig(AppConfig):
    """The example site."""

    name = "example_project"
    label = "example"

    def ready(self) -> None:
        """Publish the tasks of this process through the site's Celery application, not through Celery's default."""
        from .celery import app

        app.set_default()
