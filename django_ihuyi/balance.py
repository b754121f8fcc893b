"""Balance of accounts: read it from the gateway, save it, and signal once when it is low."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.utils import timezone

from django_ihuyi import conf
from django_ihuyi.china_time import TOLERANCE
from django_ihuyi.gateway import GatewayError
from django_ihuyi.gateway.products import SMS
from django_ihuyi.models import AccountState, BalanceReading
from django_ihuyi.models.column_limits import fit_row
from django_ihuyi.transactions import retry_on_conflict
from django_ihuyi.worker.client_factory import make_client

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one question. ``reading`` is None where the gateway could not be asked; ``error`` says why.
    ``unit`` is what the reading counts: messages, or whole yuan."""

    account: str
    reading: BalanceReading | None
    low: bool = False
    error: str = ""
    unit: str = SMS.unit


def fetch(alias: str) -> Answer:
    """Ask for one account's balance. Writes nothing.

    Args:
        alias: The account's alias.

    Returns:
        The answer; its reading is not saved.
    """
    try:
        account = conf.get_account(alias)
        if not account.product_spec.supports_balance:
            return Answer(alias, None, error=f"accounts of the product {account.product!r} have no balance to ask for")
        # A client of the site's own may count in fractions.
        remaining = math.floor(make_client(account).get_balance())
    except (GatewayError, ImproperlyConfigured) as error:
        return Answer(alias, None, error=str(error))
    except Exception as error:  # noqa: BLE001  a client of the site's own must not keep the other accounts from theirs
        return Answer(alias, None, error=f"the account's client failed ({type(error).__name__})")
    reading = BalanceReading(account=alias, remaining=remaining, read_at=timezone.now())
    return Answer(alias, reading, low=is_low(alias, remaining), unit=account.product_spec.unit)


def save_reading(answer: Answer) -> None:
    """Keep an answer, and tell the site if the balance has fallen below ``BALANCE_LOW`` since the one before.

    Of many workers that find the same fall, one tells.

    Args:
        answer: What :func:`ask` returned.
    """
    if answer.reading is None:
        logger.warning(
            "The balance of account %r could not be read: %s",
            answer.account,
            answer.error,
            extra={"event": "balance.unread", "account": answer.account},
        )
        return
    reading, using = answer.reading, AccountState.objects.db

    fit_row(reading, using=using)

    def keep() -> bool:
        with transaction.atomic(using=using):
            reading.save(using=using)
            return AccountState.objects.update_balance_state(reading, low=answer.low)

    if retry_on_conflict(keep, using=using, restoring=[reading]):
        remaining = reading.remaining
        logger.warning(
            "Account %r has %d %s left, which is below BALANCE_LOW.",
            answer.account,
            remaining,
            answer.unit,
            extra={"event": "balance.low", "account": answer.account},
        )


def check_balances() -> Iterator[Answer]:
    """Ask for the balance of every account that has one to tell, one after the other, and keep the answers."""
    for alias in conf.get_aliases_of(lambda product: product.supports_balance):
        answer = fetch(alias)
        save_reading(answer)
        yield answer


def latest() -> Iterator[tuple[str, BalanceReading | None]]:
    """Return each account that has a balance with its latest reading, or None where there is none. Asks no gateway."""
    # One with a time to come would be the latest until then.
    read = BalanceReading.objects.filter(read_at__lte=timezone.now() + TOLERANCE).order_by("-read_at")
    for alias in conf.get_aliases_of(lambda product: product.supports_balance):
        yield alias, read.filter(account=alias).first()


def is_low(alias: str, remaining: int) -> bool:
    """Whether so many messages are fewer than ``BALANCE_LOW`` says for an account."""
    limit = conf.get_settings().balance_low_of(alias)
    return limit is not None and remaining < limit
