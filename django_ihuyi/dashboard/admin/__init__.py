"""The page of figures: what happened in a range of time, what stands now, and where each number can be looked into."""

from __future__ import annotations

from .page import DashboardAdmin

__all__ = ["DashboardAdmin"]
