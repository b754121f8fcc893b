"""Signed webhooks to other systems.

Over these, which know no model, stand what an event says, its task and its tries.
"""
