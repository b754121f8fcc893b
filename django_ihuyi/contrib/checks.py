"""System checks of the settings of packages that :mod:`django_ihuyi.contrib` supports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004  Django's own name for it
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured

from django_ihuyi.verification.conf import get_verification


def check_allauth(*, app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ANN401  the signature that Django calls
    """Report what is wrong with an adapter for django-allauth that has our mixin."""
    if not apps.is_installed("allauth.account"):
        return []
    from allauth.account.adapter import get_adapter

    from .allauth import PhoneAdapterMixin

    adapter = get_adapter()
    if not isinstance(adapter, PhoneAdapterMixin):
        return []
    return [*_order(adapter), *_fields(adapter), *_verification(adapter), *_captcha(adapter)]


def check_second_factors(*, app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ANN401  the signature that Django calls
    """Report a second factor by SMS for which no codes of a number are reserved."""
    try:
        verification = get_verification()
    except ImproperlyConfigured:
        return []  # which another check tells
    most, reserved = verification.number_per_day, verification.number_reserved
    if most is None or not reserved:
        return []
    return [
        Warning(
            f"{who}, and IHUYI['VERIFICATION']['PURPOSES'] does not name {purpose!r}: requests at forms that anybody "
            f"can post, such as a sign-up, can use up all {most} codes of a number for a day, and its owner cannot "
            "log in.",
            hint=f"Write {purpose!r}: {{'CAPTCHA': 'never'}} in PURPOSES: the last {reserved} codes of a number's day "
            "are then kept for purposes behind a password.",
            id="django_ihuyi.W031",
        )
        for purpose, who in _second_factors()
        if purpose not in verification.by_purpose
    ]


def _second_factors() -> Iterator[tuple[str, str]]:
    """The purposes of the second factors that the site has from us, and how each is known."""
    if apps.is_installed("django_ihuyi.contrib.otp"):
        yield "otp", "'django_ihuyi.contrib.otp' is in INSTALLED_APPS"
    gateway = getattr(settings, "TWO_FACTOR_SMS_GATEWAY", None)
    if apps.is_installed("two_factor") and gateway == "django_ihuyi.contrib.two_factor.Gateway":
        yield "two-factor", "TWO_FACTOR_SMS_GATEWAY sends codes by ihuyi"


def _name(adapter: Any) -> str:  # noqa: ANN401  the host has no types
    return f"{type(adapter).__module__}.{type(adapter).__qualname__}"


def _order(adapter: Any) -> Iterator[CheckMessage]:  # noqa: ANN401  as above
    from allauth.account.adapter import DefaultAccountAdapter

    from .allauth import PhoneAdapterMixin

    order = type(adapter).__mro__
    if DefaultAccountAdapter in order and order.index(DefaultAccountAdapter) < order.index(PhoneAdapterMixin):
        yield Error(
            f"In {_name(adapter)}, PhoneAdapterMixin stands behind DefaultAccountAdapter, which hides it.",
            hint="Write: class Adapter(PhoneAdapterMixin, DefaultAccountAdapter).",
            id="django_ihuyi.E031",
        )


def _fields(adapter: Any) -> Iterator[CheckMessage]:  # noqa: ANN401  as above
    model: Any = get_user_model()
    if adapter.phone_relation is not None:
        relation = _field(model, adapter.phone_relation)
        if relation is None or not (relation.one_to_one and relation.auto_created):
            yield Error(
                f"phone_relation of {_name(adapter)} is {adapter.phone_relation!r}, by which {model._meta.label} "
                "has no model of its own.",
                hint="Name the model that has a OneToOneField to the user as a query of users does, such as 'profile'.",
                id="django_ihuyi.E030",
            )
            return
        model = relation.related_model
    for option in ("phone_field", "phone_verified_field"):
        name = getattr(adapter, option)
        field = _field(model, name)
        if field is None:
            yield Error(
                f"{option} of {_name(adapter)} is {name!r}, which {model._meta.label} does not have.",
                hint="Write the name of the field that "
                + ("holds the number." if option == "phone_field" else "says whether the number is verified."),
                id="django_ihuyi.E030",
            )
        elif option == "phone_field" and field.unique and not field.null:
            yield Error(
                f"{model._meta.label}.{name} is unique, and not null where there is no number.",
                hint="Write: MobileField(unique=True, null=True, blank=True).",
                id="django_ihuyi.E030",
            )


def _field(model: Any, name: str) -> Any:  # noqa: ANN401  a field or a relation
    try:
        return model._meta.get_field(name)
    except FieldDoesNotExist:
        return None


def _verification(adapter: Any) -> Iterator[CheckMessage]:  # noqa: ANN401  as above
    from allauth.account import app_settings

    if not app_settings.PHONE_VERIFICATION_ENABLED:
        yield Error(
            f"ACCOUNT_PHONE_VERIFICATION_ENABLED is False, and {_name(adapter)} finds users by verified numbers only: "
            "nobody can log in by number.",
            hint="Take it out of the settings.",
            id="django_ihuyi.E032",
        )


def _captcha(adapter: Any) -> Iterator[CheckMessage]:  # noqa: ANN401  as above
    try:
        verification = get_verification()
    except ImproperlyConfigured:
        return  # which another check tells
    when = verification.of(adapter.code_purpose).captcha or verification.captcha_when
    if verification.captcha is not None and when != "never":
        yield Warning(
            f"A captcha can be asked for under the purpose {adapter.code_purpose!r}, and allauth's pages hand none on: "
            "people get no code then.",
            hint=f"Write {adapter.code_purpose!r}: {{'CAPTCHA': 'never'}} in IHUYI['VERIFICATION']['PURPOSES'], and "
            "give allauth forms with a captcha by ACCOUNT_FORMS.",
            id="django_ihuyi.W030",
        )
