"""The model field: eleven digits are kept, however a number was written."""

from __future__ import annotations

from typing import Any

import phonenumbers
import pytest
from django.core.exceptions import ValidationError
from django.db import connection, models
from django.db.migrations.writer import MigrationWriter
from django.test.utils import isolate_apps
from phonenumber_field.phonenumber import PhoneNumber

from django_ihuyi import forms
from django_ihuyi.exceptions import InvalidMessage
from django_ihuyi.fields import MobileField

MOBILE = "13800138000"
WRITTEN = [
    "13800138000",
    "+86 138 0013 8000",
    "0086-138-0013-8000",
    "１３８００１３８０００",
    " 138 0013 8000 ",
    "\u202d138 0013 8000\u202c",
    "13800138000.0",
    13800138000,
    phonenumbers.parse("+8613800138000"),
    PhoneNumber.from_string("+8613800138000"),
]


def make_model() -> Any:
    with isolate_apps("tests"):

        class Customer(models.Model):
            mobile = MobileField(blank=True, null=True)

            class Meta:
                app_label = "tests"

    return Customer


@pytest.mark.parametrize("written", WRITTEN)
def test_what_is_cleaned_is_eleven_digits(written: object) -> None:
    customer = make_model()(mobile=written)
    customer.clean_fields()
    assert customer.mobile == MOBILE


@pytest.mark.parametrize("wrong", ["12345", "021 6277 0000", "+1 202 555 0100", "mobile"])
def test_what_is_no_mobile_number_is_refused(wrong: str) -> None:
    customer = make_model()(mobile=wrong)
    with pytest.raises(ValidationError) as caught:
        customer.clean_fields()
    assert caught.value.error_dict["mobile"][0].code == "406"
    with pytest.raises(InvalidMessage):
        customer._meta.get_field("mobile").pre_save(customer, add=True)


def test_model_field__with_a_value_of_a_wrong_type__is_a_type_error_that_names_it() -> None:
    customer = make_model()(mobile=13800138000.0)
    with pytest.raises(TypeError, match="of the type float"):
        customer._meta.get_field("mobile").pre_save(customer, add=True)


@pytest.mark.django_db(transaction=True)
def test_it_is_saved_and_found_as_eleven_digits() -> None:
    customer = make_model()
    with connection.schema_editor() as editor:
        editor.create_model(customer)
    try:
        one = customer.objects.create(mobile="+86 138 0013 8000")
        nobody = customer.objects.create(mobile=None)
        assert one.mobile == MOBILE
        for written in WRITTEN:
            one.mobile = written
            one.save()
            one.refresh_from_db()
            assert one.mobile == MOBILE
            assert customer.objects.get(mobile=written).pk == one.pk
        assert customer.objects.get(mobile__startswith="138").pk == one.pk
        assert customer.objects.get(mobile__isnull=True).pk == nobody.pk
        assert not customer.objects.filter(mobile="nobody").exists()
    finally:
        with connection.schema_editor() as editor:
            editor.delete_model(customer)


@pytest.mark.parametrize(
    ("field", "written"),
    [
        (MobileField(), "django_ihuyi.fields.MobileField()"),
        (MobileField(unique=True, max_length=20), "django_ihuyi.fields.MobileField(max_length=20, unique=True)"),
    ],
    ids=["plain", "own length"],
)
def test_a_migration_writes_what_is_special(field: MobileField, written: str) -> None:
    assert MigrationWriter.serialize(field)[0] == written


def test_its_form_field_takes_more_characters_than_are_kept() -> None:
    field = MobileField(verbose_name="phone").formfield()
    assert isinstance(field, forms.MobileField)
    assert field.label == "Phone"
    assert field.clean("+86 (138) 0013-8000") == MOBILE
