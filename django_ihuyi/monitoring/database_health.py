"""Health checks that read the database, by index and up to a cap."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.apps import apps
from django.db import connections, router
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from django_ihuyi import celery_broker, conf, hooks
from django_ihuyi.china_time import is_too_far_ahead
from django_ihuyi.health_result import HealthResult, Level, Thresholds
from django_ihuyi.models import AccountState, Heartbeat, Message, Receipt
from django_ihuyi.models.message_status import ORDER_OF_WORK, MessageStatus

from . import heartbeats

CAP = 1000
"""Rows that are counted at the most."""
_FEW = 10
"""Messages that may be without a receipt for a reason of their own."""
_PATIENCE_FOR_RECEIPTS = timedelta(hours=1)


def due_times(now: datetime) -> list[datetime]:
    """Return since when messages have been due that wait for a worker, the longest waiting among them.

    They are queued, due, and of no paused account; at most :data:`CAP` of each category are looked at.

    Args:
        now: The present.
    """
    paused = AccountState.objects.filter(account=OuterRef("account"), paused_since__isnull=False)
    # Whatever is due is published again within the hour, so the index of publish_at finds it.
    near = now + timedelta(hours=1)
    queued = Message.objects.filter(~Exists(paused), status=MessageStatus.QUEUED, publish_at__lte=near, due_at__lte=now)
    return [
        moment
        for category in ORDER_OF_WORK
        for moment in queued.filter(category=category).order_by("publish_at").values_list("due_at", flat=True)[:CAP]
    ]


def waiting(limits: Thresholds, now: datetime) -> Iterator[HealthResult]:
    """Whether messages wait longer than they should."""
    times = due_times(now)
    oldest = (now - min(times)).total_seconds() if times else 0.0
    level = limits.judge(oldest, limits.waiting) if times else Level.OK
    text = _("%(count)s are due, the oldest for %(seconds)d s") % {"count": capped(len(times)), "seconds": oldest}
    advice = ""
    if level is not Level.OK:
        workers = _("Look at the checks of sweep and queues; start more workers.")
        advice = workers if celery_broker.is_needed() else _("Look at the check of sweep, which submits them.")
    yield HealthResult("waiting", "", level, text, advice, {"count": len(times), "seconds": oldest})


def claims(_limits: Thresholds, now: datetime) -> Iterator[HealthResult]:
    """Whether claims ran out that no sweep has ended."""
    late = Message.objects.filter(status=MessageStatus.SUBMITTING, claimed_until__lt=now - timedelta(minutes=1))
    count = len(late.order_by("claimed_until").values_list("pk", flat=True)[:CAP])
    text = _("%s are with a worker that never came back") % capped(count)
    advice = _("Look at the check of sweep: it turns them to unknown.") if count else ""
    yield HealthResult("claims", "", Level.WARNING if count else Level.OK, text, advice, {"count": count})


def unknown(limits: Thresholds, now: datetime) -> Iterator[HealthResult]:
    """Whether messages of the last day got no answer; those that staff have given up alarm nobody."""
    newest = Message.objects.filter(status=MessageStatus.UNKNOWN, given_up_at=None).order_by("-id")
    times = newest.values_list("submitted_at", flat=True)[:CAP]
    count = sum(moment is not None and moment > now - timedelta(days=1) for moment in times)
    level = limits.judge(count, limits.unknown)
    text = _("%s of the last day got no answer of the gateway") % capped(count)
    advice = "" if level is Level.OK else _("Look at them in the admin; a receipt may still settle them.")
    yield HealthResult("unknown", "", level, text, advice, {"count": count})


def receipts(_limits: Thresholds, now: datetime) -> Iterator[HealthResult]:
    """Whether receipts arrive at all: the last one that came, beside messages that wait for one."""
    last = Receipt.objects.order_by("-received_at").values_list("received_at", flat=True).first()
    accepted = Message.objects.filter(
        status=MessageStatus.ACCEPTED,
        accepted_at__gt=now - timedelta(days=1),
        accepted_at__lt=now - _PATIENCE_FOR_RECEIPTS,
    ).exclude(account__in=conf.get_aliases_without_receipts())
    times = list(accepted.order_by("-id").values_list("accepted_at", flat=True)[:_FEW])
    silent = bool(times) and (last is None or all(moment is not None and moment > last for moment in times))
    figures = {"seconds_since_last": None if last is None else (now - last).total_seconds(), "without": len(times)}
    level = Level.CRITICAL if silent and len(times) == _FEW else Level.WARNING
    if not conf.has_push_tokens() and not conf.is_silenced("W001") and _promises_receipts():
        text = _("receipts cannot arrive: PUSH_TOKENS is empty")
        advice = _("Write a token, and enter the push URLs with it in ihuyi's console.")
    elif silent:
        text = _("messages were accepted more than an hour ago, and no receipt has come since")
        advice = _("Check the push address in ihuyi's console, PUSH_TOKENS and PUSH_ALLOWED_NETWORKS.")
    else:
        level, text, advice = Level.OK, _("receipts arrive, or none is awaited"), ""
    yield HealthResult("receipts", "", level, text, advice, figures)


def _promises_receipts() -> bool:
    return bool(conf.get_aliases_of(lambda product: product.promises_receipts))


def pauses(_limits: Thresholds, now: datetime) -> Iterator[HealthResult]:
    """Whether accounts are paused."""
    paused = list(AccountState.objects.filter(paused_since__isnull=False).order_by("account"))
    for state in paused:
        seconds = (now - state.paused_since).total_seconds() if state.paused_since else 0.0
        if state.code is None:
            text, advice = _("paused: the gateway does not answer"), _("Check this server's network and BASE_URL.")
        else:
            code = conf.lookup_code(state.code, state.account)
            text = _("paused, code %(code)d: %(meaning)s") % {"code": state.code, "meaning": _(code.meaning)}
            advice = _(code.action)
        yield HealthResult("pauses", state.account, Level.CRITICAL, text, advice, {"seconds": seconds})
    if not paused:
        yield HealthResult("pauses", "", Level.OK, _("no account is paused"))


def sweep(limits: Thresholds, now: datetime) -> Iterator[HealthResult]:
    """Whether the sweep runs, by Celery beat or the command."""
    row = Heartbeat.objects.filter(name=heartbeats.SWEEP).first()
    with_workers = _("Start Celery beat, with a worker that no campaign keeps busy, or ihuyi_sweep --loop.")
    advice = with_workers if celery_broker.is_needed() else _("Start ihuyi_sweep --loop.")
    if row is None or row.beaten_at is None:
        yield HealthResult("sweep", "", Level.CRITICAL, _("no sweep has ever run"), advice)
        return
    seconds = (now - row.beaten_at).total_seconds()
    if is_too_far_ahead(row.beaten_at, now):
        text = _("the last sweep is dated %d s in the future: none has run since that clock was set right") % -seconds
        yield HealthResult("sweep", "", Level.CRITICAL, text, advice, {"seconds": seconds})
        return
    level = limits.judge(seconds, limits.sweep)
    text = _("the last sweep was %d s ago") % seconds
    yield HealthResult("sweep", "", level, text, "" if level is Level.OK else advice, {"seconds": seconds})


def queues(limits: Thresholds, now: datetime) -> Iterator[HealthResult]:
    """Whether workers serve each queue, and how long a task takes through it."""
    if not celery_broker.is_needed():
        yield HealthResult(
            "queues", "", Level.OK, _("no worker is needed: tasks run in the process that publishes them")
        )
        return
    rows = Heartbeat.objects.in_bulk(
        [heartbeats.row_name(name) for name in heartbeats.queue_names()], field_name="name"
    )
    for name in heartbeats.queue_names():
        row = rows.get(heartbeats.row_name(name))
        subject = name or "default"
        if row is None or row.asked_at is None:
            yield HealthResult("queues", subject, Level.UNKNOWN, _("no sweep has asked it yet"))
            continue
        seconds = row.delay(now).total_seconds()
        level = limits.judge(seconds, limits.queue)
        if row.outstanding:
            text = _("a task has been waiting for %d s") % seconds
            advice = _("Start a worker with -Q and this queue's name; with a long queue, more of them.")
        else:
            text, advice = _("a task takes %.1f s through it") % seconds, _("Start more workers for this queue.")
        yield HealthResult("queues", subject, level, text, "" if level is Level.OK else advice, {"seconds": seconds})


def tables(_limits: Thresholds, _now: datetime) -> Iterator[HealthResult]:
    """Whether there are tables of features whose app is not installed: their foreign keys protect messages."""
    installed = {config.label for config in apps.get_app_configs()}
    database = connections[router.db_for_write(Message)]
    known = set(database.introspection.django_table_names())
    names = [name for name in database.introspection.table_names() if name not in known]
    gone = {
        label: left
        for label in hooks.OUR_FEATURES
        if label not in installed and (left := [name for name in names if name.startswith(f"{label}_")])
    }
    for label, left in gone.items():
        text = _("%d tables of an app that is not installed: their foreign keys may stop the deletion of messages")
        advice = _("Add %(app)s to INSTALLED_APPS again; to remove it for good, run migrate %(label)s zero with it.")
        advice %= {"app": hooks.OUR_FEATURES[label], "label": label}
        yield HealthResult("tables", label, Level.WARNING, text % len(left), advice, {"count": len(left)})
    if not gone:
        yield HealthResult("tables", "", Level.OK, _("every app that has tables is installed"))


def capped(count: int) -> str:
    """Return a number of rows in words, with a sign where counting ended at :data:`CAP`."""
    return f"{CAP}+" if count >= CAP else str(count)
