"""Wait until so many messages are accepted, and print how many are in each status."""

from __future__ import annotations

import json
import os
import sys

from .environment import enter, wait_for


def main(number: int) -> None:
    """Wait and print."""
    from django.db.models import Count

    from django_ihuyi.models import Message

    def counts() -> dict[str, int]:
        return dict(Message.objects.order_by().values_list("status").annotate(number=Count("pk")))

    wait_for(lambda: sum(n for status, n in counts().items() if status == "accepted") >= number, "the last one")
    sys.stdout.write(json.dumps(counts()) + "\n")


if __name__ == "__main__":
    enter(os.environ)
    main(int(sys.argv[1]))
