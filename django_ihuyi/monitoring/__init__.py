"""Heartbeats, health checks and metrics."""
