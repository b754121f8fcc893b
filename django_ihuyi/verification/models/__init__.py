"""Tables of verification codes, quotas and SMS-bombing alerts."""

from __future__ import annotations

from django_ihuyi.hooks import require_app

# Without its app the tables would be registered as some of the core.
require_app("django_ihuyi.verification", __name__)

from .abuse_alert import Suspicion  # noqa: E402  only where the app is installed
from .code_quota import CodeQuota  # noqa: E402  only where the app is installed
from .verification_code import VerificationCode  # noqa: E402  only where the app is installed

__all__ = ["CodeQuota", "Suspicion", "VerificationCode"]
