"""Sandbox gateway: real HTTP on loopback, for demos, development and tests.

It speaks PROTOCOL 1 to 4 (Submit, GetNum, AddTemplate, receipts, replies, template reviews) and shows the texts that
arrived on a web page that looks like a phone. It is the other side of the wire, so it shares nothing with the
package's own client but the table of codes. ``docs/sandbox.md`` describes it for its users.
"""

from __future__ import annotations

from django_ihuyi.sandbox.options import KnownTemplate, Options
from django_ihuyi.sandbox.service import Sandbox
from django_ihuyi.sandbox.state import TakenMessage

__all__ = ["KnownTemplate", "Options", "Sandbox", "TakenMessage"]
