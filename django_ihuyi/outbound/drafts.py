"""From what a caller wrote to a message that can be recorded: number, text, template, times, all checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django_ihuyi import conf
from django_ihuyi.clock import as_site_time
from django_ihuyi.exceptions import InvalidMessage
from django_ihuyi.gateway.texts import check_params
from django_ihuyi.models import Message
from django_ihuyi.options import CATEGORIES

from . import publishing
from .templates import NO_MATCH, NO_TEMPLATE, Registry, is_name

Params = Sequence[object] | Mapping[str, object]

_LONGEST_KEY = 128
_LONGEST_TEMPLATE = 32


class Drafts:
    """Makes messages of one account and category.

    Args:
        account: The account's alias.
        category: One of the three categories.

    Raises:
        InvalidMessage: 4072 the account's product carries no messages of this category.
        ValueError: There is no such category.
        ImproperlyConfigured: There is no such account.
    """

    def __init__(self, account: str, category: str) -> None:
        if category not in CATEGORIES:
            known = ", ".join(map(repr, CATEGORIES))
            raise ValueError(f"There is no category {category!r}. Write one of {known}.")
        self.account = account
        self.category = str(category)
        self._settings = conf.get_account(account)
        self._product = self._settings.sold_as
        if self._product.only_codes and self.category != Message.Category.VERIFICATION:
            reason = f"The account {account!r} carries verification codes only: category='verification'."
            raise InvalidMessage(NO_MATCH, reason)
        self._registry = Registry(account, self._settings)
        self._checked: tuple[str | None, str, int] = (None, "", 0)

    def make(
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
        if content is not None and template is not None:
            raise TypeError("Give content or template with params, not both.")
        if params is not None and template is None:
            raise TypeError("params are a template's variables: give template as well.")
        if idempotency_key is not None and not 1 <= len(idempotency_key) <= _LONGEST_KEY:
            raise ValueError(f"An idempotency key has 1 to {_LONGEST_KEY} characters, this one {len(idempotency_key)}.")
        if template is not None and not 1 <= len(str(template).strip()) <= _LONGEST_TEMPLATE:
            raise ValueError(
                f"A template's name or id has 1 to {_LONGEST_TEMPLATE} characters: write yours, or the one of ihuyi's "
                "console."
            )
        number = self._settings.normalise(mobile)
        if template is not None and not self._product.takes_templates:
            raise InvalidMessage(NO_TEMPLATE, f"The account {self.account!r} has no templates: give content.")
        template_id = "" if template is None else str(template).strip()
        if template is None:
            text, segments = self._check(content)
        elif is_name(template_id):
            template_id, text, _whole, segments = self._registry.fill(template_id, params)
        else:
            text, segments = self._check_variables(params)
        send_at, expires_at = _check_times(now, send_at, expires_at)
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
            # A message for later is published by upkeep when it is due: brokers are no calendars.
            publish_at=due_at if due_at > now else publishing.publish_again_at(due_at),
            idempotency_key=idempotency_key,
            metadata=dict(metadata or {}),
        )

    def _check(self, content: str | None) -> tuple[str, int]:
        # A campaign says the same to everybody: what was just found right is not looked at again.
        if content is None or content != self._checked[0]:
            text = self._product.check_text(content, self._settings)
            self._registry.check_match(text)
            self._checked = (content, text, self._product.count_segments(text, self._settings))
        return self._checked[1], self._checked[2]

    def _check_variables(self, params: Params | None) -> tuple[str, int]:
        text = check_params(params, self._settings)
        return text, self._product.count_segments(text, self._settings)


def _check_times(
    now: datetime, send_at: datetime | None, expires_at: datetime | None
) -> tuple[datetime | None, datetime | None]:
    send_at = send_at and as_site_time(send_at)
    expires_at = expires_at and as_site_time(expires_at)
    if expires_at and expires_at <= max(now, send_at or now):
        raise ValueError("expires_at is not after send_at and the present: the message could never be sent.")
    return send_at, expires_at
