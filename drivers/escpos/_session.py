"""One held connection to a printer: its answers sorted by a reader task, one question in flight at a time."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Protocol, TypeVar

from drivers.errors import ConnectionLost
from drivers.escpos.codec import Answer, Parser
from drivers.transport import ByteStream

_A = TypeVar("_A", bound=Answer)


class Stream(ByteStream, Protocol):
    """A byte stream that can also be dropped at once, unsent bytes and all."""

    def abort(self) -> None:
        """Drop the connection now."""
        ...


class Session:
    """Owns the stream and the reader task; `lost` says in plain words why it ended, empty while it lives."""

    def __init__(self, stream: Stream, *, on_lost: Callable[[str], None]) -> None:
        self.lost = ""
        self._stream = stream
        self._on_lost = on_lost
        self._parser = Parser()
        self._waiting: dict[type[Answer], asyncio.Future[Answer | None]] = {}
        self._reader = asyncio.create_task(self._read(), name=f"escpos reader {stream.peer}")

    async def write(self, data: bytes) -> None:
        """Hand bytes to the system, waiting while it takes no more. Raises ConnectionLost."""
        if self.lost:
            raise ConnectionLost(self.lost)
        await self._stream.write(data)

    def unacknowledged(self) -> int:
        """Bytes that the printer's interface has not taken yet."""
        return self._stream.unacknowledged()

    def expect(self, kind: type[_A]) -> "asyncio.Future[_A | None]":
        """A future for the next answer of one kind; None once the connection is lost. Forget it with `cancel()`."""
        future: asyncio.Future[_A | None] = asyncio.get_running_loop().create_future()
        if self.lost:
            future.set_result(None)
        else:
            self._waiting[kind] = future  # type: ignore[assignment,index] # the key says which kind it takes
        return future

    async def ask(self, question: bytes, kind: type[_A], *, timeout: float, drain: float) -> _A | None:
        """Ask and wait; None for silence. Raises ConnectionLost.

        After silence, answers are dropped for `drain` seconds: a late one must not be taken for the next.
        """
        future = self.expect(kind)
        try:
            async with asyncio.timeout(timeout):
                await self.write(question)
                answer = await future
        except TimeoutError:
            future.cancel()
            await asyncio.sleep(drain)
            self._parser.reset()
            return None
        finally:
            future.cancel()
        if answer is None:
            raise ConnectionLost(self.lost)
        return answer

    async def close(self) -> None:
        """Hang up politely, so that the printer gets what was written; never raises."""
        self._end("The connection was closed here.", tell=False)
        self._reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reader
        await self._stream.close()
        self._stream.abort()  # where the printer has stopped reading, a polite end never comes

    def abort(self) -> None:
        """Drop the connection with all that has not left yet; `close` is still to be called."""
        self._end("The connection was given up here.", tell=False)
        self._stream.abort()

    async def _read(self) -> None:
        reason = f"The printer at {self._stream.peer} closed the connection."
        try:
            while data := await self._stream.read():
                for answer in self._parser.feed(data):
                    self._hand_out(answer)
        except ConnectionLost as error:
            reason = error.message
        self._end(reason, tell=True)

    def _hand_out(self, answer: Answer) -> None:
        """Answers that nobody waits for are dropped."""
        future = self._waiting.pop(type(answer), None)
        if future is not None and not future.done():
            future.set_result(answer)

    def _end(self, reason: str, *, tell: bool) -> None:
        if self.lost:
            return
        self.lost = reason
        for future in self._waiting.values():
            if not future.done():
                future.set_result(None)
        self._waiting.clear()
        if tell:
            self._on_lost(reason)
