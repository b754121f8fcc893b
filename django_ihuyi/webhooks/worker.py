"""Delivers one event: claim, post, settle; retries with growing pauses."""

from __future__ import annotations

import logging
import random
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Q
from django.utils import timezone

from django_ihuyi.isolation import combined, each_row
from django_ihuyi.models.base import without_index
from django_ihuyi.webhooks.models.endpoint import GONE, PING, UNREACHABLE

from . import dispatch, http_client, payload, signatures, ssrf
from .conf import WebhookSettings, get_webhooks
from .models import WebhookDelivery, WebhookEndpoint

logger = logging.getLogger(__name__)

_GONE = 410
_TOO_MANY = 429
_LEASE_MARGIN = timedelta(seconds=30)
"""Beyond the longest post: a busy worker's way from the claim to the wire and back to the table."""
_FIRST_BACKOFF = 15.0
_MAX_BACKOFF = 8 * 3600.0
_ERROR_LENGTH = 255
_POSTPONED_BY = timedelta(minutes=5)
"""Before the sweep comes back to a row that it cannot handle."""


class Outcome(NamedTuple):
    """What came of one post: the receiver's HTTP status and for how many seconds it asks to be left alone, or None and
    why there was no answer.
    """

    answer: int | None
    error: str = ""
    retry_after: int = 0

    @property
    def taken(self) -> bool:
        """Whether the receiver has it."""
        return self.answer is not None and 200 <= self.answer < 300

    @property
    def silent(self) -> bool:
        """Whether the receiver is better left alone for a while: it is away, overloaded or broken."""
        return self.answer is None or self.answer >= 500 or self.answer == _TOO_MANY


def deliver(pk: int) -> None:
    """Post one delivery if it is pending, due and nobody else's.

    Args:
        pk: The delivery's primary key. One that is gone or settled is not an error: tasks come twice and late.
    """
    options = get_webhooks()
    delivery = WebhookDelivery.objects.to_deliver(pk) if options is not None else None
    if options is None or delivery is None or not delivery.endpoint.active:
        return
    now, lease = timezone.now(), _lease(options)
    if _may_try(delivery, now, lease) and delivery.claim(now=now, lease=lease):
        _settle(delivery, _post(delivery, options), options)


def _may_try(delivery: WebhookDelivery, now: datetime, lease: timedelta) -> bool:
    """Whether to post a delivery now. An endpoint that did not answer last is tried with one delivery at a time; the
    others wait, without a change to their rows, until it answers. Somebody who sends a ping wants to know now.
    """
    endpoint = delivery.endpoint
    if endpoint.failures == 0 or delivery.event == PING:
        return True
    return delivery.is_due(now) and endpoint.take_turn(now=now, rest=lease)


def sweep(now: datetime, *, most: int) -> tuple[int, bool]:
    """Put back what a worker claimed and never settled, give up what is too old, switch off endpoints that take
    nothing, and publish what is due and has no task: of an endpoint that did not answer last one delivery, of others
    all.

    Args:
        now: The present.
        most: At most so many rows of each kind.

    Returns:
        How many rows were put back, given up, switched off or published, and whether to go on.

    Raises:
        RowsFailedError: Some rows could not be handled; all others were.
    """
    options = get_webhooks()
    if options is None:
        return 0, False
    abandoned = list(WebhookDelivery.objects.abandoned(now)[:most])
    old = list(WebhookDelivery.objects.too_old(now)[:most])

    def put_off(delivery: WebhookDelivery) -> None:
        later = (
            {"claimed_until": now + _POSTPONED_BY} if delivery.claimed_until else {"give_up_at": now + _POSTPONED_BY}
        )
        as_read = without_index(Q(status=delivery.status))
        WebhookDelivery.objects.filter(as_read, pk=delivery.pk).update(**later)

    handled = combined(
        [
            each_row(abandoned, lambda delivery: _requeue(delivery, options), put_off),
            each_row(old, lambda delivery: _expire(delivery, now), put_off),
            each_row(
                WebhookEndpoint.objects.unreachable(now),
                lambda endpoint: _switch_off(endpoint, now),
                put_off=lambda _endpoint: None,
            ),
        ]
    )
    due = list(WebhookDelivery.objects.due(now)[:most])
    tried = [WebhookDelivery.objects.first_of(endpoint, now) for endpoint in WebhookEndpoint.objects.failing(now)]
    taken = [delivery.pk for delivery in (*due, *tried) if delivery and delivery.reserve_enqueue(now=now)]
    published = dispatch.enqueue(taken)
    more = published == len(taken) and most in (len(due), len(abandoned), len(old))
    return handled._replace(changed=handled.changed + published).as_step(more=more)


def _requeue(delivery: WebhookDelivery, options: WebhookSettings) -> int:
    _fail(delivery, Outcome(None, "The worker that posted it never came back."), options)
    return 1


def backoff(attempts: int) -> timedelta:
    """Return how long to wait before the next try, four times as long each time up to eight hours, give or take half.

    Args:
        attempts: How many tries there were, at least one.
    """
    seconds = min(_FIRST_BACKOFF * 4 ** min(attempts - 1, 10), _MAX_BACKOFF)
    return timedelta(seconds=seconds * random.uniform(0.5, 1.5))  # noqa: S311  jitter is no secret


def _lease(options: WebhookSettings) -> timedelta:
    return timedelta(seconds=http_client.longest_post(*options.timeout) + ssrf.LOOKUP_TIMEOUT) + _LEASE_MARGIN


def _post(delivery: WebhookDelivery, options: WebhookSettings) -> Outcome:
    endpoint, now = delivery.endpoint, timezone.now()
    body = payload.render(delivery)
    headers = signatures.sign(endpoint.secrets(now), delivery.event_id, int(now.timestamp()), body)
    try:
        target = ssrf.resolve(
            endpoint.url, allowed=options.allowed_networks, ports=options.ports, allow_http=options.allow_http
        )
        connect, read = options.timeout
        answer = http_client.post(target, headers, body, connect=connect, read=read)
        return Outcome(answer.status, retry_after=answer.retry_after)
    except ssrf.AddressError as error:
        return Outcome(None, f"not posted: {error}")
    except http_client.DeliveryError as error:
        return Outcome(None, str(error)[:_ERROR_LENGTH])
    except OSError:
        return Outcome(None, "the host's name could not be resolved")


def _settle(delivery: WebhookDelivery, outcome: Outcome, options: WebhookSettings) -> None:
    now = timezone.now()
    if outcome.answer is not None and outcome.taken:
        delivery.endpoint.recover()
        if delivery.deliver(answer=outcome.answer, now=now):
            logger.info(
                "Webhook delivery %s is delivered.",
                delivery.pk,
                extra={"event": "webhook.delivered", **_facts(delivery, outcome)},
            )
        return
    if outcome.answer == _GONE:
        _give_up(delivery, outcome)
        if delivery.endpoint.switch_off(reason=GONE, now=now):
            logger.error(
                "The endpoint of webhook delivery %s is gone.",
                delivery.pk,
                extra={"event": "webhook.gone", **_facts(delivery, outcome)},
            )
        return
    if outcome.silent:
        delivery.endpoint.pause(now=now)
    else:
        # It answers, if only to refuse this one.
        delivery.endpoint.recover()
    _fail(delivery, outcome, options)


def _fail(delivery: WebhookDelivery, outcome: Outcome, options: WebhookSettings) -> None:
    """Try it again later, or give it up after ``MAX_ATTEMPTS``; the sweep gives up what is too old."""
    if delivery.attempts >= options.max_attempts:
        _give_up(delivery, outcome)
        return
    asked = timedelta(seconds=min(outcome.retry_after, _MAX_BACKOFF))
    due_at = timezone.now() + max(backoff(delivery.attempts), asked)
    if delivery.requeue(answer=outcome.answer, error=outcome.error, due_at=due_at):
        logger.warning(
            "Webhook delivery %s failed.",
            delivery.pk,
            extra={"event": "webhook.failed", **_facts(delivery, outcome)},
        )


def _give_up(delivery: WebhookDelivery, outcome: Outcome) -> None:
    if delivery.fail(answer=outcome.answer, error=outcome.error, now=timezone.now()):
        _log_failure(delivery, outcome)


def _expire(delivery: WebhookDelivery, now: datetime) -> bool:
    """Give up what waited too long. Returns whether this call did."""
    if not delivery.expire(now=now):
        return False
    _log_failure(delivery, Outcome(delivery.answer))
    return True


def _log_failure(delivery: WebhookDelivery, outcome: Outcome) -> None:
    logger.error(
        "Webhook delivery %s is given up.",
        delivery.pk,
        extra={"event": "webhook.dead", **_facts(delivery, outcome)},
    )


def _switch_off(endpoint: WebhookEndpoint, now: datetime) -> bool:
    """Switch off an endpoint that took nothing for :data:`MAX_AGE`. Returns whether this call did."""
    if not endpoint.switch_off(reason=UNREACHABLE, now=now):
        return False
    logger.error(
        "Webhook endpoint %s took no event for three days and is switched off.",
        endpoint.pk,
        extra={"event": "webhook.unreachable", "endpoint_pk": endpoint.pk, "failures": endpoint.failures},
    )
    return True


def _facts(delivery: WebhookDelivery, outcome: Outcome) -> dict[str, Any]:
    """What a log record says of it: neither the URL, which may hold a secret of the receiver's, nor the payload."""
    return {
        "delivery_pk": delivery.pk,
        "endpoint_pk": delivery.endpoint_id,
        "webhook_event": delivery.event,
        "answer": outcome.answer,
        "attempts": delivery.attempts,
    }
