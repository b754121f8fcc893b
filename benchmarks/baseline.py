"""The bare loop that Submits are measured by: ``python -m benchmarks.baseline URL THREADS NUMBER``.

Nothing but ``requests.Session.post`` of the same form in threads: no record, no broker, no settings.
"""

from __future__ import annotations

import sys
import threading
from itertools import count

import requests
from requests.adapters import HTTPAdapter


def main(url: str, threads: int, number: int) -> None:
    """Post so many forms."""
    session = requests.Session()
    session.mount("http://", HTTPAdapter(pool_maxsize=threads))
    numbers = count()

    def post() -> None:
        while (n := next(numbers)) < number:
            form = {
                "account": "cf_bench",
                "password": "0123456789abcdef0123456789abcdef",
                "time": "1764000000",
                "mobile": f"139{n:08}",
                "content": "您的订单已发货，请留意查收。",
                "format": "json",
            }
            answer = session.post(f"{url}?method=Submit", data=form, timeout=(3.05, 10)).json()
            assert answer["code"] == 2

    workers = [threading.Thread(target=post) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
