"""An in-memory duplex pipe with a fault hook in each direction: tests drop, split, corrupt and stall bytes with it."""

import asyncio
from collections.abc import Callable, Iterable

from drivers.errors import ConnectionLost

#: Takes the bytes of one write and returns the pieces that arrive; no pieces = lost.
FaultHook = Callable[[bytes], Iterable[bytes]]


class Pipe:
    """One end of a pipe made by `pipe()`; `hook` sees what this end writes."""

    def __init__(self, name: str) -> None:
        self.peer = name
        self.hook: FaultHook | None = None
        self._inbox = asyncio.StreamReader()
        self._other: Pipe | None = None
        self._closed = False

    async def read(self, limit: int = 4096) -> bytes:
        return await self._inbox.read(limit)

    async def write(self, data: bytes) -> None:
        if self._closed or self._other is None or self._other._closed:
            raise ConnectionLost(f"The connection to {self.peer} is closed.")
        for piece in self.hook(data) if self.hook else (data,):
            self._other._inbox.feed_data(piece)
        await asyncio.sleep(0)

    def unacknowledged(self) -> int:
        return 0

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._inbox.feed_eof()
        if self._other is not None and not self._other._closed:
            self._other._inbox.feed_eof()


def pipe() -> tuple[Pipe, Pipe]:
    """Two connected ends: what one writes the other reads."""
    left, right = Pipe("pipe:left"), Pipe("pipe:right")
    left._other, right._other = right, left
    return left, right
