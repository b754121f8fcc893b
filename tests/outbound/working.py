"""One worker, by hand: what the tests of submission share."""

from __future__ import annotations

from django_ihuyi.models import Message
from django_ihuyi.tasks import submit_message


def submitted(message: Message) -> Message:
    """Run the message's task; the message as it stands afterwards."""
    submit_message(message.pk)
    return Message.objects.get(pk=message.pk)
