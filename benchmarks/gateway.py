"""A stand-in gateway that costs next to nothing: ``python -m benchmarks.gateway PORT MILLISECONDS``.

It takes every message after so many milliseconds, and counts. ``GET /stats`` tells how many, how many a second came
while it was at full work (between the first tenth and the last), and when each verification code did (seconds,
monotonic); ``GET /reset`` tells the same and forgets.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import cast

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"


class Counts:
    """What came so far."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.codes: dict[str, float] = {}
        self.smsid = 15870246956696820530

    def rate(self) -> float:
        """How many came a second, start and end left out."""
        tenth = len(self.times) // 10
        if tenth == 0:
            return 0.0
        middle = self.times[tenth:-tenth]
        return (len(middle) - 1) / (middle[-1] - middle[0])


class Connection(asyncio.Protocol):
    """One kept-alive connection."""

    def __init__(self, counts: Counts, delay: float) -> None:
        self.counts = counts
        self.delay = delay
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, rest = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = next(
            (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
        )
        if len(rest) < length:
            return
        body, self.buffer = rest[:length], rest[length:]
        if head.startswith(b"GET"):
            self.tell(reset=b"/reset" in head)
        else:
            self.take(body)

    def take(self, body: bytes) -> None:
        """Count a message, and answer in due time."""
        counts = self.counts
        counts.smsid += 1
        counts.times.append(time.monotonic())
        if b"content=code" in body:
            number = body.partition(b"content=code")[2].partition(b"&")[0]
            counts.codes[number.decode()] = counts.times[-1]
        answer = b'{"code":2,"msg":"\\u63d0\\u4ea4\\u6210\\u529f","smsid":"%d"}' % counts.smsid
        asyncio.get_running_loop().call_later(self.delay, self.transport.write, _HEAD % (len(answer), answer))

    def tell(self, *, reset: bool) -> None:
        """Answer what was counted."""
        counts = self.counts
        words = {"number": len(counts.times), "rate": counts.rate(), "codes": counts.codes}
        answer = json.dumps(words).encode()
        if reset:
            counts.times, counts.codes = [], {}
        self.transport.write(_HEAD % (len(answer), answer))


async def serve(port: int, milliseconds: float) -> None:
    """Serve until killed."""
    counts = Counts()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(counts, milliseconds / 1000), "127.0.0.1", port, backlog=512)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2])))
