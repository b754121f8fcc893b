"""Caller's process: validate and record messages, and send their tasks."""
