"""Every column that holds text, and what becomes of the text: whoever adds one has to decide."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import models
from django.utils import timezone
from pytest_django import Settings

from django_ihuyi.models import Message, Receipt, Reply
from django_ihuyi.privacy.retention import TEXTS
from django_ihuyi.tasks import purge

EMPTIED = {(label, column) for label, columns in TEXTS.items() for column in columns}
KEPT: dict[str, dict[str, str]] = {
    "django_ihuyi.AccountState": {
        "account": "a name of the site's",
        "msg": "the gateway's words about the account, without numbers and codes; the next pause replaces them",
    },
    "ihuyi_api.ApiCall": {"key": "a keyed digest, for seven days", "fingerprint": "a keyed digest, for seven days"},
    "django_ihuyi.BalanceReading": {"account": "a name of the site's"},
    "django_ihuyi.Batch": {
        "category": "a word of ours",
        "account": "a name of the site's",
        "error": "the name of an exception",
        "idempotency_key": "the site's own; it ends with the row",
    },
    "ihuyi_verification.CodeQuota": {"subject": "a number or an address, for two days", "spent": "times, for two days"},
    "ihuyi_dashboard.CodeTally": {"purpose": "a name of the site's"},
    "django_ihuyi.Heartbeat": {"name": "a name of the site's"},
    "django_ihuyi.Message": {
        "mobile": "HASH_MOBILES_AFTER_DAYS",
        "template": "the gateway's id",
        "category": "a word of ours",
        "account": "a name of the site's",
        "status": "a word of ours",
        "smsid": "the gateway's id",
        "idempotency_key": "the site's own; it keeps the same message from being sent again",
        "metadata": "the site's own; it ends with the row",
    },
    "ihuyi_dashboard.MessageTally": dict.fromkeys(("account", "category", "status"), "counted, about nobody"),
    "django_ihuyi.OptOut": {"mobile": "a person's wish, as long as it holds", "reason": "why; it ends with the row"},
    "django_ihuyi.Receipt": {
        "mobile": "HASH_MOBILES_AFTER_DAYS",
        "smsid": "the gateway's id",
        "fingerprint": "a keyed digest",
        "product": "a word of ours",
    },
    "django_ihuyi.Reply": {
        "mobile": "HASH_MOBILES_AFTER_DAYS",
        "smsid": "the gateway's id",
        "fingerprint": "a keyed digest",
    },
    "ihuyi_verification.Suspicion": {"subject": "the site, a network or the first digits of numbers"},
    "django_ihuyi.Template": dict.fromkeys(
        ("name", "account", "text", "variables", "template_id", "state", "msg", "error"), "about no person"
    ),
    "django_ihuyi.TemplateReview": dict.fromkeys(("templateid", "msg", "fingerprint"), "about no person"),
    "ihuyi_verification.VerificationCode": dict.fromkeys(
        ("mobile", "purpose", "nonce", "address", "network"), "KEEP_DAYS deletes the row"
    ),
    "ihuyi_dashboard.WaitTally": dict.fromkeys(("category", "kind"), "counted, about nobody"),
    "ihuyi_webhooks.WebhookDelivery": {
        "event_id": "random",
        "event": "a word of ours",
        "data": "ids, codes and times",
        "status": "a word of ours",
        "error": "our own words about the connection",
    },
    "ihuyi_webhooks.WebhookEndpoint": dict.fromkeys(
        ("name", "url", "events", "account", "category", "disabled_reason", "nonce", "previous_nonce"), "the site's own"
    ),
    "ihuyi_otp.SmsDevice": {"name": "the site's own", "mobile": "as long as the device is used"},
}


def text_columns() -> set[tuple[str, str]]:
    """Model and column of all that holds text or JSON in the package's tables."""
    return {
        (model._meta.label, field.name)
        for model in apps.get_models()
        if model.__module__.startswith("django_ihuyi.")
        for field in model._meta.concrete_fields
        if isinstance(field, models.CharField | models.TextField | models.JSONField)
    }


def test_every_text_column__is_emptied_or_kept_for_a_reason() -> None:
    kept = {(label, column) for label, columns in KEPT.items() for column in columns}
    assert not kept & EMPTIED
    assert kept | EMPTIED == text_columns()


@pytest.mark.django_db
def test_the_emptied_columns__of_old_rows__are_empty_after_a_purge(settings: Settings) -> None:
    settings.IHUYI = {**settings.IHUYI, "TEXT_RETENTION_DAYS": 7}
    then = timezone.now() - timedelta(days=8)
    old: dict[str, Any] = {"mobile": "13800138000"}
    message = {**old, "created_at": then, "submitted_at": then, "status": "delivered"}
    kinds: dict[type[models.Model], dict[str, Any]] = {
        Message: message,
        Receipt: {**old, "code": 2, "received_at": then},
        Reply: {**old, "received_at": then},
    }
    # One row for each column, with a text in that column alone.
    for model, values in kinds.items():
        for column in TEXTS[model._meta.label]:
            empty = dict.fromkeys(TEXTS[model._meta.label], "")
            model._default_manager.create(**{**values, **empty, column: f"quoted in {column}"})
    purge()
    for model in kinds:
        columns = TEXTS[model._meta.label]
        assert set(model._default_manager.values_list(*columns)) == {("",) * len(columns)}
        assert model._default_manager.count() == len(columns)
