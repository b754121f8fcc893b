"""The admin's pages of verification codes and of suspicions. Importing registers them."""

from __future__ import annotations

from .codes import VerificationCodeAdmin
from .suspicions import SuspicionAdmin

__all__ = ["SuspicionAdmin", "VerificationCodeAdmin"]
