"""Admin pages of verification codes and SMS-bombing alerts."""

from __future__ import annotations

from .abuse_alert import SuspicionAdmin
from .verification_code import VerificationCodeAdmin

__all__ = ["SuspicionAdmin", "VerificationCodeAdmin"]
