"""Record and publish so many messages in one bulk: ``python -m benchmarks.enqueue NUMBER [CATEGORY]``."""

from __future__ import annotations

import json
import os
import sys

from .environment import enter
from .sizes import CHUNK


def main(number: int, category: str) -> None:
    """Record them."""
    from django_ihuyi import send_bulk

    messages = ((f"139{n:08}", "您的订单已发货，请留意查收。") for n in range(number))
    result = send_bulk(messages, category=category, batch_size=CHUNK)
    sys.stdout.write(json.dumps({"recorded": result.recorded}) + "\n")


if __name__ == "__main__":
    enter(os.environ)
    main(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "notification")
