"""Signals for the site, sent with ``send_robust`` after commit, once per change.

Each signal is sent with ``send_robust`` once the change is committed, by the process that made it. A process that is
killed between the commit and the signal sends none: what must not be missed is read from the tables.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.dispatch import Signal

message_accepted = Signal()
"""The gateway took it (``message=``)."""
message_rejected = Signal()
"""The gateway refused it for good (``message=``)."""
message_delivered = Signal()
"""The carrier delivered it (``message=``)."""
message_undelivered = Signal()
"""The carrier gave it up (``message=``)."""
message_unknown = Signal()
"""No answer: it may have gone out (``message=``)."""
reply_received = Signal()
"""A person answered (``reply=``)."""
template_reviewed = Signal()
"""The gateway passed a template, or refused it (``template=``)."""
account_paused = Signal()
"""An account's messages wait until something is mended (``account=, code=``)."""
account_resumed = Signal()
"""An account's messages flow again (``account=, code=``)."""
balance_low = Signal()
"""An account's balance has fallen below ``BALANCE_LOW`` (``reading=``): once for each time it does."""
bombing_suspected = Signal()
"""Codes are sent and hardly any is entered: limits are tight now (``suspicion=``)."""
bombing_over = Signal()
"""For an hour there was no sign of it: limits are as they were (``suspicion=``)."""


def send_after_commit(signal: Signal, sender: object, *, using: str, **arguments: Any) -> None:  # noqa: ANN401  a signal's arguments are its own
    """Send a signal once the current transaction is committed, or at once where there is none.

    Args:
        signal: One of this module's signals.
        sender: The model class that changed.
        using: The alias of the database that the change was made in.
        **arguments: What the signal carries.
    """
    # robust: an error in Django's own dispatch must not undo the callbacks registered after this one.
    # A function and no partial: Django logs its error by a name that partials have not.
    transaction.on_commit(lambda: signal.send_robust(sender=sender, **arguments), using=using, robust=True)
