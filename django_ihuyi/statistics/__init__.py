"""Figures: counted by half-hours beside the hot path (counting), read for any range and time zone (figures)."""
