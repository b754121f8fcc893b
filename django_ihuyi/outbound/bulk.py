"""``send_bulk``: any number of messages in flat memory, recorded and published a chunk at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from django_ihuyi import conf
from django_ihuyi.exceptions import InvalidMessage
from django_ihuyi.models import Batch, Message, OptOut
from django_ihuyi.models.insertion import insert

from . import publishing
from .drafts import Drafts, Params
from .sending import OPTED_OUT, record

SAID_ALREADY = 4083
"""What the gateway answers to the same text twice within a minute to one number."""

_LONGEST_KEY = 100
_OF_A_ROW = frozenset(
    {"mobile", "content", "template", "params", "idempotency_key", "send_at", "expires_at", "metadata"}
)
_SLOWEST = 100.0
"""Messages a second that workers make at the least, unless the account's rate is lower."""
_AT_ONCE = 1000
"""Rows of one INSERT, however large a chunk is: databases have limits."""
_LONGEST_WAIT = timedelta(hours=1)

Row = str | Sequence[Any] | Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that was not recorded.

    Attributes:
        index: Its place among those that were handed over, from 0.
        code: The code that the gateway would have answered.
        reason: What is wrong with it, in words; neither number nor text.
    """

    index: int
    code: int
    reason: str


@dataclass
class BulkResult:
    """What became of the messages that were handed over.

    Attributes:
        batch: The row that the messages belong to; ``batch.count_by_status()`` tells how far they are.
        recorded: How many of them are in the table now, those included that an earlier call with the same key recorded.
        refused: The others.
    """

    batch: Batch
    recorded: int = 0
    refused: list[Refused] = field(default_factory=list)


@sensitive_variables()
def send_bulk(  # noqa: PLR0913  the keywords of send_sms, and batch_size
    messages: Iterable[Row],
    *,
    batch_size: int = 1000,
    content: str | None = None,
    template: str | int | None = None,
    params: Params | None = None,
    category: str = "notification",
    account: str = "default",
    idempotency_key: str | None = None,
    send_at: datetime | None = None,
    expires_at: datetime | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> BulkResult:
    """Record many messages and have workers submit them.

    The messages are read, recorded and published ``batch_size`` at a time, so that a generator of any length needs no
    more memory than one chunk. Each chunk is a transaction of its own, unless the caller has one around it all. Who
    opted out gets no marketing text; nobody gets the same text twice.

    Args:
        messages: For each message ``(mobile, content)``, or ``(mobile, params)`` where ``template`` is given; a dict
            of ``mobile`` and any of ``content``, ``template``, ``params``, ``idempotency_key``, ``send_at``,
            ``expires_at`` and ``metadata``; or a number alone, where ``content`` or ``template`` says the rest.
        batch_size: Messages a chunk: one INSERT and one task each.
        content: The text of those that have none of their own.
        template: The template of those that name none, by name or the gateway's id.
        params: The variables of those that have none.
        category: ``"verification"``, ``"notification"`` or ``"marketing"``.
        account: The account's alias.
        idempotency_key: Up to 100 characters. The same key again goes on where a call that was interrupted left off:
            what it recorded is not recorded again. Hand over the same messages in the same order.
        send_at: Not before this time.
        expires_at: Not at or after this time.
        metadata: Of those that have none of their own.

    Returns:
        The batch, how many messages it has, and which were refused and why.

    Raises:
        ValueError: As of ``send_sms``, or ``batch_size`` is not above 0, or the key is that of a bulk of another
            category or account.
        TypeError: A message is of no such form. Chunks before it are recorded.
        ImproperlyConfigured: There is no such account.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}: write how many messages a chunk has, 1 or more.")
    if idempotency_key is not None and not 1 <= len(idempotency_key) <= _LONGEST_KEY:
        raise ValueError(f"The key of a bulk has 1 to {_LONGEST_KEY} characters, this one {len(idempotency_key)}.")
    common = {
        "content": content,
        "template": template,
        "params": params,
        "idempotency_key": None,
        "send_at": send_at,
        "expires_at": expires_at,
        "metadata": metadata,
    }
    bulk = _Bulk(Drafts(account, category), idempotency_key, common)
    rows = enumerate(messages)
    while chunk := list(islice(rows, batch_size)):
        bulk.take(chunk)
    return bulk.finish()


class _Bulk:
    """One call: its batch, and what has been recorded so far."""

    def __init__(self, drafts: Drafts, key: str | None, common: dict[str, Any]) -> None:
        self.drafts = drafts
        self.common = common
        self.key = key
        account, category = drafts.account, drafts.category
        if key is None:
            batch = Batch.objects.create(account=account, category=category)
        else:
            defaults = {"account": account, "category": category}
            batch, _made = Batch.objects.get_or_create(idempotency_key=key, defaults=defaults)
            if (batch.account, batch.category) != (account, category):
                raise ValueError(
                    f"This key is that of a bulk of category {batch.category!r} on account {batch.account!r}: "
                    "write another key for another bulk."
                )
        self.result = BulkResult(batch)
        first = batch.messages.order_by("pk").first()
        self.first_pk = None if first is None else first.pk
        rate = min(conf.get_account(account).rate_limit or _SLOWEST, _SLOWEST)
        self.seconds_each = 1 / rate

    def take(self, rows: list[tuple[int, Row]]) -> None:
        """Record a chunk and publish it after commit."""
        refused_before = len(self.result.refused)
        drafts = dict(self._drafts(rows))
        known = self._known_keys(drafts.values())
        # In the order of the rows: of two equal ones the first stands.
        new = {index: draft for index, draft in drafts.items() if draft.idempotency_key not in known}
        messages = list(self._without_unwanted(new))
        self._delay_upkeep(messages)
        using = Message.objects.db
        with transaction.atomic(using=using):
            recorded = self._record(messages)
            # Those whose key is another's, from an earlier call or meanwhile, stand in the table as well.
            self.result.recorded += len(messages) + len(drafts) - len(new)
            Batch.objects.filter(pk=self.result.batch.pk).update(
                recorded=F("recorded") + len(recorded), refused=F("refused") + len(self.result.refused) - refused_before
            )
            due = [message.pk for message in recorded if message.due_at <= message.created_at]
            if due:
                # A function and no partial: Django logs its errors by a name that partials have not.
                category = self.drafts.category
                transaction.on_commit(lambda: publishing.publish_chunk(due, category), using=using, robust=True)
        if self.first_pk is None and recorded:
            self.first_pk = recorded[0].pk

    def finish(self) -> BulkResult:
        """Note that all are recorded. What was counted in calls that were interrupted is counted once."""
        batch = self.result.batch
        Batch.objects.filter(pk=batch.pk).update(
            finished_at=timezone.now(), recorded=self.result.recorded, refused=len(self.result.refused)
        )
        batch.refresh_from_db()
        return self.result

    def _drafts(self, rows: Sequence[tuple[int, Row]]) -> Iterator[tuple[int, Message]]:
        now = timezone.now()
        for index, row in rows:
            try:
                message = self.drafts.make(**self._arguments(index, row), now=now)
            except InvalidMessage as error:
                self._refuse(index, error.code, error.reason)
            else:
                message.batch = self.result.batch
                yield index, message

    def _arguments(self, index: int, row: Row) -> dict[str, Any]:
        own: dict[str, Any]
        if isinstance(row, str):
            own = {"mobile": row}
        elif isinstance(row, Mapping):
            own = dict(row)
        elif isinstance(row, tuple | list) and len(row) == 2:
            own = {"mobile": row[0], "content" if self.common["template"] is None else "params": row[1]}
        else:
            raise TypeError(f"Message {index} is a {type(row).__name__}: write (mobile, content) or a dict.")
        unknown = own.keys() - _OF_A_ROW
        if unknown or "mobile" not in own:
            wrong = f"has {', '.join(sorted(map(repr, unknown)))}" if unknown else "lacks 'mobile'"
            raise TypeError(f"Message {index} {wrong}: a message's dict has {', '.join(sorted(_OF_A_ROW))}.")
        common = dict(self.common)
        if own.get("content") is not None:
            common["template"] = common["params"] = None
        elif own.get("template") is not None:
            common["content"] = None
        if self.key is not None and own.get("idempotency_key") is None:
            own["idempotency_key"] = f"{self.key}:{index}"
        return {**common, **own}

    def _known_keys(self, drafts: Iterable[Message]) -> set[str | None]:
        keys = [draft.idempotency_key for draft in drafts if draft.idempotency_key is not None]
        if not keys:
            return set()
        return set(Message.objects.filter(idempotency_key__in=keys).values_list("idempotency_key", flat=True))

    def _without_unwanted(self, drafts: dict[int, Message]) -> Iterator[Message]:
        """Leave out, and report, who opted out and what was said already."""
        mobiles = [draft.mobile for draft in drafts.values()]
        opted_out = OptOut.objects.among(mobiles) if self.drafts.category == Message.Category.MARKETING else set()
        said = self._said(mobiles)
        for index, draft in drafts.items():
            words = (draft.mobile, draft.content, draft.template)
            if draft.mobile in opted_out:
                self._refuse(index, OPTED_OUT, "The number opted out of marketing texts.")
            elif words in said:
                self._refuse(index, SAID_ALREADY, "The same text to the same number stands earlier in the bulk.")
            else:
                said.add(words)
                yield draft

    def _said(self, mobiles: list[str]) -> set[tuple[str, str, str]]:
        """What the bulk says already to these numbers, in chunks before this one."""
        if self.first_pk is None:
            return set()
        earlier = Message.objects.filter(mobile__in=mobiles, pk__gte=self.first_pk, batch=self.result.batch)
        return set(earlier.order_by().values_list("mobile", "content", "template"))

    def _delay_upkeep(self, messages: list[Message]) -> None:
        """A task at the end of a long queue is not lost: give the workers the time to get there."""
        wait = min(timedelta(seconds=self.result.recorded * self.seconds_each), _LONGEST_WAIT)
        publish_at = publishing.publish_again_at(timezone.now()) + wait
        for message in messages:
            if message.due_at <= message.created_at:
                message.publish_at = publish_at

    def _record(self, messages: list[Message]) -> list[Message]:
        try:
            with transaction.atomic(using=Message.objects.db):
                for first in range(0, len(messages), _AT_ONCE):
                    insert(messages[first : first + _AT_ONCE])
        except IntegrityError:
            # Somebody recorded one of the keys meanwhile: that message stands, and the others are recorded.
            for message in messages:
                message.pk, message._state.adding = None, True
            return [message for message in messages if record(message) is message]
        return messages

    def _refuse(self, index: int, code: int, reason: str) -> None:
        self.result.refused.append(Refused(index, code, reason))
