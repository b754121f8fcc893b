"""The account adapter of the test site. Its user model is Django's own: the number is in a field for a name."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter

from django_ihuyi.contrib.allauth import PhoneAdapterMixin


class Adapter(PhoneAdapterMixin, DefaultAccountAdapter):  # type: ignore[misc]  # the host has no types
    phone_field = "last_name"
    phone_verified_field = "is_staff"
    account_exists_text = "您的手机号码已经注册过，请直接登录。"
