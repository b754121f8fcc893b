"""The serializer field, with serializers of models as a site writes them."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import phonenumbers
import pytest
from django.contrib.auth import get_user_model
from django.db import models
from django.test.utils import isolate_apps
from django.urls import path
from django.utils import translation
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers
from rest_framework.generics import CreateAPIView

from django_ihuyi import fields
from django_ihuyi.contrib.drf import MobileField
from tests.contrib.models import Profile

pytestmark = pytest.mark.django_db
MOBILE = "13800138000"

with isolate_apps("tests.contrib"):

    class Customer(models.Model):
        mobile = fields.MobileField()
        second = fields.MobileField(blank=True, max_length=20)
        shown = fields.MobileField(editable=False, default="13900139000")

        class Meta:
            app_label = "contrib"


class ProfileSerializer(serializers.ModelSerializer[Profile]):
    class Meta:
        model = Profile
        fields = ("user", "mobile")


class CustomerSerializer(serializers.ModelSerializer[Customer]):
    phone = MobileField(source="mobile", max_length=11)

    class Meta:
        model = Customer
        fields = ("phone", "second", "shown")


@pytest.fixture
def user() -> Any:
    return get_user_model().objects.create_user("somebody")


def read(user: Any, mobile: Any, instance: Profile | None = None) -> ProfileSerializer:
    serializer = ProfileSerializer(instance, data={"user": user.pk, "mobile": mobile})
    serializer.is_valid()
    return serializer


@pytest.mark.parametrize(
    "written",
    [
        "138 0013 8000",
        "+86 138-0013-8000",
        "0086 (138) 0013 8000",
        "１３８００１３８０００",
        "\u202d13800138000\u202c",
        13800138000,
        phonenumbers.parse("+8613800138000"),
    ],
    ids=str,
)
def test_number__in_any_spelling__is_kept_as_eleven_digits(user: Any, written: Any) -> None:
    serializer = read(user, written)
    assert serializer.errors == {}
    row = serializer.save()
    row.refresh_from_db()
    assert row.mobile == MOBILE
    assert ProfileSerializer(row).data["mobile"] == MOBILE


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("12345", "mobile"),
        ("021 6277 0000", "mobile"),
        ("+852 6123 4567", "mobile"),
        ("138\x0000138000", "mobile"),
        (13800138000.0, "invalid"),
        (True, "invalid"),
        ([MOBILE], "invalid"),
        ({"mobile": MOBILE}, "invalid"),
    ],
)
def test_number__that_is_none__is_refused(user: Any, written: Any, code: str) -> None:
    [error] = read(user, written).errors["mobile"]
    assert error.code == code


def test_refusal__in_chinese__says_what_to_write(user: Any) -> None:
    with translation.override("zh-hans"):
        [error] = read(user, "12345").errors["mobile"]
    assert "11 位" in error


@pytest.mark.parametrize("written", ["+86 138 0013 8000", 13800138000])
def test_unique_number__in_another_spelling__is_found(user: Any, written: Any) -> None:
    row = Profile.objects.create(user=user, mobile=MOBILE)
    other = get_user_model().objects.create_user("other")
    [error] = read(other, written).errors["mobile"]
    assert error.code == "unique"
    assert read(user, written, row).errors == {}


@pytest.mark.parametrize("nothing", ["", "  ", None])
def test_number__that_is_left_empty__is_null(user: Any, nothing: Any) -> None:
    for one in (user, get_user_model().objects.create_user("other")):
        serializer = read(one, nothing)
        assert serializer.errors == {}
        assert serializer.save().mobile is None


def test_fields__by_source_read_only_and_blank__are_read_and_shown() -> None:
    serializer = CustomerSerializer(data={"phone": "138 0013 8000", "second": "", "shown": "1"})
    assert serializer.is_valid(), serializer.errors
    assert serializer.validated_data == {"mobile": MOBILE, "second": ""}
    shown = CustomerSerializer(Customer(mobile=MOBILE, second="")).data
    assert shown == {"phone": MOBILE, "second": "", "shown": "13900139000"}
    assert isinstance(serializer.fields["shown"], MobileField)
    assert serializer.fields["shown"].read_only
    assert CustomerSerializer(data={"phone": ""}).is_valid() is False


def test_openapi_document__of_such_a_field__has_a_text_of_any_length() -> None:
    class View(CreateAPIView[Customer]):
        serializer_class = CustomerSerializer
        schema = AutoSchema()

    generator: Any = SchemaGenerator(patterns=[path("customers/", View.as_view())])  # type: ignore[no-untyped-call]  # the host has types for a part only
    document = generator.get_schema(request=None, public=True)
    properties = document["components"]["schemas"]["Customer"]["properties"]
    assert properties["phone"] == {"type": "string"}
    assert properties["shown"] == {"type": "string", "readOnly": True}


def test_site_without_rest_framework__loads_no_serializers() -> None:
    code = (
        "import sys, django\n"
        "from django.conf import settings\n"
        "settings.configure(INSTALLED_APPS=['django.contrib.auth', 'django.contrib.contenttypes', 'django_ihuyi'])\n"
        "django.setup()\n"
        "sys.exit('rest_framework.serializers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
