"""Dispatcher that runs tasks in the calling thread."""

from __future__ import annotations

from django.utils import timezone

from django_ihuyi import tasks
from django_ihuyi.dispatch import Dispatcher
from django_ihuyi.models import Message


class InlineDispatcher(Dispatcher):
    """Runs the tasks of messages that are due where they would be published, and publishes nothing.

    What is for later stays in the table, as do webhook deliveries: a test looks at the rows, and nothing is posted.
    """

    def enqueue(self, message: Message) -> bool:
        """Submit a message if it is due."""
        if message.due_at <= timezone.now():
            tasks.submit_message(message.pk)
        return True

    def enqueue_batch(self, pks: list[int], category: str, *, countdown: float = 0) -> bool:
        """Submit messages if they are due."""
        if countdown <= 0:
            tasks.submit_batch(pks)
        return True

    def send(self, name: str, *args: object, **options: object) -> bool:
        """Do nothing: no other task is published or run."""
        return False
