"""A strict ESC/POS printer on TCP: sensors, a receive buffer that fills up, faults, and slips as PNG and text.

It serves one connection at a time, lets three wait (as Epson's UB-E02 does) and refuses more. Real-time commands are
obeyed as they arrive, wherever they stand. When it cannot print, its buffer fills and it stops reading, so that the
sender's TCP window closes; when it can again, everything comes out. The journal tells what really came out:

    connected, disconnected     a connection is served, and ends
    slip                        slip, text (first line), lines, cut, sha256 of its bytes, png
    cut                         full
    drawer_kick                 pin, on_ms, off_ms, real_time
    unknown_command             hex
    incomplete_command          hex; a connection ended within a command
"""

import asyncio
import contextlib
import re
import socket
import struct
from collections import deque
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from drivers.document.lines import Item, Line
from drivers.escpos._faults import FAULTS, NO_FAULTS, Faults, parse_faults
from drivers.escpos._interpreter import Interpreter, Kick, Query, Strange
from drivers.escpos._slips import Tray
from drivers.escpos._tokens import Token, Tokenizer
from drivers.simulation import Journal

__all__ = ["FAULTS", "Faults", "PrinterSimulator", "parse_faults"]

_WAITING = 3
_INTERFACE_BUFFER = 8192
_PIECE = 256  # bytes that the mechanism takes from the buffer at a time
_REAL_TIME = re.compile(rb"\x10\x04[\x01-\x04]|\x10\x14\x01[\x00\x01][\x01-\x08]")
_REAL_TIME_TAIL = 4
_IDENTITY = {65: "1.00 sim", 66: "Kassenwart", 67: "Simulator", 68: "SIM0000001"}


class _Connection:
    """One served connection; replies go nowhere once it is gone."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._tail = b""

    def reply(self, data: bytes) -> None:
        if not self._writer.is_closing():
            self._writer.write(data)

    def real_time(self, data: bytes) -> list[bytes]:
        """The real-time commands that are complete with these bytes."""
        data = self._tail + data
        found = list(_REAL_TIME.finditer(data))
        rest = data[found[-1].end() :] if found else data
        self._tail = rest[-_REAL_TIME_TAIL:]
        return [match[0] for match in found]

    def reset(self) -> None:
        """Drop the connection at once, as an interface board does."""
        sock = self._writer.get_extra_info("socket")
        with contextlib.suppress(OSError, ValueError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


class PrinterSimulator:
    """One printer; `out` takes the slips, `capacity` the receive buffer in bytes, `idle` s end an uncut slip."""

    def __init__(
        self,
        journal: Journal,
        *,
        out: Path | None = None,
        faults: Faults = NO_FAULTS,
        columns: int = 48,
        capacity: int = 4096,
        idle: float = 3.0,
    ) -> None:
        self.paper_out = faults.paper_out == 0
        self.cover_open = faults.cover_open
        self.offline = faults.offline
        self.drawer_pin_high = True
        self._journal = journal
        self._faults = faults
        self._lines_left = faults.paper_out or None
        self._drop_after = faults.drop
        self._capacity = capacity
        self._idle = idle
        self._tray = Tray(journal, out, columns)
        self._interpreter = Interpreter(columns, chinese=faults.chinese)
        self._tokenizer = Tokenizer()
        self._buffer: deque[tuple[_Connection, bytes]] = deque()  # an empty piece marks the end of a connection
        self._buffered = 0
        self._changed = asyncio.Event()
        self._turn = asyncio.Lock()
        self._connections = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    # --- from outside --------------------------------------------------------------------------------------------

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Switch on; returns the port."""
        self._spawn(self._mechanism(), "mechanism")
        self._server = await asyncio.start_server(self._accept, host, port, limit=1024)
        listening = self._server.sockets[0]
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _INTERFACE_BUFFER)
        return int(listening.getsockname()[1])

    async def stop(self) -> None:
        """Switch off: what is in the buffer is lost."""
        if self._server is not None:
            self._server.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def set_paper_out(self, out: bool) -> None:
        """Take the paper out, or put a new roll in."""
        self.paper_out = out
        self._notify()

    def set_cover_open(self, is_open: bool) -> None:
        """Open or close the cover."""
        self.cover_open = is_open
        self._notify()

    def set_offline(self, offline: bool) -> None:
        """Take the printer off-line or on-line again."""
        self.offline = offline
        self._notify()

    @property
    def blocked(self) -> bool:
        """Whether it cannot print now."""
        return self.paper_out or self.cover_open or self.offline

    # --- the interface: connections ------------------------------------------------------------------------------

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=f"printer simulator {name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._spawn(self._serve(reader, writer), "connection")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _Connection(writer)
        self._connections += 1
        try:
            if self._connections <= 1 + _WAITING:
                async with self._turn:
                    self._journal.write("connected")
                    with contextlib.suppress(OSError):
                        await self._receive(reader, connection)
                    self._put(connection, b"")
                    self._journal.write("disconnected")
        finally:
            self._connections -= 1
            connection.reset()

    async def _receive(self, reader: asyncio.StreamReader, connection: _Connection) -> None:
        """Take bytes while there is room for them, until the other side hangs up."""
        if self._faults.silent_accept:
            await asyncio.Event().wait()
        while True:
            while self._buffered >= self._capacity:
                await self._changed.wait()
            data = await reader.read(min(_PIECE, self._capacity - self._buffered))
            if not data:
                return
            dropped = self._drop_after is not None and len(data) >= self._drop_after
            if self._drop_after is not None:
                data, self._drop_after = data[: self._drop_after], self._drop_after - len(data)
            for command in connection.real_time(data):
                self._obey(connection, command)
            self._put(connection, data)
            if dropped:
                self._drop_after = None
                return

    def _put(self, connection: _Connection, data: bytes) -> None:
        self._buffer.append((connection, data))
        self._buffered += len(data)
        self._notify()

    def _notify(self) -> None:
        """Wake all who wait for anything to change; each looks again for itself."""
        self._changed.set()
        self._changed.clear()

    # --- real time: as soon as it is received ----------------------------------------------------------------------

    def _obey(self, connection: _Connection, command: bytes) -> None:
        if command[1] == 0x04:
            self._answer(connection, bytes((self._sensor(command[2]),)))
        else:
            pin, on_ms = (5 if command[3] else 2), command[4] * 100
            self._journal.write("drawer_kick", pin=pin, on_ms=on_ms, off_ms=on_ms, real_time=True)

    def _sensor(self, n: int) -> int:
        """DLE EOT 1 to 4."""
        flags = {
            1: (self.drawer_pin_high, 0x04, self.blocked, 0x08),
            2: (self.cover_open, 0x04, self.paper_out, 0x20),
            3: (False, 0, False, 0),
            4: (self.paper_out, 0x60, self._faults.near_end or self.paper_out, 0x0C),
        }[n]
        return 0x12 | (flags[1] if flags[0] else 0) | (flags[3] if flags[2] else 0)

    def _answer(self, connection: _Connection, data: bytes) -> None:
        if self._faults.garbage_status:
            data = b"\x00\xff\x80\x91"
        if not self._faults.no_status:
            connection.reply(data)

    # --- the mechanism: in turn, and only while it can print --------------------------------------------------------

    async def _mechanism(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._idle):
                    while not self._buffer:
                        await self._changed.wait()
            except TimeoutError:
                self._tray.finish()
                continue
            connection, data = self._buffer[0]
            for token in self._tokenizer.feed(data):
                await self._execute(connection, token)
            if self._faults.slow:
                await asyncio.sleep(len(data) / self._faults.slow)
            if not data:
                self._end_of_connection()
            self._buffer.popleft()
            self._buffered -= len(data)
            self._notify()

    def _end_of_connection(self) -> None:
        if self._tokenizer.pending:
            self._journal.write("incomplete_command", hex=self._tokenizer.pending[:64].hex(" "))
            self._tokenizer = Tokenizer()
        self._tray.finish()

    async def _execute(self, connection: _Connection, token: Token) -> None:
        self._tray.read(token)
        for effect in self._interpreter.execute(token):
            if isinstance(effect, Strange):
                self._journal.write("unknown_command", hex=effect.data[:64].hex(" "))
                continue
            while self.blocked:
                await self._changed.wait()
            match effect:
                case Query():
                    self._reply_in_turn(connection, effect)
                case Kick():
                    kick = {"pin": effect.pin, "on_ms": effect.on_ms, "off_ms": effect.off_ms}
                    self._journal.write("drawer_kick", **kick, real_time=False)
                case _:
                    self._tray.print(effect)
                    self._use_up(effect)

    def _reply_in_turn(self, connection: _Connection, query: Query) -> None:
        if self._faults.no_barrier:
            return
        if query.kind == "r":
            paper = 0x03 if self._faults.near_end else 0
            self._answer(connection, bytes((paper if query.n in {1, 49} else int(self.drawer_pin_high),)))
        elif query.n in _IDENTITY:
            self._answer(connection, b"_" + _IDENTITY[query.n].encode() + b"\0")
        else:
            self._answer(connection, b"\x02")

    def _use_up(self, item: Item) -> None:
        """Printed lines use up the paper where that fault is set."""
        if self._lines_left is not None and isinstance(item, Line):
            self._lines_left -= 1
            if self._lines_left == 0:
                self._lines_left = None
                self.paper_out = True
