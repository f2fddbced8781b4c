"""One held connection that carries APDUs: a reader task takes them in, whoever runs a command takes them out."""

import asyncio
from collections import deque

from drivers.errors import CodecError, ConnectionLost, DeviceTimeout, DriverError, ProtocolError
from drivers.transport import ByteStream
from drivers.zvt.codec import Apdu, ApduReader

#: ZVT is stop-and-wait: a peer with more messages than this on their way does not speak it.
_MAX_WAITING = 32


class Link:
    """APDUs over a byte stream. `message_limit`: seconds an APDU may take from its first to its last byte (T3)."""

    def __init__(self, stream: ByteStream, *, message_limit: float) -> None:
        self.peer = stream.peer
        self._stream = stream
        self._limit = message_limit
        self._inbox: deque[Apdu] = deque()
        self._changed = asyncio.Event()
        self._dead = asyncio.Event()
        self._error: DriverError | None = None
        self._reader = asyncio.create_task(self._read(), name=f"zvt-reader-{stream.peer}")

    @property
    def alive(self) -> bool:
        """False once the connection is found broken or was closed."""
        return self._error is None

    @property
    def waiting(self) -> int:
        """APDUs that came and were not taken."""
        return len(self._inbox)

    async def send(self, apdu: Apdu) -> None:
        """Write one APDU. Raises ConnectionLost."""
        await self._stream.write(apdu.encode())

    async def receive(self, timeout: float | None) -> Apdu:
        """The next APDU; None waits for ever. Raises DeviceTimeout, and once all is taken what ended the connection."""
        try:
            async with asyncio.timeout(timeout):
                while not self._inbox:
                    if self._error is not None:
                        raise type(self._error)(self._error.message, hint=self._error.hint)
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError as error:
            raise DeviceTimeout(f"{self.peer} stayed silent for {timeout:g} s.") from error
        return self._inbox.popleft()

    async def wait_dead(self) -> str:
        """Return once the connection is dead, with the reason."""
        await self._dead.wait()
        return self._error.message if self._error else ""

    async def close(self, reason: str) -> None:
        """Close for good; never raises. The first reason stands."""
        self._fail(ConnectionLost(reason))
        self._reader.cancel()
        try:
            await asyncio.wait({self._reader})
        finally:
            await self._stream.close()

    def _fail(self, error: DriverError) -> None:
        if self._error is None:
            self._error = error
        self._changed.set()
        self._dead.set()

    async def _read(self) -> None:
        try:
            await self._take_in()
        except DriverError as error:
            self._fail(error)
        except CodecError as error:
            self._fail(ProtocolError(f"{self.peer} sent something that is not ZVT: {error}."))
        except TimeoutError:
            self._fail(ProtocolError(f"{self.peer} broke off in the middle of a message."))
        finally:
            self._fail(ConnectionLost(f"The connection to {self.peer} was closed."))

    async def _take_in(self) -> None:
        loop = asyncio.get_running_loop()
        cutter = ApduReader()
        deadline: float | None = None  # of the APDU that has begun
        while True:
            async with asyncio.timeout_at(deadline):
                data = await self._stream.read()
            if not data:
                raise ConnectionLost(f"{self.peer} closed the connection.")
            apdus = cutter.feed(data)
            if not cutter.pending:
                deadline = None
            elif apdus or deadline is None:
                deadline = loop.time() + self._limit
            self._inbox.extend(apdus)
            if len(self._inbox) > _MAX_WAITING:
                raise ProtocolError(f"{self.peer} sends without waiting for answers: it does not speak ZVT.")
            if apdus:
                self._changed.set()
