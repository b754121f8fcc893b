"""Registered templates: find them by name, fill in their variables, match whole texts, submit them for review."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from django.utils import timezone

from django_ihuyi import conf
from django_ihuyi.exceptions import InvalidMessage
from django_ihuyi.external_text import clean
from django_ihuyi.gateway import GatewayError, SubmitRefused
from django_ihuyi.gateway.content import check_length, check_params, count_segments
from django_ihuyi.models import Template
from django_ihuyi.worker.client_factory import make_client

PLACEHOLDER = "【变量】"
"""How ihuyi writes a variable in a template's text (PROTOCOL 1)."""

_BRACKET = re.compile("[【】]")


@lru_cache(maxsize=1024)
def split_text(text: str) -> tuple[str, ...]:
    """Return what stands before, between and after the variables: one piece more than there are variables."""
    return tuple(text.split(PLACEHOLDER))


def has_extra_bracket(text: str) -> bool:
    """Whether a template has a bracket that belongs to no placeholder: the gateway takes it for a signature."""
    return any(_BRACKET.search(piece) for piece in split_text(text))


def fill(text: str, values: Sequence[str]) -> str:
    """Put values in the places of the variables.

    Args:
        text: A template's text.
        values: As many values as it has variables, in order.

    Returns:
        The whole text, without a signature.
    """
    first, *others = split_text(text)
    return first + "".join(value + piece for value, piece in zip(values, others, strict=True))


def matches(text: str, content: str) -> bool:
    """Whether a whole text is this template with something in each place of a variable, punctuation exact.

    No regular expression: each piece is looked for once, behind the one before, so that the time is linear however
    many variables there are. The first place found is right, because it leaves the most room for what follows.

    Args:
        text: A template's text.
        content: A whole text, without a signature.
    """
    first, *others = split_text(text)
    if not others:
        return content == text
    *between, last = others
    end = len(content) - len(last)
    if not content.startswith(first) or not content.endswith(last):
        return False
    position = len(first)
    for piece in between:
        # A variable has one character at least.
        found = content.find(piece, position + 1, end)
        if found < 0:
            return False
        position = found + len(piece)
    return position < end


logger = logging.getLogger(__name__)

NO_TEMPLATE = 4071
"""What the gateway answers where no approved template is named."""
NO_MATCH = 4072
"""What the gateway answers to a text that fits no approved template."""
_LONGEST_ID = 32
"""Characters of the column."""
_FRESH = timedelta(seconds=10)
"""For how long a long bulk goes by the templates that it has read. Each call of ``send_sms`` reads them anew."""


class Filled(NamedTuple):
    """A template with its variables.

    Attributes:
        template_id: The gateway's id.
        content: The variables as they are submitted, joined by ``|``.
        text: What the recipient reads, without the signature.
        segments: Billed parts.
    """

    template_id: str
    content: str
    text: str
    segments: int


class TemplateRegistry:
    """One account's templates, as one call of ``send_sms`` or ``send_bulk`` sees them: a query each, none a message."""

    def __init__(self, alias: str, account: conf.AccountSettings) -> None:
        self._alias = alias
        self._account = account
        self._named: dict[str, tuple[datetime, Template]] = {}
        self._approved: list[Template] = []
        self._approved_at: datetime | None = None

    def fill(self, name: str, params: Sequence[object] | Mapping[str, object] | None) -> Filled:
        """Fill a template.

        Args:
            name: Our name for it.
            params: Its variables by name, in any order; or in its order.

        Raises:
            InvalidMessage: 4071 the account has no such template, or it has not passed; 404 a variable is missing or
                empty; 40722 there is no such variable, one is too long, or contains ``|``; 4073 the whole text is too
                long; 4070, 4074 and 407 as of any text. The reason names variables, never their values.
        """
        template = self._find(name)
        if not template.usable:
            state = template.get_state_display()
            raise InvalidMessage(NO_TEMPLATE, f"The template {name!r} has not passed ihuyi's review: it is {state}.")
        ordered = _in_order(template, params)
        if not template.variables:
            raise InvalidMessage(404, f"The template {name!r} has no variables: send its text as content.")
        content = check_params(ordered, self._account)
        text = fill(template.text, [str(value) for value in ordered.values()])
        check_length(text, self._account)
        return Filled(str(template.template_id), content, text, count_segments(text, self._account.signature))

    def recognize(self, text: str) -> tuple[Template | None, bool]:
        """Look which approved template a whole text is.

        Args:
            text: The text without the signature.

        Returns:
            The template, if any; and whether the account has any at all, since otherwise nothing is known.
        """
        if self._approved_at is None or not _is_fresh(self._approved_at):
            self._approved = list(Template.objects.usable(self._alias).order_by("pk"))
            self._approved_at = timezone.now()
        found = next((template for template in self._approved if matches(template.text, text)), None)
        return found, bool(self._approved)

    def check_match(self, text: str) -> None:
        """Do with a text that fits no approved template what ``TEMPLATE_MATCHING`` says, where it is not ``"off"``.

        Raises:
            InvalidMessage: 4072, where the setting is ``"refuse"``.
        """
        found, any_known = self.recognize(text)
        if found is not None or not any_known:
            return
        if self._account.template_matching == "refuse":
            raise InvalidMessage(
                NO_MATCH,
                f"The text fits none of the {len(self._approved)} approved templates of account {self._alias!r}. "
                "Punctuation counts; register the template if ihuyi has approved it.",
            )
        logger.warning(
            "A text fits none of the %d approved templates of account %r: the gateway may refuse it (4072).",
            len(self._approved),
            self._alias,
            extra={"event": "template.unmatched", "account": self._alias},
        )

    def _find(self, name: str) -> Template:
        known = self._named.get(name)
        if known is not None and _is_fresh(known[0]):
            return known[1]
        template = Template.objects.filter(name=name, account=self._alias).first()
        if template is None:
            raise InvalidMessage(
                NO_TEMPLATE,
                f"Account {self._alias!r} has no template named {name!r}. Register it in the admin, or give the "
                "gateway's id, a number.",
            )
        self._named[name] = (timezone.now(), template)
        return template


def _is_fresh(read_at: datetime) -> bool:
    # A clock that was set back makes nothing fresh for longer.
    return abs(timezone.now() - read_at) <= _FRESH


def is_name(template: str | int) -> bool:
    """Whether this is a name of ours: the gateway's ids are numbers."""
    text = str(template).strip()
    return not (text.isascii() and text.isdigit())


def submit_for_review(template: Template) -> bool:
    """Hand a template in with ``AddTemplate``.

    Args:
        template: A draft or a refused template, as it was read.

    Returns:
        Whether it was this call that handed it in. Where no answer came, ``template.lacks_id`` says so: the gateway may
        have it, and nothing hands it in twice by itself.

    Raises:
        GatewayError: The gateway surely has not got it, or refused it. The template is what it was, and keeps why.
        ImproperlyConfigured: There is no such account any more.
    """
    client = make_client(conf.get_account(template.account))
    before = template.state
    if not template.begin_submission(now=timezone.now()):
        return False
    try:
        template_id = _readable_id(client.add_template(template.text))
    except SubmitRefused as error:
        template.withdraw(state=before, msg=clean(error.msg), error=str(error))
        raise
    except GatewayError as error:
        if error.retryable:
            template.withdraw(state=before, error="The gateway could not be reached.")
            raise
        template.mark_unknown(error="No answer that can be read came: the gateway may have it.")
        return True
    if template_id is None:
        template.mark_unknown(error="The answer has no id that can be one: the gateway may have it.")
    else:
        template.settle(template_id)
    return True


def _readable_id(value: object) -> str | None:
    """Return the id that a client answered, or None if it is none: one of the site's own may answer anything."""
    text = str(value).strip()
    fits = text.isascii() and text.isdigit() and text.strip("0") and len(text) <= _LONGEST_ID
    return text if fits else None


def _in_order(template: Template, params: Sequence[object] | Mapping[str, object] | None) -> dict[str, object]:
    names = list(template.variables)
    if isinstance(params, Mapping):
        given: dict[str, object] = {str(name): value for name, value in params.items()}
    else:
        values = [params] if isinstance(params, str) else list(params or ())
        if len(values) > len(names):
            raise InvalidMessage(
                40722, f"The template {template.name!r} has {len(names)} variables, and {len(values)} were given."
            )
        given = dict(zip(names, values, strict=False))
    missing = [name for name in names if name not in given]
    unknown = [name for name in given if name not in names]
    if unknown:
        raise InvalidMessage(
            40722,
            f"The template {template.name!r} has no variable {', '.join(map(repr, unknown))}: "
            f"it has {', '.join(map(repr, names)) or 'none'}.",
        )
    if missing:
        raise InvalidMessage(404, f"The template {template.name!r} lacks {', '.join(map(repr, missing))} in params.")
    return {name: given[name] for name in names}
