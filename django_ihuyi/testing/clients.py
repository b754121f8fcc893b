"""Clients for ``CLIENT`` that reach no gateway: one fills the outbox, one prints."""

from __future__ import annotations

import secrets
import sys

from django.utils.translation import gettext as _

from django_ihuyi.gateway import Client, SubmitResult
from django_ihuyi.gateway.result_codes import ACCEPTED, lookup

from .outbox import outbox

BALANCE = 10_000


class _NowhereClient(Client):
    """What both have in common: an account with credit, whose templates are taken."""

    def get_balance(self) -> int:
        """Return a number of messages that is enough for anything."""
        return BALANCE

    def add_template(self, content: str) -> int:
        """Take a template; its id is as good as any."""
        return 1000 + secrets.randbelow(1_000_000)


class OutboxClient(_NowhereClient):
    """Puts each message into :data:`django_ihuyi.testing.outbox`."""

    def submit(self, mobile: str, content: str, template: int | str | None = None) -> SubmitResult:
        """Take one message, or refuse it as :meth:`Outbox.refuse` said."""
        code, msg, smsid = outbox.take(self.account, mobile, content, None if template is None else str(template))
        return SubmitResult(code, msg, smsid)


class ConsoleClient(_NowhereClient):
    """Writes each message to standard output, codes included: for a developer's own machine."""

    def submit(self, mobile: str, content: str, template: int | str | None = None) -> SubmitResult:
        """Show one message, and accept it."""
        what = "" if template is None else _(", template %(template)s") % {"template": template}
        head = _("SMS to %(mobile)s (account %(account)s%(template)s)") % {
            "mobile": mobile,
            "account": self.account,
            "template": what,
        }
        sys.stdout.write(f"\n--- {head}\n{content}\n---\n")
        sys.stdout.flush()
        return SubmitResult(ACCEPTED, lookup(ACCEPTED).text, str(10**17 + secrets.randbelow(9 * 10**17)))
