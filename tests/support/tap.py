"""A relay on the line to a device, through which a test sees, holds up and cuts what passes."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Self

TO_DEVICE, TO_DAEMON = "to device", "to daemon"


class Cut(Exception):
    """Raised by `see` when what it saw must not be passed on: the connection ends."""


class Tap:
    """Relays TCP from a port of its own. `see(direction, data)` is called before a piece goes on, `passed` after."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.see: Callable[[str, bytes], None] = _nothing
        self.passed: Callable[[str, bytes], None] = _nothing
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        assert self._server is not None
        self._server.close()
        await self.drop()

    async def drop(self) -> None:
        """Cut all connections."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._relay(reader, writer), name="tap")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            try:
                back_reader, back_writer = await asyncio.open_connection("127.0.0.1", self.target)
            except OSError:
                writer.transport.abort()
                return
            ways = [
                asyncio.create_task(self._pass(TO_DEVICE, reader, back_writer), name="tap-out"),
                asyncio.create_task(self._pass(TO_DAEMON, back_reader, writer), name="tap-in"),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
                writer.close()
                back_writer.close()

    async def _pass(self, direction: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, Cut):
            while data := await reader.read(65_536):
                self.see(direction, data)
                writer.write(data)
                await writer.drain()
                self.passed(direction, data)


def _nothing(_direction: str, _data: bytes) -> None:
    pass
