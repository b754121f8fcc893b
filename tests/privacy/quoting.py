"""Clients of a site's own whose errors quote what was to be sent."""

from __future__ import annotations

from typing import Any

from django_ihuyi.gateway import Client, NotSent, SubmitResult, Uncertain


def _quote(mobile: str, content: str) -> str:
    return f"{mobile[:3]} {mobile[3:7]} {mobile[7:]} did not get {content!r}"


class NotSentClient(Client):
    """Fails before the message goes out."""

    def submit(self, mobile: str, content: str, template: Any = None) -> SubmitResult:
        """Fail."""
        raise NotSent(_quote(mobile, content))


class UncertainClient(Client):
    """Fails when the message may have gone out."""

    def submit(self, mobile: str, content: str, template: Any = None) -> SubmitResult:
        """Fail."""
        raise Uncertain(_quote(mobile, content))
