"""What ``send_bulk`` returns. Imports no model, so that ``from django_ihuyi import BulkResult`` works before
``django.setup()``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_ihuyi.models import Batch


MAX_REFUSED = 1000
"""Refused messages that a result keeps: a file of a million wrong numbers must not fill the memory."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that was not recorded.

    Attributes:
        index: Its place among those that were handed over, from 0.
        code: The code that the gateway would have answered.
        reason: What is wrong with it, in words; neither number nor text.
    """

    index: int
    code: int
    reason: str


@dataclass
class BulkResult:
    """What became of the messages that were handed over.

    Attributes:
        batch: The row that the messages belong to; ``batch.count_by_status()`` tells how far they are.
        recorded: How many of them are in the table now, those included that an earlier call with the same key recorded.
        refused: The others, the first :data:`MAX_REFUSED` of them.
        refused_count: How many they are in all.
    """

    batch: Batch
    recorded: int = 0
    refused: list[Refused] = field(default_factory=list)
    refused_count: int = 0
