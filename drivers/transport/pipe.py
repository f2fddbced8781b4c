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
        self.inbox = asyncio.StreamReader()
        self.other: Pipe | None = None
        self.closed = False

    async def read(self, limit: int = 4096) -> bytes:
        """See ByteStream."""
        return await self.inbox.read(limit)

    async def write(self, data: bytes) -> None:
        """See ByteStream."""
        if self.closed or self.other is None or self.other.closed:
            raise ConnectionLost(f"The connection to {self.peer} is closed.")
        for piece in self.hook(data) if self.hook else (data,):
            self.other.inbox.feed_data(piece)
        await asyncio.sleep(0)

    def unacknowledged(self) -> int:
        """See ByteStream; a pipe holds nothing back."""
        return 0

    async def close(self) -> None:
        """See ByteStream."""
        if self.closed:
            return
        self.closed = True
        self.inbox.feed_eof()
        if self.other is not None and not self.other.closed:
            self.other.inbox.feed_eof()


def pipe() -> tuple[Pipe, Pipe]:
    """Two connected ends: what one writes the other reads."""
    left, right = Pipe("pipe:left"), Pipe("pipe:right")
    left.other, right.other = right, left
    return left, right
