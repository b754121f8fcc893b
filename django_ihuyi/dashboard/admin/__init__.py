"""Admin page of the dashboard."""

from __future__ import annotations

from .page import DashboardAdmin

__all__ = ["DashboardAdmin"]
