"""Statistics: dashboard, reconciliation, and totals for Prometheus.

Messages are counted by half-hours beside the hot path (counting), and read for any range and time zone (figures).
"""
