"""The outbox: messages that would have been sent, like ``django.core.mail.outbox``."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

from django.test import TestCase
from django.utils import timezone

from django_ihuyi.gateway.result_codes import ACCEPTED, lookup


@dataclass(frozen=True, slots=True)
class Sent:
    """One message as the gateway would have taken it.

    Attributes:
        apiid: The ``ACCOUNT`` that it went out from, not the account's name in ``ACCOUNTS``.
        mobile: The number as the record has it.
        content: The whole text without the signature, or a template's variables, joined by ``|``.
        template: The template's id, or None.
        smsid: The id that its receipts and replies carry.
    """

    apiid: str
    mobile: str
    content: str
    template: str | None
    smsid: str


class Outbox(Sequence[Sent]):
    """What went out, the oldest first. To read it is to have the workers work: what is queued and due is sent first.

    So it holds inside a test's transaction as well, where nothing is ever committed and no task is published.
    """

    def __init__(self) -> None:
        self._sent: list[Sent] = []
        self._codes: deque[int] = deque()

    @overload
    def __getitem__(self, index: int) -> Sent: ...

    @overload
    def __getitem__(self, index: slice) -> list[Sent]: ...

    def __getitem__(self, index: int | slice) -> Sent | list[Sent]:
        """Return one or several of those that went out."""
        submit_queued()
        return self._sent[index]

    def __len__(self) -> int:
        """Return how many went out."""
        submit_queued()
        return len(self._sent)

    def __repr__(self) -> str:
        """Show what is there, and send nothing: a debugger or a failed assertion must not change it."""
        return f"<Outbox {self._sent!r}>"

    def to(self, mobile: str) -> list[Sent]:
        """Return what went to one number of eleven digits."""
        return [sent for sent in self if sent.mobile == mobile]

    def refuse(self, *codes: int) -> None:
        """Have the gateway refuse the next messages, each with its code (PROTOCOL 3)."""
        self._codes.extend(codes)

    def clear(self) -> None:
        """Forget what went out and what is to be refused."""
        self._sent.clear()
        self._codes.clear()

    def take(self, apiid: str, mobile: str, content: str, template: str | None) -> tuple[int, str, str | None]:
        """Take a message as the gateway does.

        Returns:
            Code, words and smsid.
        """
        if self._codes:
            code = self._codes.popleft()
            return code, lookup(code).text, None
        # Unlike any of another run: a database that is kept between runs may have those.
        smsid = str(10**17 + secrets.randbelow(9 * 10**17))
        self._sent.append(Sent(apiid, mobile, content, template, smsid))
        return ACCEPTED, lookup(ACCEPTED).text, smsid


outbox = Outbox()
"""Where :class:`~django_ihuyi.testing.OutboxClient` puts what it is given, in this process."""


def submit_queued() -> None:
    """Do what the workers do: submit every message that is queued and due, and tell the site's receivers."""
    from django_ihuyi.models import Message
    from django_ihuyi.worker import submission

    due = Message.objects.filter(status=Message.Status.QUEUED, due_at__lte=timezone.now())
    for pk in list(due.order_by("pk").values_list("pk", flat=True)):
        # A test's transaction never commits: what waits for that is run here.
        with TestCase.captureOnCommitCallbacks(using=Message.objects.db, execute=True):
            submission.submit(pk)
