"""Let an endpoint hear of every message that is accepted: ``python -m benchmarks.webhook_endpoint URL``."""

from __future__ import annotations

import json
import os
import sys

from .environment import enter


def main(url: str) -> None:
    """Make the endpoint."""
    from django_ihuyi.webhooks.models import WebhookEndpoint

    endpoint = WebhookEndpoint.objects.create(name="bench", url=url, events=["message.accepted"])
    sys.stdout.write(json.dumps({"endpoint": endpoint.pk}) + "\n")


if __name__ == "__main__":
    enter(os.environ)
    main(sys.argv[1])
