"""Health checks of the gateway, the server's clock and the broker."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

from celery import current_app
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext as _

from django_ihuyi import celery_broker, conf
from django_ihuyi.conf import problems as setting_problems
from django_ihuyi.gateway import GatewayError, lookup
from django_ihuyi.gateway.exceptions import SubmitRefused
from django_ihuyi.gateway.products import Product
from django_ihuyi.health_result import HealthResult, Level, Thresholds, catch_errors
from django_ihuyi.worker.client_factory import make_client


def settings(_limits: Thresholds, _now: datetime) -> Iterator[HealthResult]:
    """Whether ``IHUYI`` is right, as the system checks see it; what the site has silenced is."""
    wrong = [problem for problem in setting_problems.problems(conf.get_raw()) if not conf.is_silenced(problem.id)]
    for problem in wrong:
        level = Level.CRITICAL if problem.id.startswith("E") else Level.WARNING
        yield HealthResult("settings", problem.id, level, problem.text, problem.hint)
    if not wrong:
        yield HealthResult("settings", "", Level.OK, _("IHUYI is right"))


def gateway(limits: Thresholds, _now: datetime) -> Iterator[HealthResult]:
    """Whether each account gets an answer, what it has left, and how far this server's clock is off."""
    for alias in conf.get_account_aliases():
        # A client of the site's own may fail in any way, and keeps no other account from its question.
        yield from catch_errors("gateway", alias, _account(alias, limits))


def _account(alias: str, limits: Thresholds) -> Iterator[HealthResult]:
    try:
        account = conf.get_account(alias)
    except ImproperlyConfigured:
        yield HealthResult("gateway", alias, Level.CRITICAL, _("its settings are wrong"), _("Run manage.py check."))
        return
    if not account.product_spec.supports_balance:
        yield HealthResult("gateway", alias, Level.OK, _("not asked: its product has no balance to ask for"))
        return
    connect, read = account.timeout
    client = make_client(replace(account, timeout=(min(limits.timeout, connect), min(limits.timeout, read))))
    yield _balance_result(alias, client.get_balance, limits, account.product_spec)
    if client.clock_offset is not None:
        yield _clock(alias, client.clock_offset, limits)


def broker(limits: Thresholds, _now: datetime) -> Iterator[HealthResult]:
    """Whether the broker takes a connection, where tasks go through one."""
    unread, driver = celery_broker.find_unread_setting(), celery_broker.missing_driver()
    if unread and not conf.is_silenced(unread.id):
        # Asking the broker that Celery falls back on would tell nothing of the site's.
        yield HealthResult("broker", "", Level.CRITICAL, unread.text.rstrip("."), unread.hint)
    elif not celery_broker.is_needed():
        text = _("not needed: tasks run in the process that publishes them (%s)")
        yield HealthResult("broker", "", Level.OK, text % celery_broker.setting("task_always_eager"))
    elif driver:
        text = _("its driver, the Python package %s, is not installed") % driver.package
        advice = _("Run %s and start the site and its workers again.") % driver.command
        yield HealthResult("broker", "", Level.CRITICAL, text, advice)
    else:
        failure = _failure(limits.timeout)
        yield _broker_down(failure) if failure else HealthResult("broker", "", Level.OK, _("the broker answers"))


def _failure(timeout: float) -> str:
    """Return why the broker takes no connection; empty where it does."""
    outcome: list[str] = []

    def connect() -> None:
        try:
            with current_app.connection_for_write(connect_timeout=timeout) as connection:
                connection.ensure_connection(max_retries=1, timeout=math.ceil(timeout))
                outcome.append("")
        except Exception as error:  # noqa: BLE001  every transport has errors of its own
            outcome.append(type(error).__name__)

    # Of its own, so that one that hangs can be walked away from.
    thread = threading.Thread(target=connect, name="django-ihuyi-broker-check", daemon=True)
    thread.start()
    thread.join(timeout)
    return outcome[0] if outcome else _("time-out")


def _broker_down(why: str) -> HealthResult:
    told = {"broker": celery_broker.display_url(), "why": why}
    text = _("the broker %(broker)s does not answer (%(why)s)") % told
    advice = _("Start it, and check %s. Messages wait in the table meanwhile.") % celery_broker.setting("broker_url")
    return HealthResult("broker", "", Level.CRITICAL, text, advice)


def _balance_result(alias: str, get_balance: Callable[[], int], limits: Thresholds, product: Product) -> HealthResult:
    try:
        balance = get_balance()
    except SubmitRefused as refused:
        code = lookup(refused.code, product.name)
        text = _("refused with code %(code)d: %(meaning)s") % {"code": refused.code, "meaning": _(code.meaning)}
        return HealthResult("gateway", alias, Level.CRITICAL, text, _(code.action), {"code": refused.code})
    except GatewayError as error:
        # Its own words hold no secret; a client of the site's own may have none.
        text = _("no answer that can be used: %s") % (str(error) or type(error).__name__)
        return HealthResult("gateway", alias, Level.CRITICAL, text, _("Check this server's network and BASE_URL."))
    warning, critical = limits.balance or (_low_balance(alias), 0)
    level = Level.CRITICAL if balance <= critical else Level.WARNING if balance <= warning else Level.OK
    advice = "" if level is Level.OK else _("Recharge in ihuyi's console.")
    text = _("answers, %d messages left") if product.counts_messages else _("answers, %d yuan left")
    return HealthResult("gateway", alias, level, text % balance, advice, {"balance": balance})


def _low_balance(alias: str) -> int:
    """The most messages that an account can have left and still be below its ``BALANCE_LOW``."""
    try:
        return (conf.get_settings().balance_low_of(alias) or 1) - 1
    except ImproperlyConfigured:
        # For the check of the settings to tell.
        return 0


def _clock(alias: str, offset: float, limits: Thresholds) -> HealthResult:
    level = limits.judge(abs(offset), limits.clock)
    text = _("this server's clock is %+d s off the gateway's") % offset
    advice = "" if level is Level.OK else _("Set it, by NTP: dynamic passwords run out (40501).")
    return HealthResult("clock", alias, level, text, advice, {"seconds": offset})
