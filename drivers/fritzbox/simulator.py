"""A FRITZ!Box call monitor without a box: calls by script, or some by themselves for the demonstration shop."""

import asyncio
import contextlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from drivers.base import CallStep, LineEvent
from drivers.fritzbox.codec import encode
from drivers.simulation import Journal

FAULTS: Final[dict[str, str]] = {
    "garbage": "a line of nonsense before every event",
    "half-lines": "every line comes in two pieces",
    "drop-after": "after n events (1) all connections are closed, once",
    "silent": "connections are taken, but no event is ever sent",
}
_VALUED: Final = frozenset({"drop-after"})
_MAX_CONNECTIONS: Final = 16
_MAX_UNSENT: Final = 65_536  # octets; a client that reads nothing is dropped

# Numbers that the Bundesnetzagentur keeps free for films and books; three more digits follow.
_CALLERS: Final = ("03023125", "06990009", "04066969", "02214710", "08999998")


def parse_faults(options: Iterable[str]) -> dict[str, int]:
    """Read `NAME` or `NAME=COUNT`, each. Raises ValueError in plain words."""
    faults: dict[str, int] = {}
    for option in options:
        name, given, text = option.partition("=")
        if name not in FAULTS:
            raise ValueError(f"There is no fault {name!r}. Choose from: {', '.join(FAULTS)}.")
        if given and (name not in _VALUED or not text.isascii() or not text.isdigit() or not 0 < len(text) < 7):
            raise ValueError(f"{option!r} is no fault. Only {', '.join(_VALUED)} takes a value, a count.")
        faults[name] = int(text) if given else 1
    return faults


@dataclass(slots=True)
class _Call:
    remote: str
    local: str
    line: str


class FritzSimulator:
    """A call monitor for any number of listeners. `faults` may be changed while it runs.

    Journal: listener_connected, listener_gone, ring, call, connect, disconnect, dropped.
    """

    def __init__(
        self, journal: Journal, *, faults: dict[str, int] | None = None, calls_every: float | None = None
    ) -> None:
        """With `calls_every` seconds, somebody who does not exist calls by themselves."""
        self.faults = faults if faults is not None else {}
        self._journal = journal
        self._calls_every = calls_every
        self._server: asyncio.Server | None = None
        self._listeners: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._automatic: asyncio.Task[None] | None = None
        self._calls: dict[int, _Call] = {}

    async def start(self, host: str, port: int) -> int:
        """Listen; the port in use, which a `port` of 0 leaves to the system."""
        self._server = await asyncio.start_server(self._connected, host, port)
        if self._calls_every is not None:
            self._automatic = asyncio.create_task(self._call_by_itself(self._calls_every), name="fritz-simulator-calls")
        taken: int = self._server.sockets[0].getsockname()[1]
        return taken

    async def stop(self) -> None:
        """Hang up on everybody; may be called twice."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        tasks = [*self._listeners, *([self._automatic] if self._automatic else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._automatic = None
        if server is not None:
            await server.wait_closed()

    @property
    def listeners(self) -> int:
        """How many are connected."""
        return len(self._listeners)

    # --- the script --------------------------------------------------------------------------------------------------

    async def ring(self, remote: str = "", local: str = "990133", line: str = "SIP0") -> int:
        """Somebody calls; empty `remote` = withheld. Returns the connection, the lowest number free."""
        connection = self._take(_Call(remote, local, line))
        await self._tell(CallStep.RING, connection, remote=remote, local=local, line=line)
        return connection

    async def dial(self, remote: str, extension: int = 10, local: str = "990133", line: str = "SIP0") -> int:
        """Somebody in the shop dials."""
        connection = self._take(_Call(remote, local, line))
        await self._tell(CallStep.CALL, connection, remote=remote, local=local, line=line, extension=extension)
        return connection

    async def connect(self, connection: int, extension: int = 10) -> None:
        """The call is answered."""
        await self._tell(CallStep.CONNECT, connection, remote=self._calls[connection].remote, extension=extension)

    async def disconnect(self, connection: int, seconds: int = 0) -> None:
        """The call ends; 0 seconds = nobody answered."""
        del self._calls[connection]
        await self._tell(CallStep.DISCONNECT, connection, duration=seconds)

    async def send(self, data: bytes) -> None:
        """Send bytes as they are to all listeners."""
        for writer in tuple(self._listeners.values()):
            if writer.transport.get_write_buffer_size() > _MAX_UNSENT:
                writer.transport.abort()
            writer.write(data)
        await asyncio.sleep(0)

    # --- how ---------------------------------------------------------------------------------------------------------

    def _take(self, call: _Call) -> int:
        connection = next(number for number in range(len(self._calls) + 1) if number not in self._calls)
        self._calls[connection] = call
        return connection

    async def _tell(
        self,
        step: CallStep,
        connection: int,
        *,
        remote: str = "",
        local: str = "",
        line: str = "",
        extension: int | None = None,
        duration: int = 0,
    ) -> None:
        now = datetime.now().replace(microsecond=0)  # noqa: DTZ005 - the box shows its local time, too
        data = encode(LineEvent(step, connection, now, remote, local, line, extension, duration))
        self._journal.write(step.value, connection=connection, remote=remote, listeners=len(self._listeners))
        if "silent" in self.faults:
            return
        if "garbage" in self.faults:
            await self.send(b"\xff\x00;RING;;;\r\n")
        if "half-lines" in self.faults:
            await self.send(data[:20])
            await asyncio.sleep(0.02)
            data = data[20:]
        await self.send(data)
        if "drop-after" in self.faults:
            self.faults["drop-after"] -= 1
            if self.faults["drop-after"] <= 0:
                del self.faults["drop-after"]
                self._journal.write("dropped", listeners=len(self._listeners))
                for task in tuple(self._listeners):
                    task.cancel()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._listeners) >= _MAX_CONNECTIONS:
            writer.close()
            return
        task = asyncio.create_task(self._hold(reader, writer), name="fritz-simulator-listener")
        self._listeners[task] = writer
        task.add_done_callback(self._listeners.pop)
        task.add_done_callback(lambda _: writer.close())  # also when it was cancelled before its first step
        self._journal.write("listener_connected", listeners=len(self._listeners))

    async def _hold(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Keep one listener until it goes; what it sends is of no interest to a FRITZ!Box."""
        try:
            with contextlib.suppress(OSError):
                while await reader.read(1024):
                    pass
            self._journal.write("listener_gone", listeners=len(self._listeners) - 1)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _call_by_itself(self, every: float) -> None:
        while True:
            await asyncio.sleep(every)
            withheld = secrets.randbelow(8) == 0
            caller = "" if withheld else f"{secrets.choice(_CALLERS)}{secrets.randbelow(1000):03d}"
            connection = await self.ring(caller)
            await asyncio.sleep(min(5.0, every / 4))
            seconds = 0
            if secrets.randbelow(3):
                await self.connect(connection)
                seconds = 1 + secrets.randbelow(90)
                await asyncio.sleep(min(10.0, every / 4))
            await self.disconnect(connection, seconds)
