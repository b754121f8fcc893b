"""Claim, post, settle: one delivery's way to its receiver, at least once, and again with longer and longer pauses."""

from __future__ import annotations

import logging
import random
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.utils import timezone

from django_ihuyi import conf
from django_ihuyi.models import WebhookDelivery

from . import addresses, payload, publishing, signing, transport
from .settings import WebhookSettings

logger = logging.getLogger(__name__)

_GONE = 410
_TOO_MANY = 429
_LEASE_MARGIN = timedelta(seconds=30)
"""Beyond the longest post: a busy worker's way from the claim to the wire and back to the table."""
_FIRST_BACKOFF = 15.0
_LONGEST_BACKOFF = 8 * 3600.0
_ERROR_LENGTH = 255


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
    options = conf.get_webhooks()
    delivery = WebhookDelivery.objects.to_deliver(pk) if options is not None else None
    if options is None or delivery is None or not delivery.endpoint.active:
        return
    now = timezone.now()
    rests_until = delivery.endpoint.rests_until
    if rests_until is not None and rests_until > now:
        delivery.postpone(due_at=rests_until + timedelta(seconds=random.uniform(0, 5)))  # noqa: S311  jitter is no secret
    elif delivery.claim(now=now, lease=_lease(options)):
        _settle(delivery, _post(delivery, options), options)


def sweep(now: datetime, *, most: int) -> tuple[int, bool]:
    """Put back what a worker claimed and never settled, and publish what is due and has no task.

    Args:
        now: The present.
        most: At most so many rows of each kind.

    Returns:
        How many rows were put back or published, and whether to go on.
    """
    options = conf.get_webhooks()
    if options is None:
        return 0, False
    abandoned = list(WebhookDelivery.objects.abandoned(now)[:most])
    for delivery in abandoned:
        _fail(delivery, Outcome(None, "The worker that posted it never came back."), options)
    due = list(WebhookDelivery.objects.due(now)[:most])
    taken = [delivery.pk for delivery in due if delivery.take_for_publishing(now=now)]
    published = publishing.publish(taken)
    return len(abandoned) + published, published == len(taken) and most in (len(due), len(abandoned))


def backoff(attempts: int) -> timedelta:
    """Return how long to wait before the next try, four times as long each time up to eight hours, give or take half.

    Args:
        attempts: How many tries there were, at least one.
    """
    seconds = min(_FIRST_BACKOFF * 4 ** min(attempts - 1, 10), _LONGEST_BACKOFF)
    return timedelta(seconds=seconds * random.uniform(0.5, 1.5))  # noqa: S311  jitter is no secret


def _lease(options: WebhookSettings) -> timedelta:
    return timedelta(seconds=transport.longest_post(*options.timeout) + addresses.PATIENCE) + _LEASE_MARGIN


def _post(delivery: WebhookDelivery, options: WebhookSettings) -> Outcome:
    endpoint, now = delivery.endpoint, timezone.now()
    body = payload.render(delivery)
    headers = signing.sign(endpoint.secrets(now), delivery.event_id, int(now.timestamp()), body)
    try:
        target = addresses.resolve(
            endpoint.url, allowed=options.allowed_networks, ports=options.ports, allow_http=options.allow_http
        )
        connect, read = options.timeout
        answer = transport.post(target, headers, body, connect=connect, read=read)
        return Outcome(answer.status, retry_after=answer.retry_after)
    except addresses.AddressError as error:
        return Outcome(None, f"not posted: {error}")
    except transport.DeliveryError as error:
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
        _die(delivery, outcome)
        if delivery.endpoint.switch_off(reason="The receiver answered 410 Gone.", now=now):
            logger.error(
                "The endpoint of webhook delivery %s is gone.",
                delivery.pk,
                extra={"event": "webhook.gone", **_facts(delivery, outcome)},
            )
        return
    if outcome.silent:
        delivery.endpoint.rest(now=now)
    _fail(delivery, outcome, options)


def _fail(delivery: WebhookDelivery, outcome: Outcome, options: WebhookSettings) -> None:
    """Try it again later, or give it up after ``MAX_ATTEMPTS``."""
    if delivery.attempts >= options.max_attempts:
        _die(delivery, outcome)
        return
    asked = timedelta(seconds=min(outcome.retry_after, _LONGEST_BACKOFF))
    due_at = timezone.now() + max(backoff(delivery.attempts), asked)
    if delivery.put_back(answer=outcome.answer, error=outcome.error, due_at=due_at):
        logger.warning(
            "Webhook delivery %s failed.",
            delivery.pk,
            extra={"event": "webhook.failed", **_facts(delivery, outcome)},
        )


def _die(delivery: WebhookDelivery, outcome: Outcome) -> None:
    if delivery.die(answer=outcome.answer, error=outcome.error, now=timezone.now()):
        logger.error(
            "Webhook delivery %s is given up.",
            delivery.pk,
            extra={"event": "webhook.dead", **_facts(delivery, outcome)},
        )


def _facts(delivery: WebhookDelivery, outcome: Outcome) -> dict[str, Any]:
    """What a log record says of it: neither the URL, which may hold a secret of the receiver's, nor the payload."""
    return {
        "delivery_pk": delivery.pk,
        "endpoint_pk": delivery.endpoint_id,
        "webhook_event": delivery.event,
        "answer": outcome.answer,
        "attempts": delivery.attempts,
    }
