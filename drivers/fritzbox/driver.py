"""Listens to the call monitor of a FRITZ!Box."""

import asyncio
import socket
import time
from collections import deque
from collections.abc import AsyncIterator
from typing import Final

from drivers.base import Health, Identity, LineEvent
from drivers.errors import CodecError, ConnectionLost, DeviceUnreachable, Outcome
from drivers.fritzbox.codec import PORT, LineSplitter, parse
from drivers.transport import ByteStream, connect_tcp, tune_socket

_QUEUE: Final = 256  # events; a call that nobody fetched while 256 others came is old news


class FritzBox:
    """A CallerIdSource. The box only ever sends and may be silent for days: keep-alive and a proof of life watch it."""

    def __init__(self, host: str, port: int = PORT, *, timeout: float = 3.0, proof_of_life: float = 600.0) -> None:
        """In seconds: `timeout` to connect, `proof_of_life` the silence after which a second connection is tried."""
        self._host = host
        self._port = port
        self._timeout = timeout
        self._proof_of_life = proof_of_life
        self._ever_connected = False
        self._link: _Link | None = None

    @property
    def skipped(self) -> int:
        """How many lines of the present connection made no sense."""
        return self._link.skipped if self._link is not None else 0

    async def open(self) -> Identity:
        """Connect to the call monitor. Raises DeviceUnreachable."""
        await self.close()
        self._link = _Link(await self._connect())
        self._ever_connected = True
        return Identity(vendor="AVM", model="FRITZ!Box call monitor")

    async def check(self) -> Health:
        """Whether the connection stands; after a long silence a second, short one proves that the box is there."""
        link = self._link
        if link is None or link.lost.done():
            raise ConnectionLost("The FRITZ!Box is not connected.", outcome=Outcome.NOT_STARTED)
        if time.monotonic() - link.heard >= self._proof_of_life:
            try:
                await (await self._connect()).close()
            except DeviceUnreachable as error:
                link.end("The FRITZ!Box has been silent for long, and takes no new connection either.")
                raise ConnectionLost(link.lost.result(), outcome=Outcome.NOT_STARTED, hint=error.hint) from error
            link.heard = time.monotonic()
        return Health()

    async def wait_lost(self) -> str:
        """Return once the box or the network has dropped the connection."""
        never: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        return await (never if self._link is None else asyncio.shield(self._link.lost))

    async def close(self) -> None:
        """Hang up; `events` ends."""
        link, self._link = self._link, None
        if link is not None:
            await link.close()

    async def events(self) -> AsyncIterator[LineEvent]:
        """What the line reports, until the connection is lost or closed; nothing is ever sent again by the box."""
        link = self._link
        while link is not None:
            while link.events:
                yield link.events.popleft()
            if link.ended:
                return
            link.news.clear()
            await link.news.wait()

    async def _connect(self) -> ByteStream:
        try:
            return await connect_tcp(self._host, self._port, timeout=self._timeout, tune=_tune)
        except DeviceUnreachable as error:
            if not isinstance(error.__cause__, ConnectionRefusedError):
                raise
            hint = (
                "It may be restarting, which takes some minutes. If this lasts, dial #96*5* again."
                if self._ever_connected
                else "Dial #96*5* once on a telephone that is connected to the box (not on the smartphone app)."
            )
            raise DeviceUnreachable(
                f"The FRITZ!Box at {self._host} is there, but its call monitor is off.",
                reason="CALL_MONITOR_OFF",
                hint=hint,
            ) from error


class _Link:
    """One connection: reads lines into `events`, and tells by `lost` how it ended."""

    def __init__(self, stream: ByteStream) -> None:
        self.events: deque[LineEvent] = deque(maxlen=_QUEUE)
        self.news = asyncio.Event()
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.ended = False
        self.heard = time.monotonic()
        self._garbage = 0
        self._splitter = LineSplitter()
        self._stream = stream
        self._task = asyncio.create_task(self._listen(), name="fritzbox-reader")

    @property
    def skipped(self) -> int:
        return self._garbage + self._splitter.overlong

    def end(self, reason: str) -> None:
        if not self.lost.done():
            self.lost.set_result(reason)
        self.ended = True
        self.news.set()

    async def close(self) -> None:
        self.ended = True
        self.news.set()
        self._task.cancel()
        await asyncio.wait((self._task,))
        await self._stream.close()

    async def _listen(self) -> None:
        try:
            while data := await self._stream.read():
                self.heard = time.monotonic()
                for line in self._splitter.feed(data):
                    try:
                        self.events.append(parse(line))
                    except CodecError:
                        self._garbage += 1
                self.news.set()
            self.end("The FRITZ!Box closed the connection; it may be restarting.")
        except ConnectionLost as error:
            self.end(f"The connection to the FRITZ!Box broke. {error.message}")


def _tune(sock: socket.socket) -> None:
    """Patient, for the line is quiet for days and may be Wi-Fi; a dead one still ends within two minutes."""
    tune_socket(sock)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 60_000)
