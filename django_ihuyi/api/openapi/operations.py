"""Name, description and responses of each operation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from django_ihuyi.api import messages, overview, people
from django_ihuyi.api.base import Endpoint

from . import examples, shapes

MESSAGES, CODES, PEOPLE, SITE = "messages", "verifications", "people", "site"
TAGS: Mapping[str, Promise | str] = {
    MESSAGES: _("Messages and bulk sendings."),
    CODES: _("Verification codes."),
    PEOPLE: _("Replies and opt-outs."),
    SITE: _("Templates, balances and figures."),
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One verb of one address.

    Attributes:
        name: What generated clients call it.
        tag: One of :data:`TAGS`.
        summary: A few words.
        description: One or two sentences.
        answers: The shape of what is answered by status; None has no body.
        example: Such an answer.
        request: A body that is taken.
        refusals: Statuses of problems besides those that any such request can have.
        idempotent: Whether it reads ``Idempotency-Key``.
    """

    name: str
    tag: str
    summary: Promise | str
    description: Promise | str
    answers: Mapping[int, type[shapes.Shape] | None]
    example: Any = None
    request: Any = None
    refusals: tuple[int, ...] = ()
    idempotent: bool = False


_Operations = dict[tuple[type[Endpoint], str], Operation]


def _of_verification() -> _Operations:
    if not apps.is_installed("django_ihuyi.verification"):
        return {}
    from django_ihuyi.api import verifications

    return {
        (verifications.Verifications, "POST"): Operation(
            *("send_code", CODES, _("Send a verification code")),
            _(
                "Within the site's limits: 429 says which is met and when to try again, "
                "403 that a captcha is asked for."
            ),
            {202: shapes.SentCode},
            examples.SENT_CODE,
            examples.NEW_CODE,
            (422, 503),
        ),
        (verifications.VerificationChecks, "POST"): Operation(
            *("check_code", CODES, _("Check a verification code")),
            _("A code is right at most once."),
            {200: shapes.CheckedCode},
            examples.CHECKED_CODE,
            examples.TYPED_CODE,
            (422,),
        ),
    }


def _of_dashboard() -> _Operations:
    if not apps.is_installed("django_ihuyi.dashboard"):
        return {}
    from django_ihuyi.api import stats

    from . import figures

    return {
        (stats.Stats, "GET"): Operation(
            *("get_stats", SITE, _("Read the figures")),
            _("Of a named range, or of the days from and to, which are given together and in place of range."),
            {200: figures.Stats},
            examples.STATS,
        ),
    }


OPERATIONS: Mapping[tuple[type[Endpoint], str], Operation] = {
    (messages.Messages, "GET"): Operation(
        *("list_messages", MESSAGES, _("List messages")),
        _("The newest first, page by page: next is the address of the next one."),
        {200: shapes.MessageList},
        examples.MESSAGES,
        refusals=(422,),
    ),
    (messages.Messages, "POST"): Operation(
        *("send_message", MESSAGES, _("Send a message")),
        _("It is recorded, and a worker submits it. The same request with the same Idempotency-Key is done once."),
        {202: shapes.Message},
        examples.MESSAGE,
        examples.NEW_MESSAGE,
        (409, 422),
        idempotent=True,
    ),
    (messages.OneMessagePage, "GET"): Operation(
        *("get_message", MESSAGES, _("Look at a message")),
        _("What has become of it."),
        {200: shapes.Message},
        examples.MESSAGE,
        refusals=(404,),
    ),
    (messages.CancelMessage, "POST"): Operation(
        *("cancel_message", MESSAGES, _("Cancel a message")),
        _("Only while it is queued. 204 for who may not view messages."),
        {200: shapes.Message, 204: None},
        examples.CANCELLED,
        refusals=(404, 409),
    ),
    (messages.ManyMessagesPage, "POST"): Operation(
        *("send_messages", MESSAGES, _("Send many messages")),
        _("Up to 10,000 are recorded, and workers submit them. The same Idempotency-Key goes on where it left off."),
        {202: shapes.BulkResult},
        examples.BULK_RESULT,
        examples.NEW_MESSAGES,
        (409, 422),
        idempotent=True,
    ),
    (messages.BatchPage, "GET"): Operation(
        *("get_batch", MESSAGES, _("Look at a batch")),
        _("How far a bulk sending is."),
        {200: shapes.Batch},
        examples.BATCH,
        refusals=(404,),
    ),
    (people.Replies, "GET"): Operation(
        *("list_replies", PEOPLE, _("List replies")),
        _("What people answered, the newest first."),
        {200: shapes.ReplyList},
        examples.REPLIES,
        refusals=(422,),
    ),
    (people.OptOuts, "GET"): Operation(
        *("list_opt_outs", PEOPLE, _("List opt-outs")),
        _("Who wants no marketing texts, the newest first."),
        {200: shapes.OptOutList},
        examples.OPT_OUTS,
        refusals=(422,),
    ),
    (people.OptOuts, "POST"): Operation(
        *("add_opt_out", PEOPLE, _("Add an opt-out")),
        _("201 for a new one, 200 for an existing one, which is not changed; 204 for who may not view opt-outs."),
        {200: shapes.OptOut, 201: shapes.OptOut, 204: None},
        examples.OPT_OUT,
        examples.NEW_OPT_OUT,
        (422,),
    ),
    (people.OneOptOut, "DELETE"): Operation(
        *("remove_opt_out", PEOPLE, _("Remove an opt-out")),
        _("Marketing texts may go to the number again."),
        {204: None},
        refusals=(404,),
    ),
    (overview.Templates, "GET"): Operation(
        *("list_templates", SITE, _("List templates")),
        _("The registry of templates, the newest first."),
        {200: shapes.TemplateList},
        examples.TEMPLATES,
    ),
    (overview.OneTemplate, "GET"): Operation(
        *("get_template", SITE, _("Look at a template")),
        _("Its text, and what the gateway's review said."),
        {200: shapes.Template},
        examples.TEMPLATE,
        refusals=(404,),
    ),
    (overview.Balances, "GET"): Operation(
        *("list_balances", SITE, _("List balances")),
        _("What each account had left when the gateway was asked last. It is not asked now."),
        {200: shapes.Balances},
        examples.BALANCES,
    ),
    **_of_verification(),
    **_of_dashboard(),
}
