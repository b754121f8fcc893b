"""``send_bulk``: records any number of messages in chunks, with constant memory."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any

from django.db import DataError, Error, IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from django_ihuyi import conf
from django_ihuyi.arguments import read_optional_text, wrong_type
from django_ihuyi.db.statements import insert_messages
from django_ihuyi.dispatch import get_dispatcher
from django_ihuyi.exceptions import ArgumentTypeError, InvalidMessage
from django_ihuyi.gateway.mobile_numbers import MobileNumber
from django_ihuyi.models import Batch, Message, OptOut
from django_ihuyi.transactions import retry_on_conflict

from .message_builder import (
    MessageBuilder,
    Params,
    UnusableValueError,
    check_key,
    check_times,
    check_types,
    read_template,
)
from .results import MAX_REFUSED, BulkResult, Refused
from .single import OPTED_OUT, key_error, record_message

logger = logging.getLogger(__name__)

DUPLICATE = 4083
"""What the gateway answers to the same text twice within a minute to one number."""

UNUSABLE = 407
"""What the gateway answers to characters that it does not take. A row gets it whose metadata, key or time cannot be
recorded: the gateway never sees these, and has no code of its own for them."""

_MAX_KEY_LENGTH = 100
_ROW_KEYWORDS = frozenset(
    {"mobile", "content", "template", "params", "idempotency_key", "send_at", "expires_at", "metadata"}
)
_MIN_RATE = 100.0
"""Messages a second that workers make at the least, unless the account's rate is lower."""
_MAX_DUE_NOW = 1000
"""Rows of one INSERT, however large a chunk is: databases have limits."""
_MAX_DELAY = timedelta(hours=1)
_MAX_ERROR_LENGTH = 255

Row = MobileNumber | Sequence[Any] | Mapping[str, Any]


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
    on_refused: Callable[[Refused], object] | None = None,
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
        on_refused: Called with each message that is refused, as soon as it is: the result keeps the first 1,000 only.

    Returns:
        The batch, how many messages it has, how many were refused, and which and why.

    Raises:
        ValueError: As of ``send_sms``, or ``batch_size`` is not above 0, or the key is that of a bulk of another
            category or account.
        TypeError: A message is of no such form, or an argument is of a wrong type, which the error names. Chunks before
            it are recorded. A number, text or ``params`` of a wrong type is refused with its message, 406 or 404.
        ImproperlyConfigured: There is no such account.
    """
    if isinstance(messages, str | bytes | Mapping) or not isinstance(messages, Iterable):
        raise wrong_type("messages", messages, "an iterable of messages")
    if isinstance(batch_size, bool) or not isinstance(batch_size, int):
        raise wrong_type("batch_size", batch_size, "a whole number")
    check_types(template=template, params=params, send_at=send_at, expires_at=expires_at, metadata=metadata)
    content = read_optional_text("content", content)
    idempotency_key = read_optional_text("idempotency_key", idempotency_key)
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}: write how many messages a chunk has, 1 or more.")
    if idempotency_key is not None:
        check_key(idempotency_key, "The key of a bulk", _MAX_KEY_LENGTH)
    drafts = MessageBuilder(account, category)
    check_times(timezone.now(), send_at, expires_at)
    if template is not None:
        template = read_template(template)
    common = {
        "content": content,
        "template": template,
        "params": params,
        "idempotency_key": None,
        "send_at": send_at,
        "expires_at": expires_at,
        "metadata": drafts.share(metadata),
    }
    bulk = _Bulk(drafts, idempotency_key, common, on_refused)
    with bulk.log_failure():
        rows = enumerate(messages)
        while chunk := list(islice(rows, batch_size)):
            bulk.take(chunk)
        return bulk.finish()


class _Bulk:
    """One call: its batch, and what has been recorded so far."""

    def __init__(
        self,
        drafts: MessageBuilder,
        key: str | None,
        common: dict[str, Any],
        on_refused: Callable[[Refused], object] | None,
    ) -> None:
        self.drafts = drafts
        self.on_refused = on_refused
        self.common = common
        self.key = key
        account, category = drafts.account, drafts.category
        if key is None:
            batch = Batch.objects.create(account=account, category=category)
        else:
            defaults = {"account": account, "category": category}
            batch, _made = Batch.objects.get_or_create(idempotency_key=key, defaults=defaults)
            if batch.idempotency_key != key:
                raise key_error()
            if (batch.account, batch.category) != (account, category):
                raise ValueError(
                    f"This key is that of a bulk of category {batch.category!r} on account {batch.account!r}: "
                    "write another key for another bulk."
                )
            if batch.error:
                # It failed, and goes on now.
                batch.finished_at, batch.error = None, ""
                batch.save(update_fields=["finished_at", "error"])
        self.result = BulkResult(batch)
        first = batch.messages.order_by("pk").first()
        self.first_pk = None if first is None else first.pk
        rate = min(conf.get_account(account).rate_limit or _MIN_RATE, _MIN_RATE)
        self.seconds_each = 1 / rate

    @contextmanager
    def log_failure(self) -> Iterator[None]:
        """Note in the batch that an exception ended the call, and which: otherwise it would look busy for ever."""
        try:
            yield
        except BaseException as error:
            batch, name = self.result.batch, type(error).__name__
            if isinstance(error, Exception):
                logger.error(  # noqa: TRY400  the caller gets the traceback, which may show numbers
                    "Bulk sending %s was not recorded to its end: %s.",
                    batch.pk,
                    name,
                    extra={"event": "bulk.failed", "batch_pk": batch.pk, "error": name},
                )
            # The database itself may be what failed, or the caller's transaction, which takes the batch with it.
            with suppress(Error), transaction.atomic(using=Batch.objects.db):
                Batch.objects.filter(pk=batch.pk).update(finished_at=timezone.now(), error=name[:_MAX_ERROR_LENGTH])
            raise

    def take(self, rows: list[tuple[int, Row]]) -> None:
        """Record a chunk and publish it after commit."""
        refused_before = self.result.refused_count
        drafts = dict(self._drafts(rows))
        known = self._known_keys(drafts.values())
        # In the order of the rows: of two equal ones the first stands.
        new = {index: draft for index, draft in drafts.items() if draft.idempotency_key not in known}
        messages = list(self._without_opted_out(new))
        self._delay_sweep(messages)
        refused = self.result.refused_count - refused_before
        store = partial(self._store, messages, drafts, refused)
        recorded, refused_by_database = retry_on_conflict(store, using=Message.objects.db, restoring=messages)
        for one in refused_by_database:
            self._report(one)
        # Those whose key is another's, from an earlier call or meanwhile, stand in the table as well.
        self.result.recorded += len(messages) - len(refused_by_database) + len(drafts) - len(new)
        if self.first_pk is None and recorded:
            self.first_pk = recorded[0].pk

    def _store(
        self, messages: list[Message], drafts: Mapping[int, Message], refused: int
    ) -> tuple[list[Message], list[Refused]]:
        """Record messages and publish them after commit.

        Args:
            messages: What is to be recorded.
            drafts: The whole chunk.
            refused: How many of the chunk are refused already.

        Returns:
            The messages that this call recorded, and what the database refused.
        """
        using = Message.objects.db
        with transaction.atomic(using=using):
            recorded, refused_by_database = self._record(messages, drafts)
            Batch.objects.filter(pk=self.result.batch.pk).update(
                recorded=F("recorded") + len(recorded), refused=F("refused") + refused + len(refused_by_database)
            )
            due = [message.pk for message in recorded if message.due_at <= message.created_at]
            if due:
                # A function and no partial: Django logs its errors by a name that partials have not.
                category = self.drafts.category
                transaction.on_commit(lambda: get_dispatcher().enqueue_batch(due, category), using=using, robust=True)
        return recorded, refused_by_database

    def finish(self) -> BulkResult:
        """Note that all are recorded. What was counted in calls that were interrupted is counted once."""
        batch = self.result.batch
        Batch.objects.filter(pk=batch.pk).update(
            finished_at=timezone.now(), recorded=self.result.recorded, refused=self.result.refused_count
        )
        batch.refresh_from_db()
        return self.result

    def _drafts(self, rows: Sequence[tuple[int, Row]]) -> Iterator[tuple[int, Message]]:
        now = timezone.now()
        for index, row in rows:
            try:
                message = self.drafts.build(**self._arguments(index, row), now=now)
            except InvalidMessage as error:
                self._refuse(index, error.code, error.reason)
            except ArgumentTypeError as error:
                if error.code is None:
                    raise TypeError(f"Message {index}: {error}") from error
                self._refuse(index, error.code, error.reason)
            except UnusableValueError as error:
                self._refuse(index, UNUSABLE, str(error))
            except (ValueError, OverflowError) as error:
                # Of code that is not ours, such as of a value that cannot be written as a text: it may quote the value.
                self._refuse(index, UNUSABLE, f"One of its values cannot be used: {type(error).__name__}.")
            else:
                message.batch = self.result.batch
                yield index, message

    def _arguments(self, index: int, row: Row) -> dict[str, Any]:
        own: dict[str, Any]
        if isinstance(row, Mapping):
            own = dict(row)
        elif not isinstance(row, tuple | list):
            # Whatever it is, it stands where a number stands: one that is missing holds up nobody else.
            own = {"mobile": row}
        elif len(row) == 2:
            own = {"mobile": row[0], "content" if self.common["template"] is None else "params": row[1]}
        else:
            raise TypeError(f"Message {index} has {len(row)} parts: write (mobile, content) or a dict.")
        unknown = own.keys() - _ROW_KEYWORDS
        if unknown or "mobile" not in own:
            wrong = f"has {', '.join(sorted(map(repr, unknown)))}" if unknown else "lacks 'mobile'"
            raise TypeError(f"Message {index} {wrong}: a message's dict has {', '.join(sorted(_ROW_KEYWORDS))}.")
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

    def _without_opted_out(self, drafts: dict[int, Message]) -> Iterator[Message]:
        """Leave out, and report, who opted out and what was said already."""
        mobiles = [draft.mobile for draft in drafts.values()]
        opted_out = OptOut.objects.opted_out(mobiles) if self.drafts.category == Message.Category.MARKETING else set()
        said = self._known_results(mobiles)
        for index, draft in drafts.items():
            words = (draft.mobile, draft.content, draft.template)
            if draft.mobile in opted_out:
                self._refuse(index, OPTED_OUT, "The number opted out of marketing texts.")
            elif words in said:
                self._refuse(index, DUPLICATE, "The same text to the same number stands earlier in the bulk.")
            else:
                said.add(words)
                yield draft

    def _known_results(self, mobiles: list[str]) -> set[tuple[str, str, str]]:
        """What the bulk says already to these numbers, in chunks before this one."""
        if self.first_pk is None:
            return set()
        earlier = Message.objects.filter(mobile__in=mobiles, pk__gte=self.first_pk, batch=self.result.batch)
        return set(earlier.order_by().values_list("mobile", "content", "template"))

    def _delay_sweep(self, messages: list[Message]) -> None:
        """A task at the end of a long queue is not lost: give the workers the time to get there."""
        wait = min(timedelta(seconds=self.result.recorded * self.seconds_each), _MAX_DELAY)
        publish_at = get_dispatcher().next_enqueue_at(timezone.now()) + wait
        for message in messages:
            if message.due_at <= message.created_at:
                message.publish_at = publish_at

    def _record(self, messages: list[Message], drafts: Mapping[int, Message]) -> tuple[list[Message], list[Refused]]:
        try:
            with transaction.atomic(using=Message.objects.db):
                for first in range(0, len(messages), _MAX_DUE_NOW):
                    insert_messages(messages[first : first + _MAX_DUE_NOW])
        except (IntegrityError, DataError):
            # Somebody recorded one of the keys meanwhile: that message stands, and the others are recorded. Or the
            # database does not take a value, and says which in words that quote numbers.
            for message in messages:
                message.pk, message._state.adding = None, True
            new = {id(message) for message in messages}
            outcomes = [(draft, self._record_one(index, draft)) for index, draft in drafts.items() if id(draft) in new]
            recorded = [draft for draft, outcome in outcomes if outcome is draft]
            return recorded, [outcome for _draft, outcome in outcomes if isinstance(outcome, Refused)]
        return messages, []

    def _record_one(self, index: int, message: Message) -> Message | Refused:
        """Record a message. Returns it or the first one with its key, or why the database refuses it."""
        try:
            with transaction.atomic(using=Message.objects.db):
                return record_message(message)
        except ValueError as error:
            return Refused(index, UNUSABLE, str(error))
        except (IntegrityError, DataError):
            return Refused(index, UNUSABLE, "The database refuses one of its values.")

    def _refuse(self, index: int, code: int, reason: str) -> None:
        self._report(Refused(index, code, reason))

    def _report(self, refused: Refused) -> None:
        self.result.refused_count += 1
        if len(self.result.refused) < MAX_REFUSED:
            self.result.refused.append(refused)
        if self.on_refused is not None:
            self.on_refused(refused)
