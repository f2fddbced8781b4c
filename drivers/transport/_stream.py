"""The one shape that every transport has."""

from typing import Protocol


class ByteStream(Protocol):
    """A duplex byte pipe to a device, without framing."""

    @property
    def peer(self) -> str:
        """Where it leads, for messages: `192.168.1.5:9100`."""
        ...

    async def read(self, limit: int = 4096) -> bytes:
        """At least one and at most `limit` bytes; b"" once the other side has closed. Raises ConnectionLost."""
        ...

    async def write(self, data: bytes) -> None:
        """Hand bytes to the operating system; waits while its buffer is full. Raises ConnectionLost."""
        ...

    def unacknowledged(self) -> int:
        """Bytes written that the other side's system has not acknowledged; 0 says nothing of the application there."""
        ...

    async def close(self) -> None:
        """Close; never raises, may be called twice."""
        ...
