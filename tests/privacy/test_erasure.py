"""One person leaves every table, and no table is forgotten."""

from __future__ import annotations

import io
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.db import models
from django.test import modify_settings
from django.utils import timezone
from pytest_django import Settings

from django_ihuyi import hooks, isolation
from django_ihuyi.contrib.otp.models import SmsDevice
from django_ihuyi.models import Message, OptOut, Receipt, Reply
from django_ihuyi.privacy import erasure
from django_ihuyi.verification.models import CodeQuota, VerificationCode

MOBILE = "13800138000"
OTHER = "13900139000"
MASKED = "138******00"

pytestmark = pytest.mark.django_db


def fill(mobile: str) -> None:
    """Let a person appear in every table."""
    user = User.objects.create_user(f"user-{mobile[:4]}")
    values: dict[str, Any] = {"mobile": mobile, "content": f"{mobile} 您好", "metadata": {"whose": mobile}}
    sent = {"status": "delivered", "code": 2, "smsid": f"{mobile}7", "msg": mobile, "receipt_msg": mobile}
    message = Message.objects.create(**values, **sent, idempotency_key=f"order-{mobile}", error=mobile)
    Message.objects.create(**values)
    Receipt.objects.create(mobile=mobile, code=2, message=message, smsid=f"{mobile}7", msg=mobile)
    Reply.objects.create(mobile=mobile, content=f"我是 {mobile}")
    later = timezone.now() + timedelta(minutes=5)
    VerificationCode.objects.create(mobile=mobile, purpose="x", nonce="n", length=6, expires_at=later)
    CodeQuota.objects.create(subject=f"number:{mobile}")
    OptOut.objects.create(mobile=mobile, reason=f"{mobile} 打过电话")
    SmsDevice.objects.create(mobile=mobile, user=user, name="phone")
    LogEntry.objects.create(
        user=user,
        content_type=ContentType.objects.get_for_model(OptOut),
        object_repr=mobile,
        change_message=f"[{mobile}]",
        action_flag=1,
    )


def mentions(mobile: str) -> set[str]:
    """The tables of the whole database in which a number stands anywhere."""
    found = set()
    for model in apps.get_models():
        names = [field.attname for field in model._meta.concrete_fields]
        for row in model._default_manager.values(*names):
            if mobile in str(row):
                found.add(model._meta.label)
    return found


TABLES = {
    "admin.LogEntry",
    "ihuyi_verification.CodeQuota",
    "django_ihuyi.Message",
    "django_ihuyi.OptOut",
    "django_ihuyi.Receipt",
    "django_ihuyi.Reply",
    "ihuyi_verification.VerificationCode",
    "ihuyi_otp.SmsDevice",
}


def test_one_person_leaves_and_the_others_stay() -> None:
    fill(MOBILE)
    fill(OTHER)
    before = dict(Receipt.objects.values_list("mobile", "fingerprint"))
    assert mentions(MOBILE) == TABLES
    # The smsid of a message is the gateway's; here it holds the number so that what stays is seen.
    Message.objects.filter(mobile=MOBILE).update(smsid="14745625541233112231")
    Receipt.objects.filter(mobile=MOBILE).update(smsid="14745625541233112231")
    counts = erasure.erase(MOBILE)
    assert counts == {**dict.fromkeys(TABLES, 1), "django_ihuyi.Message": 2, "ihuyi_api.ApiCall": 0}
    assert mentions(MOBILE) == {"django_ihuyi.OptOut"}
    assert mentions(OTHER) == TABLES
    kept = Message.objects.filter(mobile=MASKED).order_by("id")
    assert [(m.status, m.code, m.content, m.metadata) for m in kept] == [
        ("delivered", 2, "", {}),
        ("cancelled", None, "", {}),
    ]
    # A digest of the number and what stands beside it would tell it to whoever tries all numbers.
    assert Receipt.objects.get(mobile=MASKED).fingerprint != before[MOBILE]
    assert OptOut.objects.get(mobile=MOBILE).reason == ""
    assert set(erasure.erase(MOBILE).values()) == {0}


def test_the_opt_out_goes_where_that_is_asked_for() -> None:
    OptOut.objects.create(mobile=MOBILE)
    assert erasure.erase(MOBILE, opt_out=True)["django_ihuyi.OptOut"] == 1
    assert not OptOut.objects.exists()


def test_a_site_with_neither_the_admin_nor_devices(settings: Settings) -> None:
    fill(MOBILE)
    without = {"django.contrib.admin", "django_ihuyi.contrib.otp"}
    settings.INSTALLED_APPS = [name for name in settings.INSTALLED_APPS if name not in without]
    left = TABLES - {"admin.LogEntry", "ihuyi_otp.SmsDevice"} | {"ihuyi_api.ApiCall"}
    assert erasure.count(MOBILE).keys() == erasure.erase(MOBILE).keys() == left


def test_erase__of_more_rows_than_a_chunk_has__changes_all_of_them() -> None:
    Message.objects.bulk_create(Message(mobile=MOBILE, content="x", status="delivered") for _number in range(501))
    assert erasure.erase(MOBILE)["django_ihuyi.Message"] == 501


@pytest.mark.parametrize(("size", "chunks"), [(2, [2, 2, 1]), (5, [5]), (6, [5])])
def test_in_chunks__of_five_rows__handles_them_in_the_order_of_their_keys(size: int, chunks: list[int]) -> None:
    made = [OptOut.objects.create(mobile=f"1380013800{number}").pk for number in range(5)]
    seen: list[list[int]] = []

    def see(rows: models.QuerySet[Any]) -> int:
        seen.append(sorted(rows.values_list("pk", flat=True)))
        return len(seen[-1])

    assert isolation.in_chunks(OptOut.objects.all(), see, size=size) == (5, None, 0)
    assert [len(keys) for keys in seen] == chunks
    assert [key for keys in seen for key in keys] == made


ALL_IN_ORDER = [
    "ihuyi_api.ApiCall",
    "django_ihuyi.Message",
    "django_ihuyi.Receipt",
    "django_ihuyi.Reply",
    "ihuyi_verification.VerificationCode",
    "ihuyi_verification.CodeQuota",
    "ihuyi_otp.SmsDevice",
    "django_ihuyi.OptOut",
    "admin.LogEntry",
]


def test_tables__with_all_apps__are_erased_in_the_order_of_old() -> None:
    assert list(erasure.count(MOBILE)) == list(erasure.erase(MOBILE)) == ALL_IN_ORDER


NOBODYS = {
    "Suspicion",  # its subjects are the site, client's addresses and the first digits of numbers
    "Template",  # its text has places for a person's words, and none of them
    "TemplateReview",  # it is about a template
    "TallySlot",  # its number is a half-hour's
    "Dashboard",
}


FEATURES = {
    "django_ihuyi.verification": {"VerificationCode", "CodeQuota", "Suspicion"},
    "django_ihuyi.webhooks": {"WebhookEndpoint", "WebhookDelivery"},
    "django_ihuyi.dashboard": {"MessageTally", "WaitTally", "CodeTally", "TallySlot", "Dashboard"},
    "django_ihuyi.api": {"ApiCall"},
    "django_ihuyi.contrib.otp": {"SmsDevice"},
}
"""The models of each feature, wherever they are."""
TELLING = {
    *("mobile", "mobiles", "number", "phone", "recipient", "mobilephone"),
    *("subject", "content", "text", "fingerprint"),
}
"""Names of fields that are about a person."""


@pytest.mark.parametrize("left_out", [[], *([name] for name in FEATURES), list(FEATURES)], ids=str)
def test_tables__with_features_left_out__are_all_those_with_numbers(left_out: list[str]) -> None:
    """A new table with a number or a text of a person has to say what becomes of its rows."""
    gone = {name for feature in left_out for name in FEATURES[feature]}
    with modify_settings(INSTALLED_APPS={"remove": left_out}):
        labels = {"django_ihuyi", *(config.label for config in hooks.features())}
        with_people = {
            model._meta.label
            for model in apps.get_models()
            if model._meta.app_label in labels
            and model.__name__ not in gone | NOBODYS
            and TELLING & {field.name for field in model._meta.get_fields() if isinstance(field, models.Field)}
        }
        assert {table.label for table in erasure.tables()} - {"admin.LogEntry"} == with_people


@pytest.mark.parametrize("feature", FEATURES)
def test_erase__without_a_feature__erases_the_tables_of_the_others(feature: str) -> None:
    fill(MOBILE)
    # The gateway's id, which holds no number outside of this test.
    for model in (Message, Receipt):
        model._default_manager.update(smsid="14745625541233112231")
    left = {label for label in ALL_IN_ORDER if label.rpartition(".")[2] not in FEATURES[feature]}
    with modify_settings(INSTALLED_APPS={"remove": [feature]}):
        assert erasure.count(MOBILE).keys() == erasure.erase(MOBILE).keys() == left
    assert mentions(MOBILE) == {"django_ihuyi.OptOut"} | (TABLES - left)


@pytest.mark.parametrize(
    ("app_label", "masked"),
    [
        ("django_ihuyi", True),
        ("ihuyi_verification", True),
        ("ihuyi_webhooks", True),
        ("ihuyi_otp", True),
        ("ihuyi_shop", False),
        ("auth", False),
    ],
)
@pytest.mark.parametrize("left_out", [[], ["django_ihuyi.verification", "django_ihuyi.webhooks"]], ids=["all", "some"])
def test_admin_log__of_an_app__is_masked_where_the_app_is_ours(
    app_label: str, masked: bool, left_out: list[str]
) -> None:
    kind, _made = ContentType.objects.get_or_create(app_label=app_label, model="thing")
    user = User.objects.create_user("staff")
    LogEntry.objects.create(
        user=user, content_type=kind, object_repr=MOBILE, change_message=f"[{MOBILE}]", action_flag=1
    )
    with modify_settings(INSTALLED_APPS={"remove": left_out}):
        assert erasure.count(MOBILE)["admin.LogEntry"] == int(masked)
        erasure.erase(MOBILE)
    entry = LogEntry.objects.get()
    assert (entry.object_repr, entry.change_message) == ((MASKED, f"[{MASKED}]") if masked else (MOBILE, f"[{MOBILE}]"))


def test_the_command_counts_first() -> None:
    fill(MOBILE)
    out = io.StringIO()
    call_command("ihuyi_erase", f"+86 {MOBILE}", "--dry-run", stdout=out)
    assert "django_ihuyi.Message=2\n" in out.getvalue()
    assert "ihuyi_api.ApiCall=0\n" in out.getvalue()
    assert len(out.getvalue().splitlines()) == len(TABLES) + 1
    assert mentions(MOBILE) == TABLES


class Typed(io.StringIO):
    """A terminal at which something was typed."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("typed", "gone"), [("yes\n", True), ("no\n", False), ("", False)])
def test_the_command_asks(typed: str, gone: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    OptOut.objects.create(mobile=MOBILE)
    monkeypatch.setattr("sys.stdin", Typed(typed))
    out = io.StringIO()
    refused = nullcontext() if gone else pytest.raises(CommandError, match="Nothing was erased")
    with refused:
        call_command("ihuyi_erase", MOBILE, "--forget-opt-out", stdout=out)
    assert OptOut.objects.exists() is not gone
    assert MOBILE not in out.getvalue()
    assert MASKED in out.getvalue()


@pytest.mark.parametrize(
    ("arguments", "said", "status"),
    [(["13800138000"], "--no-input", 2), (["12", "--no-input"], "406", 2)],
    ids=["nobody there", "no number"],
)
def test_the_command_refuses(arguments: list[str], said: str, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(CommandError, match=said) as caught:
        call_command("ihuyi_erase", *arguments)
    assert caught.value.returncode == status


def test_what_is_on_the_wire_is_told() -> None:
    message = Message.objects.create(mobile=MOBILE, content="x", status="submitting")
    with pytest.raises(CommandError, match="1 message is on the wire"):
        call_command("ihuyi_erase", MOBILE, "--no-input", stdout=io.StringIO())
    message.refresh_from_db()
    assert (message.mobile, message.content) == (MOBILE, "x")
