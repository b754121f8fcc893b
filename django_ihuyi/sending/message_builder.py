"""Builds a message from the arguments of ``send_sms`` and ``send_bulk``, with all checks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from django_ihuyi import conf
from django_ihuyi.arguments import read_optional_text, read_text, require_type, wrong_type
from django_ihuyi.china_time import as_site_time
from django_ihuyi.conf import AccountSettings
from django_ihuyi.conf.validators import CATEGORIES
from django_ihuyi.dispatch import get_dispatcher
from django_ihuyi.exceptions import InvalidMessage
from django_ihuyi.gateway.content import check_params
from django_ihuyi.gateway.mobile_numbers import country_of
from django_ihuyi.models import Message
from django_ihuyi.models.metadata import UNSTORABLE, UNSTORABLE_NAME, check_metadata

from .template_registry import NO_MATCH, NO_TEMPLATE, TemplateRegistry, is_name

Params = Sequence[object] | Mapping[str, object]

MAX_KEY_LENGTH = 128
_MAX_TEMPLATE_LENGTH = 32
_UNORDERED = (bytes, bytearray, set, frozenset)
"""What could be iterated, but gives no variables in an order."""
_FIRST_YEAR, _LAST_YEAR = 1971, 9998
"""What every database holds, in any time zone."""


class UnusableValueError(ValueError):
    """A key, a time or metadata of the caller's that cannot be recorded. Its text quotes no value.

    The gateway never gets these, so it has no code for them: ``send_bulk`` refuses the row, everything else raises.
    """


def normalize_recipient(account: AccountSettings, mobile: object) -> str:
    """Normalize a mobile number that a message is for.

    Args:
        account: The settings of the account that sends.
        mobile: A number in any usual notation.

    Returns:
        The number as it is stored: eleven digits, or ``+``, country code and number.

    Raises:
        InvalidMessage: With code 403 if there is no number, 406 if the account's product cannot reach it or its
            country is not in ``COUNTRIES``.
    """
    number = account.product_spec.normalize(mobile)
    if account.countries is not None and country_of(number) not in account.countries:
        reason = "The number is of a country that this account does not send to (COUNTRIES in its settings)."
        raise InvalidMessage(406, reason)
    return number


class MessageBuilder:
    """Makes messages of one account and category.

    Args:
        account: The account's alias.
        category: One of the three categories.

    Raises:
        InvalidMessage: 4072 the account's product carries no messages of this category.
        TypeError: One of them is no text.
        ValueError: There is no such category.
        ImproperlyConfigured: There is no such account.
    """

    def __init__(self, account: str, category: str) -> None:
        account, category = read_text("account", account), read_text("category", category)
        if category not in CATEGORIES:
            known = ", ".join(map(repr, CATEGORIES))
            raise ValueError(f"There is no category {category!r}. Write one of {known}.")
        self.account = account
        self.category = str(category)
        self._settings = conf.get_account(account)
        self._product = self._settings.product_spec
        if self._product.only_codes and self.category != Message.Category.VERIFICATION:
            reason = f"The account {account!r} carries verification codes only: category='verification'."
            raise InvalidMessage(NO_MATCH, reason)
        self._checked: tuple[str | None, str, int] = (None, "", 0)
        self._shared: dict[str, Any] = {}

    def share(self, metadata: Mapping[str, Any] | None) -> dict[str, Any]:
        """Check metadata that many messages have in common. Give what this returns to :meth:`make`.

        Raises:
            ValueError: As of :func:`~.sending.send_sms`.
        """
        self._shared = self._check_metadata(metadata)
        return self._shared

    def build(
        self,
        mobile: object,
        content: str | None,
        *,
        template: str | int | None,
        params: Params | None,
        idempotency_key: str | None,
        send_at: datetime | None,
        expires_at: datetime | None,
        metadata: Mapping[str, Any] | None,
        now: datetime,
    ) -> Message:
        """Make a message that is not saved; arguments and errors as of :func:`~.sending.send_sms`."""
        check_types(template=template, params=params, send_at=send_at, expires_at=expires_at, metadata=metadata)
        content = read_optional_text("content", content, code=404)
        idempotency_key = read_optional_text("idempotency_key", idempotency_key)
        if content is not None and template is not None:
            raise TypeError("Give content or template with params, not both.")
        if params is not None and template is None:
            raise TypeError("params are a template's variables: give template as well.")
        if idempotency_key is not None:
            check_key(idempotency_key, "An idempotency key", MAX_KEY_LENGTH)
        noted = metadata if metadata is self._shared else self._check_metadata(metadata)
        number = normalize_recipient(self._settings, mobile)
        if template is not None and not self._product.supports_templates:
            raise InvalidMessage(NO_TEMPLATE, f"The account {self.account!r} has no templates: give content.")
        template_id = "" if template is None else read_template(template)
        if template is None:
            text, segments = self._check(content)
        elif is_name(template_id):
            template_id, text, _whole, segments = self._registry.fill(template_id, params)
        else:
            text, segments = self._check_variables(params)
        send_at, expires_at = check_times(now, send_at, expires_at)
        due_at = max(now, send_at or now)
        return Message(
            mobile=number,
            content=text,
            template=template_id,
            category=self.category,
            account=self.account,
            segments=segments,
            created_at=now,
            send_at=send_at,
            expires_at=expires_at,
            due_at=due_at,
            # A message for later is published by the sweep when it is due: brokers are no calendars.
            publish_at=due_at if due_at > now else get_dispatcher().next_enqueue_at(due_at),
            idempotency_key=idempotency_key,
            metadata=noted,
        )

    @cached_property
    def _registry(self) -> TemplateRegistry:
        return TemplateRegistry(self.account, self._settings)

    def _check_metadata(self, metadata: Mapping[str, Any] | None) -> dict[str, Any]:
        if not metadata:
            return self._shared if not self._shared else {}
        try:
            return check_metadata(metadata)
        except ValueError as error:
            raise UnusableValueError(str(error)) from None

    def _check(self, content: str | None) -> tuple[str, int]:
        # A campaign says the same to everybody: what was just found right is not looked at again.
        if content is None or content != self._checked[0]:
            text = self._product.check_text(content, self._settings)
            if self._settings.template_matching != "off":
                self._registry.check_match(text)
            self._checked = (content, text, self._product.count_segments(text, self._settings))
        return self._checked[1], self._checked[2]

    def _check_variables(self, params: Params | None) -> tuple[str, int]:
        text = check_params(params, self._settings)
        return text, self._product.count_segments(text, self._settings)


def check_types(*, template: object, params: object, send_at: object, expires_at: object, metadata: object) -> None:
    """Refuse what can be none of these arguments by its type; texts are read by :mod:`~django_ihuyi.arguments`.

    Raises:
        ArgumentTypeError: A ``TypeError`` that names the argument and the type.
    """
    if template is not None and (isinstance(template, bool) or not isinstance(template, int)):
        read_text("template", template, expected="a text or a whole number")
    if params is not None and (isinstance(params, _UNORDERED) or not isinstance(params, Iterable)):
        raise wrong_type("params", params, "a list of the template's variables, or a dict", code=404)
    require_type("send_at", send_at, datetime, "a datetime")
    require_type("expires_at", expires_at, datetime, "a datetime")
    require_type("metadata", metadata, Mapping, "a dict")


def check_key(key: str, what: str, longest: int) -> None:
    """Refuse an idempotency key that no table can hold.

    Args:
        key: The key.
        what: What it is called in the error.
        longest: How many characters it may have.

    Raises:
        ValueError: It is empty or too long, or has a character that a database does not take.
    """
    if not 1 <= len(key) <= longest:
        raise UnusableValueError(f"{what} has 1 to {longest} characters, this one {len(key)}.")
    if UNSTORABLE.search(key):
        raise UnusableValueError(f"{what} has {UNSTORABLE_NAME}.")


def read_template(template: str | int) -> str:
    """Return a template's name or id as the table holds it.

    Raises:
        InvalidMessage: 4071 there can be no such template.
    """
    # An integer of more digits than Python writes is no id either.
    name = "" if isinstance(template, int) and abs(template) >= 10**_MAX_TEMPLATE_LENGTH else str(template).strip()
    if not 1 <= len(name) <= _MAX_TEMPLATE_LENGTH or UNSTORABLE.search(name):
        raise InvalidMessage(
            NO_TEMPLATE,
            f"A template's name or id has 1 to {_MAX_TEMPLATE_LENGTH} characters: write yours, or the one of ihuyi's "
            "console.",
        )
    return name


def check_times(
    now: datetime, send_at: datetime | None, expires_at: datetime | None
) -> tuple[datetime | None, datetime | None]:
    """Return when a message may be sent, as the site's times are.

    Args:
        now: The present.
        send_at: Not before this time.
        expires_at: Not at or after this time.

    Raises:
        ValueError: The message could never be sent, or a time is one that a database does not hold.
    """
    for name, moment in (("send_at", send_at), ("expires_at", expires_at)):
        if moment and not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
            raise UnusableValueError(f"{name} is not in the years {_FIRST_YEAR} to {_LAST_YEAR}.")
    send_at = send_at and as_site_time(send_at)
    expires_at = expires_at and as_site_time(expires_at)
    if expires_at and expires_at <= max(now, send_at or now):
        raise UnusableValueError("expires_at is not after send_at and the present: the message could never be sent.")
    return send_at, expires_at
