"""Actions on webhook endpoints: enable, disable, ping, rotate the secret."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from django_ihuyi.webhooks import dispatch
from django_ihuyi.webhooks.conf import WebhookSettings, get_webhooks
from django_ihuyi.webhooks.models import WebhookDelivery, WebhookEndpoint

Words = str | Promise


@dataclass(frozen=True, slots=True)
class EndpointAction:
    """Something that staff may do to an endpoint.

    Attributes:
        name: In addresses.
        permission: Whose holders may.
        label: On the link and the button.
        question: What is asked before.
        explanation: What follows from it.
        done: What the log and the page say afterwards.
        offered: Whether it makes sense for an endpoint as it was read.
        do: Does it. Returns whether it did.
        shows_secret: Whether the new secret is shown afterwards.
    """

    name: str
    permission: str
    label: Words
    question: Words
    explanation: Words
    done: Words
    offered: Callable[[WebhookEndpoint], bool]
    do: Callable[[WebhookEndpoint], bool]
    shows_secret: bool = False

    def allowed_to(self, user: Any) -> bool:  # noqa: ANN401  a user model of the site's
        """Whether somebody may."""
        return bool(user.has_perm(f"ihuyi_webhooks.{self.permission}"))


def _switch_off(endpoint: WebhookEndpoint) -> bool:
    return endpoint.switch_off(reason="", now=timezone.now())


def _ping(endpoint: WebhookEndpoint) -> bool:
    pk = WebhookDelivery.objects.ping(endpoint).pk
    transaction.on_commit(lambda: dispatch.enqueue([pk]), using=WebhookDelivery.objects.db, robust=True)
    return True


def _rotate(endpoint: WebhookEndpoint) -> bool:
    options = get_webhooks() or WebhookSettings()
    return endpoint.rotate(now=timezone.now(), overlap=options.rotation)


PING = EndpointAction(
    name="ping",
    permission="change_webhookendpoint",
    label=_("Send a ping"),
    question=_("Post an event that says nothing?"),
    explanation=_("It shows whether the receiver can be reached and knows the secret."),
    done=_("A ping is on its way."),
    offered=lambda endpoint: endpoint.active,
    do=_ping,
)
ROTATE = EndpointAction(
    name="rotate",
    permission="rotate_webhook_secret",
    label=_("New secret"),
    question=_("Put a new secret in the place of the one that counts now?"),
    explanation=_("Events are signed with both for a while, so that the receiver can be changed without a gap."),
    done=_("The secret was changed."),
    offered=lambda endpoint: True,
    do=_rotate,
    shows_secret=True,
)
SWITCH_OFF = EndpointAction(
    name="off",
    permission="change_webhookendpoint",
    label=_("Switch off"),
    question=_("Switch this endpoint off?"),
    explanation=_("What happens meanwhile is not written down for it. What waits for it already is kept."),
    done=_("Switched off."),
    offered=lambda endpoint: endpoint.active,
    do=_switch_off,
)
SWITCH_ON = EndpointAction(
    name="on",
    permission="change_webhookendpoint",
    label=_("Switch on"),
    question=_("Switch this endpoint on again?"),
    explanation=_("What waits for it goes out, and what happens from now on."),
    done=_("Switched on."),
    offered=lambda endpoint: not endpoint.active,
    do=lambda endpoint: endpoint.switch_on(),
)
ENDPOINT_ACTIONS = {act.name: act for act in (PING, ROTATE, SWITCH_OFF, SWITCH_ON)}
