"""``ihuyi_sandbox``: run the sandbox gateway until SIGINT or SIGTERM.

The stand-in knows no Django: what the site's settings and tables know is read here and handed over.
"""

from __future__ import annotations

import errno
import logging
import re
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError
from django.db import Error, connections
from django.utils.translation import gettext as _

from django_ihuyi import conf
from django_ihuyi.management.printing import TerminalCommand
from django_ihuyi.management.shutdown import shutdown_signal
from django_ihuyi.models import Template
from django_ihuyi.models.template import OPEN_TO_ALL
from django_ihuyi.sandbox import KnownTemplate, Options, Sandbox
from django_ihuyi.sandbox.options import OptionFields

PORT = 8106
SITE = "http://127.0.0.1:8000"
PUSH_PATH = "/ihuyi/push/"
HIDDEN = "***"
"""Stands for a push token in plain ASCII, which every terminal can write."""
STATES: Final = {
    Template.State.IN_REVIEW: "waiting",
    Template.State.PASSED: "passed",
    Template.State.REFUSED: "refused",
}
"""The registry's words for what the gateway knows of a template, in those of the stand-in."""


def site_defaults() -> dict[str, str]:
    """Return what the site's settings already know, so that a demo needs no arguments.

    Returns:
        ``account``, ``api_key`` and ``signature`` of the default account and ``push_url`` with the first push token, as
        far as the settings have them.
    """
    known: dict[str, str] = {}
    # A site that is not set up yet is no reason not to try the sandbox.
    with suppress(ImproperlyConfigured):
        account = conf.get_account("default")
        known |= {"account": account.account, "api_key": account.api_key, "signature": account.signature}
    with suppress(ImproperlyConfigured):
        for token in conf.get_settings().push_tokens[:1]:
            known["push_url"] = f"{SITE}{PUSH_PATH}{token}/"
    return known


def registry_templates(account: str) -> tuple[KnownTemplate, ...]:
    """Return what was handed in for an account, so that a stand-in that was started again still knows it.

    Args:
        account: The account (APIID), whatever aliases the site has for it.

    Returns:
        The registry's templates with an id that the stand-in can have given.

    Raises:
        Error: The site's database cannot be read, or has no such table.
        ImproperlyConfigured: The site has no database.
    """
    handed_in = Template.objects.filter(account__in=_aliases_of(account), state__in=STATES)
    connection = connections[handed_in.db]
    try:
        rows = list(
            handed_in.exclude(template_id=OPEN_TO_ALL).order_by("pk").values_list("template_id", "text", "state")
        )
    finally:
        # The process runs for hours, and never asks again.
        if not connection.in_atomic_block:
            connection.close()
    found = {
        (number := int(written[0])): KnownTemplate(number, text, STATES[Template.State(state)])
        for template_id, text, state in rows
        if (written := re.fullmatch(r"[1-9][0-9]{0,8}", template_id or ""))
    }
    return tuple(found.values())


def _aliases_of(account: str) -> list[str]:
    found = []
    with suppress(ImproperlyConfigured):
        found = conf.get_account_aliases()
    return [alias for alias in found if _apiid_of(alias) == account]


def _apiid_of(alias: str) -> str | None:
    with suppress(ImproperlyConfigured):
        return conf.get_account(alias).account
    return None


class Command(TerminalCommand):
    """Run the stand-in gateway."""

    help = "Run a stand-in for the ihuyi gateway on loopback, with a web page that shows the texts as on a phone."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options; texts of the site's settings stand in for what is not given."""
        plain = Options()
        add = parser.add_argument
        add("--host", default=plain.host, help="loopback address to listen on (default: %(default)s)")
        add("--port", type=int, default=PORT, help="port to listen on, 0: any free one (default: %(default)s)")
        add("--account", help="the account, APIID (default: the site's, or sandbox)")
        add("--api-key", help="its key, APIKEY (default: the site's, or sandbox-api-key)")
        add("--signature", help="its signature (default: the site's, or 互亿无线)")
        add(
            "--push-url",
            help="receipt/, reply/ and template/ are appended; without a path: the site's, with its token "
            "(default: that on port 8000)",
        )
        add("--balance", type=int, default=plain.balance, help="messages left (default: %(default)s)")
        add("--receipt-delay", type=float, default=plain.receipt_delay, help="seconds (default: %(default)s)")
        add("--push-pause", type=float, default=60.0, help="seconds to the first repeat, twice that to the second")
        add("--latency", type=float, default=plain.latency, help="seconds added to every answer")
        add("--max-length", type=int, default=plain.max_length, help="longest text (default: %(default)s)")
        add("--max-variable", type=int, default=plain.max_variable, help="longest variable (default: %(default)s)")
        add("--match-templates", action="store_true", help="refuse texts that match no approved template")
        add("--per-day", type=int, help="messages to a number a day, 4082 beyond (default: any)")
        add("--codes-per-day", type=int, help="verification codes to a number a day, 4085 beyond (default: any)")

    def handle(self, **options: Any) -> None:  # noqa: ANN401 - as the base class has it
        """Run until a signal comes.

        Raises:
            CommandError: An option cannot work, or the port is in use.
        """
        known = _known_texts(options)
        fields = _fields(options, known)
        fields["templates"], unread = _known_templates(known["account"])
        try:
            sandbox = Sandbox(**fields)
        except ValueError as error:
            raise CommandError(str(error)) from error
        with shutdown_signal() as stop, self._logging(options["verbosity"]):
            try:
                sandbox.start()
            except OSError as error:
                raise CommandError(_explain(error, options["host"], options["port"])) from error
            try:
                self._announce(sandbox, unread)
                stop.wait()
            finally:
                sandbox.stop()

    def _announce(self, sandbox: Sandbox, unread: str) -> None:
        self.stdout.write(_("Phone page:  %(url)s/") % {"url": sandbox.url})
        self.stdout.write(_("Gateway:     %(url)s") % {"url": sandbox.base_url})
        self.stdout.write(_("Account:     %(account)s") % {"account": sandbox.options.account})
        if unread:
            self.stdout.write(
                _("Templates:   none of the site's registry, which cannot be read (%(error)s)") % {"error": unread}
            )
        else:
            states = [template.state for template in sandbox.options.templates]
            self.stdout.write(
                _("Templates:   %(number)d of the site's registry, %(passed)d of them passed")
                % {"number": len(states), "passed": states.count("passed")}
            )
        if sandbox.options.receipt_url:
            site = _without_token(sandbox.options.receipt_url.removesuffix("receipt/"))
            self.stdout.write(_("Pushes go to %(site)s") % {"site": site})
        else:
            self.stdout.write(_("Pushes go nowhere: there is no push token in the settings and no --push-url."))
        self.stdout.write(_("Stop with Ctrl-C."))
        self.stdout.flush()

    @contextmanager
    def _logging(self, verbosity: int) -> Iterator[None]:
        logger, handler = logging.getLogger("django_ihuyi.sandbox"), logging.StreamHandler(self.stdout)
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
        before = logger.level, logger.propagate
        if verbosity:
            logger.addHandler(handler)
            logger.setLevel(logging.INFO if verbosity == 1 else logging.DEBUG)
            logger.propagate = False
        try:
            yield
        finally:
            logger.removeHandler(handler)
            logger.setLevel(before[0])
            logger.propagate = before[1]


def _known_texts(options: dict[str, Any]) -> dict[str, str]:
    known = {"account": Options.account, "api_key": Options.api_key, "signature": Options.signature}
    defaults = site_defaults()
    known |= defaults
    known |= {name: options[name] for name in ("account", "api_key", "signature", "push_url") if options[name]}
    if re.fullmatch(r"https?://[^/?#]+/?", known.get("push_url", "")) and "push_url" in defaults:
        known["push_url"] = known["push_url"].rstrip("/") + defaults["push_url"].removeprefix(SITE)
    return known


def _fields(options: dict[str, Any], known: dict[str, str]) -> OptionFields:
    fields: OptionFields = {
        "account": known["account"],
        "api_key": known["api_key"],
        "signature": known["signature"],
        "push_pauses": (options["push_pause"], 2 * options["push_pause"]),
    }
    if base := known.get("push_url"):
        base = base.rstrip("/")
        fields["receipt_url"], fields["reply_url"] = f"{base}/receipt/", f"{base}/reply/"
        fields["template_url"] = f"{base}/template/"
    fields["host"], fields["port"] = options["host"], options["port"]
    fields["balance"], fields["receipt_delay"] = options["balance"], options["receipt_delay"]
    fields["latency"], fields["match_templates"] = options["latency"], options["match_templates"]
    fields["max_length"], fields["max_variable"] = options["max_length"], options["max_variable"]
    fields["per_day"], fields["codes_per_day"] = options["per_day"], options["codes_per_day"]
    return fields


def _known_templates(account: str) -> tuple[tuple[KnownTemplate, ...], str]:
    """Return the registry's templates, and the name of what kept them from being read."""
    try:
        return registry_templates(account), ""
    except (Error, ImproperlyConfigured) as error:
        # A site that is not migrated yet is no reason not to try the sandbox.
        return (), type(error).__name__


def _without_token(url: str) -> str:
    """Show where pushes go. Of a path that is not as the site's are, nobody knows where in it a token stands."""
    parts = urlsplit(url)
    root, push, _token = parts.path.partition("/push/")
    path = f"{root}{push}{HIDDEN}/" if push else f"/{HIDDEN}/"
    return f"{parts.scheme}://{parts.netloc}{path if parts.path.strip('/') else '/'}"


def _explain(error: OSError, host: str, port: int) -> str:
    values = {"host": host, "port": port}
    if error.errno == errno.EADDRINUSE:
        return _("Port %(port)s on %(host)s is in use. Choose another with --port.") % values
    return _("Cannot listen on %(host)s port %(port)s: %(reason)s") % (values | {"reason": error.strerror})
