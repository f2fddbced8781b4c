"""Serves a software TSE on a Unix socket in its directory. A development aid, NOT certified."""

import asyncio
import contextlib
import os
import socket
from pathlib import Path
from typing import Final

from drivers.errors import CodecError
from drivers.simulation import Journal
from drivers.tse.logmessage import Operation
from drivers.tse.refusals import Refusal
from drivers.tse.software._faults import FAULTS, Faults, parse_faults
from drivers.tse.software._store import StoreError
from drivers.tse.software.codec import MAX_LINE, SOCKET_NAME, Answer, Command, Request, decode_request, encode_answer
from drivers.tse.software.device import DEFAULT_CURVE, Device, RefusalError

__all__ = ["FAULTS", "Faults", "StoreError", "TseSimulator", "parse_faults"]

_MAX_CONNECTIONS: Final = 8
_STEPS: Final = {
    Command.START: (Operation.START, "started"),
    Command.UPDATE: (Operation.UPDATE, "updated"),
    Command.FINISH: (Operation.FINISH, "finished"),
}


class TseSimulator:
    """A software TSE in a process of its own, or in that of a test. `faults` may be changed while it runs.

    Journal: powered_up, self_test, time_updated, client_registered, started, updated, finished, refused, answer_lost.
    """

    def __init__(
        self, directory: Path, journal: Journal, *, curve: str = DEFAULT_CURVE, faults: Faults | None = None
    ) -> None:
        self.directory = directory
        self.faults = faults if faults is not None else Faults()
        self._journal = journal
        self._curve = curve
        self._device: Device | None = None
        self._server: asyncio.Server | None = None
        self._handle = -1
        self._connections: set[asyncio.Task[None]] = set()
        self._busy = asyncio.Lock()  # a TSE does one thing at a time

    async def start(self) -> None:
        """Power up and listen. Raises StoreError, in plain words, when the directory is in use or damaged."""
        self._device = Device(self.directory, curve=self._curve, faults=self.faults)
        try:
            # Kept open while serving: it gives a directory of any length a short name (see codec.socket_path).
            self._handle = os.open(self.directory, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
            # Nobody else can be listening, for the device holds the lock: what lies there was left by a crash.
            (self.directory / SOCKET_NAME).unlink(missing_ok=True)
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                listener.bind(f"/proc/self/fd/{self._handle}/{SOCKET_NAME}")
                self._server = await asyncio.start_unix_server(self._connected, sock=listener, limit=MAX_LINE)
            except BaseException:
                listener.close()
                raise
        except BaseException:
            await self.stop()
            raise
        self._journal.write("powered_up", serial=self._device.serial)

    async def stop(self) -> None:
        """Drop the connections and power down; may be called twice."""
        if self._server is not None:
            self._server.close()
            (self.directory / SOCKET_NAME).unlink(missing_ok=True)
        connections = tuple(self._connections)
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()
            self._server = None
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
        if self._device is not None:
            self._device.close()
            self._device = None

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= _MAX_CONNECTIONS:
            writer.close()
            return
        connection = asyncio.create_task(self._serve(reader, writer), name="tse-simulator-connection")
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)
        connection.add_done_callback(lambda _: writer.close())  # also when cancelled before its first step

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                line = await reader.readuntil(b"\n")
                async with self._busy:
                    answer = await self._answer(line)
                if answer is None:
                    return
                writer.write(encode_answer(answer))
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
            return  # the other side is gone, or sends no lines
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _answer(self, line: bytes) -> Answer | None:
        """The answer to one line; None when the fault wants it lost."""
        try:
            request = decode_request(line)
        except CodecError:
            return Answer(0, Refusal.COMMAND_INVALID)
        try:
            answer = await self._execute(request)
        except RefusalError as refused:
            reason = refused.refusal.value
            self._journal.write("refused", command=request.command.value, client=request.client, reason=reason)
            return Answer(request.id, refused.refusal)
        if request.command in _STEPS and self.faults.due("lost-response"):
            self._journal.write("answer_lost", command=request.command.value, client=request.client)
            return None
        return answer

    async def _execute(self, request: Request) -> Answer:
        device = self._device
        if device is None or "outage" in self.faults:
            raise RefusalError(Refusal.OUTAGE)
        if request.command in _STEPS or request.command is Command.REGISTER_CLIENT:
            await asyncio.sleep(self.faults.get("slow", 0))
        match request.command:
            case Command.INFO:
                return Answer(request.id, info=device.info())
            case Command.SELF_TEST:
                device.self_test()
                self._journal.write("self_test")
            case Command.UPDATE_TIME:
                device.update_time(request.time)
                self._journal.write("time_updated", to=request.time)
            case Command.REGISTER_CLIENT:
                if device.register_client(request.client):
                    self._journal.write("client_registered", client=request.client)
            case Command.LAST_RESPONSE:
                return Answer(request.id, signature=device.last_response(request.client))
            case Command.START | Command.UPDATE | Command.FINISH:
                return self._step(device, request)
        return Answer(request.id)

    def _step(self, device: Device, request: Request) -> Answer:
        operation, event = _STEPS[request.command]
        signed = device.step(operation, request.client, request.number, request.process_type, request.process_data)
        self._journal.write(
            event,
            client=request.client,
            transaction_number=signed.transaction_number,
            signature_counter=signed.signature_counter,
            process_type=request.process_type,
            process_data=request.process_data.decode(errors="replace"),
        )
        return Answer(request.id, signature=signed)
