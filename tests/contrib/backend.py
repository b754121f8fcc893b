"""The authentication backend of the test site, whose users have a number for a user name."""

from __future__ import annotations

from django_ihuyi.contrib.auth import CodeBackend


class UsernameCodeBackend(CodeBackend):
    mobile_field = "username"
