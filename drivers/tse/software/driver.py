"""The driver of the software TSE: speaks to its simulator over the socket in its directory."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from drivers.base import Health, Identity, TseInfo, TseSignature
from drivers.errors import (
    CodecError,
    ConnectionLost,
    DeviceRefused,
    DeviceTimeout,
    DeviceUnreachable,
    Outcome,
    ProtocolError,
)
from drivers.tse.refusals import Refusal, refused
from drivers.tse.software.codec import MAX_LINE, Answer, Command, Request, decode_answer, encode_request, socket_path

_READING: Final = frozenset({Command.INFO, Command.LAST_RESPONSE})
_CERTIFICATE_WARNING: Final = timedelta(days=90)
_SIGNATURES_WARNING: Final = 100_000
_ASK = "Ask the TSE for its last response before anything is signed again."


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Limits in seconds."""

    connect: float = 3.0
    command: float = 10.0
    self_test: float = 70.0  # real ones take up to 60 s


class SoftwareTse:
    """A SigningDevice for development, told apart by `TseInfo.development`."""

    def __init__(self, directory: Path, *, timeouts: Timeouts | None = None) -> None:
        """`directory` is the one the simulator was given."""
        self._directory = directory
        self._timeouts = timeouts or Timeouts()
        self._line: _Line | None = None

    async def open(self) -> Identity:
        """Connect, and run the self test and set the time where the TSE wants it."""
        await self.close()
        self._line = await _Line.connect(self._directory, self._timeouts.connect)
        try:
            info = await self._make_ready(await self.info())
        except BaseException:
            await self.close()
            raise
        return Identity(vendor="Kassenwart", model=info.description, serial=info.serial)

    async def check(self) -> Health:
        """Read the state, mend what can be mended, and tell what a person must see to."""
        info = await self._make_ready(await self.info())
        left = info.certificate_expiry - datetime.now(UTC)
        if left < timedelta(0):
            return Health(False, "The certificate of the TSE has expired; it signs no more. Order a new TSE now.")
        if info.signatures_remaining == 0:
            return Health(False, "The TSE has used up all its signatures. Order a new one now.")
        if left < _CERTIFICATE_WARNING:
            return Health(True, f"The certificate of the TSE expires in {left.days} days. Order a new TSE.")
        if info.signatures_remaining < _SIGNATURES_WARNING:
            return Health(True, f"The TSE has {info.signatures_remaining} signatures left. Order a new TSE.")
        return Health()

    async def wait_lost(self) -> str:
        """Return once the simulator is gone or the line is broken."""
        never: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        return await (never if self._line is None else self._line.lost())

    async def close(self) -> None:
        """Hang up."""
        line, self._line = self._line, None
        if line is not None:
            await line.close()

    async def info(self) -> TseInfo:
        """Read the state."""
        answer = await self._call(Request(0, Command.INFO))
        if answer.info is None:
            raise ProtocolError("The software TSE answered without its state.", outcome=Outcome.NOT_STARTED)
        return answer.info

    async def run_self_test(self) -> None:
        """Let the TSE test itself."""
        await self._call(Request(0, Command.SELF_TEST), limit=self._timeouts.self_test)

    async def sync_time(self) -> None:
        """Give the TSE the time of this machine."""
        await self._call(Request(0, Command.UPDATE_TIME, time=int(time.time())))

    async def register_client(self, client_id: str) -> None:
        """Make a till known; doing so again changes nothing."""
        await self._mending(lambda: self._call(Request(0, Command.REGISTER_CLIENT, client_id)))

    async def start(self, client_id: str) -> TseSignature:
        """Open a transaction."""
        return await self._sign(Request(0, Command.START, client_id))

    async def update(self, client_id: str, number: int, process_type: str, process_data: bytes) -> TseSignature:
        """Add to an open transaction."""
        return await self._sign(Request(0, Command.UPDATE, client_id, number, process_type, process_data))

    async def finish(self, client_id: str, number: int, process_type: str, process_data: bytes) -> TseSignature:
        """Close an open transaction."""
        return await self._sign(Request(0, Command.FINISH, client_id, number, process_type, process_data))

    async def last_response(self, client_id: str) -> TseSignature | None:
        """The answer last given to this client; None when it never made a step."""
        return (await self._call(Request(0, Command.LAST_RESPONSE, client_id))).signature

    # --- how ---------------------------------------------------------------------------------------------------------

    async def _sign(self, request: Request) -> TseSignature:
        answer = await self._mending(lambda: self._call(request))
        if answer.signature is None:
            raise ProtocolError("The software TSE answered a step without a signature.", hint=_ASK)
        return answer.signature

    async def _mending(self, call: Callable[[], Awaitable[Answer]]) -> Answer:
        """Call; when the TSE first wants its self test or the time, see to that and call once more.

        Safe to repeat: such a refusal comes before anything is signed.
        """
        try:
            return await call()
        except DeviceRefused as error:
            if error.reason not in (Refusal.SELF_TEST_NEEDED.value, Refusal.TIME_NOT_SET.value):
                raise
        await self._make_ready(await self.info())
        return await call()

    async def _make_ready(self, info: TseInfo) -> TseInfo:
        if info.self_test_passed and info.time_valid:
            return info
        if not info.self_test_passed:
            await self.run_self_test()
        if not info.time_valid:
            await self.sync_time()
        return await self.info()

    async def _call(self, request: Request, *, limit: float | None = None) -> Answer:
        if self._line is None:
            raise ConnectionLost("The software TSE is not connected.", outcome=Outcome.NOT_STARTED)
        answer = await self._line.call(request, limit or self._timeouts.command)
        if answer.refusal is not None:
            raise refused(answer.refusal)
        return answer


class _Line:
    """One connection to the simulator: sends commands, matches answers by id, notices the end."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._next_id = 0
        self._pending: tuple[int, asyncio.Future[Answer]] | None = None
        self._lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._listen(), name="software-tse-reader")

    @classmethod
    async def connect(cls, directory: Path, limit: float) -> "_Line":
        try:
            async with asyncio.timeout(limit):
                with socket_path(directory) as path:
                    return cls(*await asyncio.open_unix_connection(path, limit=MAX_LINE))
        except TimeoutError as error:
            raise DeviceUnreachable(
                f"The software TSE in {directory} took no connection within {limit:g} s."
            ) from error
        except OSError as error:
            raise DeviceUnreachable(
                f"No software TSE is running in {directory}.",
                hint=f"Start it with: kassenwart simulate tse --dir {directory}",
            ) from error

    async def call(self, request: Request, limit: float) -> Answer:
        self._next_id += 1
        request = replace(request, id=self._next_id)
        # Whatever goes wrong after the line has left: reading again does no harm, signing again would.
        outcome = Outcome.NOT_STARTED if request.command in _READING else Outcome.UNKNOWN
        hint = "" if request.command in _READING else _ASK
        try:
            line = encode_request(request)
        except CodecError as error:
            raise refused(Refusal.DATA_INVALID) from error
        if self._lost.done() or self._writer.is_closing():
            raise ConnectionLost("The connection to the software TSE is gone.", outcome=Outcome.NOT_STARTED)
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._pending = (request.id, answer)
        try:
            async with asyncio.timeout(limit):
                self._writer.write(line)
                await self._writer.drain()
                await asyncio.wait((answer, self._lost), return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError as error:
            self._end(f"The software TSE did not answer within {limit:g} s.")
            raise DeviceTimeout(
                f"The software TSE did not answer within {limit:g} s.", outcome=outcome, hint=hint
            ) from error
        except OSError as error:
            raise ConnectionLost("The connection to the software TSE broke.", outcome=outcome, hint=hint) from error
        finally:
            self._pending = None
        if not answer.done():
            raise ConnectionLost(self._lost.result(), outcome=outcome, hint=hint)
        return answer.result()

    async def lost(self) -> str:
        return await asyncio.shield(self._lost)

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.wait((self._task,))
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(1):
                await self._writer.wait_closed()

    async def _listen(self) -> None:
        reason = "The software TSE closed the connection: its process has ended, or was stopped."
        try:
            while True:
                answer = decode_answer(await self._reader.readuntil(b"\n"))
                if self._pending is not None and self._pending[0] == answer.id and not self._pending[1].done():
                    self._pending[1].set_result(answer)
        except (asyncio.LimitOverrunError, CodecError) as error:
            reason = f"The software TSE sent what this gateway does not understand ({error})."
        except (asyncio.IncompleteReadError, OSError):
            pass
        self._end(reason)

    def _end(self, reason: str) -> None:
        if not self._lost.done():
            self._lost.set_result(reason)
        self._writer.close()
