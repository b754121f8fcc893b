"""Pushes of the gateway: receipts, replies, template reviews."""
