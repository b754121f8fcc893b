"""The tables of verification codes: the codes, what was spent of limits, and suspicions of abuse."""

from __future__ import annotations

from django_ihuyi.hooks import require_app

# Without its app the tables would be registered as some of the core.
require_app("django_ihuyi.verification", __name__)

from .code_quota import CodeQuota  # noqa: E402  only where the app is installed
from .suspicion import Suspicion  # noqa: E402
from .verification_code import VerificationCode  # noqa: E402

__all__ = ["CodeQuota", "Suspicion", "VerificationCode"]
