"""The URLs of the users app."""

from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import path

from .views import ChangeNumber, LogIn, LogInByCode, ResetPassword, SignedUp, SignUp

urlpatterns = [
    path("sign-up/", SignUp.as_view(), name="sign-up"),
    path("sign-up/done/", SignedUp.as_view(), name="signed-up"),
    path("log-in/", LogIn.as_view(), name="log-in"),
    path("log-in/code/", LogInByCode.as_view(), name="log-in-by-code"),
    path("password/reset/", ResetPassword.as_view(), name="reset-password"),
    path("number/", ChangeNumber.as_view(), name="change-number"),
    path("log-out/", LogoutView.as_view(), name="log-out"),
]
