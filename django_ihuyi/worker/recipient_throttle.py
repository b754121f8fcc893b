"""At most one message a second to one number, as the gateway requires (4080)."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from django_ihuyi.models import Message
from django_ihuyi.models.message_status import MessageStatus

TOO_OFTEN = 4080
"""The gateway's word for it."""
MIN_INTERVAL = timedelta(seconds=1.1)
"""Between two claims for one number."""
_RECENT = 100_000
"""How many rows before its own a chunk looks at for others to its numbers: what is older was sent long ago. One that
was not, because it was for later, costs a 4080 at the worst, and is tried again."""


class RecipientThrottle:
    """Picks a chunk's next messages so that none follows another to its number too soon.

    Nearly every number stands in the table once at a time; only the others cost a query when they are picked.
    """

    def __init__(self) -> None:
        self._contested: set[str] = set()

    def add(self, messages: Sequence[Message]) -> None:
        """Learn of messages that are to be picked from, and of others to their numbers.

        Args:
            messages: Queued messages of the chunk.
        """
        if not messages:
            return
        times = Counter(message.mobile for message in messages)
        self._contested.update(mobile for mobile, number in times.items() if number > 1)
        others = Message.objects.filter(
            Q(status__in=[MessageStatus.QUEUED, MessageStatus.SUBMITTING]) | _just_now(),
            mobile__in=list(times),
            pk__gte=min(message.pk for message in messages) - _RECENT,
        ).exclude(pk__in=[message.pk for message in messages])
        self._contested.update(others.order_by().values_list("mobile", flat=True))

    def pick(self, waiting: deque[Message], size: int) -> list[Message]:
        """Take up to so many messages out of those that wait, in their order.

        Args:
            waiting: Messages of the chunk; those whose number was just used stay in it.
            size: How many at the most.

        Returns:
            Messages to different numbers; none if each has to wait.
        """
        used = self._just_used(waiting)
        picked: list[Message] = []
        held: list[Message] = []
        while waiting and len(picked) < size:
            message = waiting.popleft()
            if message.mobile in used:
                held.append(message)
                continue
            picked.append(message)
            if message.mobile in self._contested:
                used.add(message.mobile)
        waiting.extendleft(reversed(held))
        return picked

    def _just_used(self, waiting: deque[Message]) -> set[str]:
        return recently_sent({message.mobile for message in waiting if message.mobile in self._contested})


def recently_sent(mobiles: set[str]) -> set[str]:
    """Return those of the numbers for which a message was claimed just now."""
    if not mobiles:
        return set()
    used = Message.objects.filter(_just_now(), mobile__in=mobiles)
    return set(used.order_by().values_list("mobile", flat=True))


def _just_now() -> Q:
    """The condition for messages claimed just now. Times in the future come from a clock that is ahead: ignored."""
    now = timezone.now()
    return Q(submitted_at__gt=now - MIN_INTERVAL, submitted_at__lt=now + MIN_INTERVAL)
