"""The account adapters of the test site: the number is in Django's own field for a name, or in a table of its own."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter

from django_ihuyi.contrib.allauth import PhoneAdapterMixin


class Adapter(PhoneAdapterMixin, DefaultAccountAdapter):  # type: ignore[misc]  # the host has no types
    phone_field = "last_name"
    phone_verified_field = "is_staff"
    account_exists_text = "您的手机号码已经注册过，请直接登录。"


class ProfileAdapter(PhoneAdapterMixin, DefaultAccountAdapter):  # type: ignore[misc]  # the host has no types
    phone_relation = "profile"
    account_exists_text = Adapter.account_exists_text
