"""The simulated terminal's TCP server and its table of commands."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from drivers.errors import CodecError, DriverError
from drivers.simulation import Journal
from drivers.transport import tune_socket
from drivers.transport.tcp import TcpStream
from drivers.zvt.codec import Apdu, decode_message
from drivers.zvt.codec.bmp import Fields
from drivers.zvt.codec.messages import (
    Abort,
    AbortMessage,
    Acknowledgement,
    Authorisation,
    Completion,
    LogOff,
    Registration,
    RepeatReceipt,
    StatusEnquiry,
)
from drivers.zvt.simulator._faults import Faults
from drivers.zvt.simulator._ledger import Ledger
from drivers.zvt.simulator._sale import Sale, copies
from drivers.zvt.simulator._terminal import CURRENCY, Agreement, Terminal
from drivers.zvt.simulator._wire import BUSY, CANNOT, OK, Wire

_MALFORMED, _WRONG_PASSWORD, _WRONG_CURRENCY = 0x9A, 0x37, 0x6F

#: Service bits of Repeat-Receipt.
_SEND_STATUS, _DO_NOT_PRINT = 0x01, 0x02


class ZvtSimulator:
    """A strict terminal. `state`: file that keeps counters and bookings over a restart. `answer`: T3 in seconds.
    `commissioned`: a fresh one begins with a stored test payment, as terminals in shops do.

    Journal events: connected, disconnected, registered, registration_refused, logged_off, refused, payment_started,
    booked, declined, aborted, reversed, printed, repeated. `booked` is the witness that money moved.
    """

    def __init__(
        self,
        journal: Journal,
        *,
        faults: Faults | None = None,
        state: Path | None = None,
        password: str = "000000",  # noqa: S107 - what terminals are delivered with
        terminal_id: str = "52500001",
        answer: float = 5.0,
        commissioned: bool = False,
    ) -> None:
        ledger = Ledger.open(state)
        if commissioned:
            ledger.commission()
        self._terminal = Terminal(
            journal,
            ledger,
            faults or Faults(),
            terminal_id=terminal_id,
            password=password,
            answer=answer,
        )
        self._server: asyncio.Server | None = None
        self._sessions: set[asyncio.Task[None]] = set()

    @property
    def faults(self) -> Faults:
        """How it behaves now; may be set while it runs."""
        return self._terminal.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._terminal.faults = faults

    async def start(self, host: str, port: int) -> int:
        """Listen; returns the bound port (0 asks for a free one)."""
        self._server = await asyncio.start_server(self._connected, host, port)
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def stop(self) -> None:
        """Stop listening and end all connections; a payment not yet booked is reversed."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._sessions:
            task.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._sessions.add(task)
        task.add_done_callback(self._sessions.discard)
        task.set_name("zvt-simulator-session")
        tune_socket(writer.get_extra_info("socket"))
        host, port, *_ = writer.get_extra_info("peername")
        terminal = self._terminal
        wire = Wire(
            TcpStream(reader, writer, f"{host}:{port}"),
            answer=terminal.answer,
            split=terminal.faults.split,
            merge=terminal.faults.merge,
        )
        terminal.journal.write("connected", peer=f"{host}:{port}")
        try:
            while True:
                await self._serve(wire, await wire.command())
        except (DriverError, TimeoutError) as error:
            terminal.journal.write("disconnected", peer=f"{host}:{port}", reason=str(error))
        finally:
            await wire.drop()

    async def _serve(self, wire: Wire, apdu: Apdu) -> None:
        """Answer one command."""
        try:
            message = decode_message(apdu)
        except CodecError as error:
            await self._refuse(wire, _MALFORMED, str(error))
            return
        match message:
            case Registration():
                await self._register(wire, message)
            case StatusEnquiry():
                await wire.accept()
                await wire.say(self._terminal.status(message.service).completion())
            case Authorisation():
                await self._alone(wire, lambda: self._authorise(wire, message))
            case RepeatReceipt():
                await self._alone(wire, lambda: self._repeat(wire, message))
            case Abort():
                await wire.reply(OK)
            case LogOff():
                self._terminal.log_off()
                self._terminal.journal.write("logged_off")
                await wire.reply(OK)
            case Acknowledgement():
                pass  # of a message given up long ago
            case _:
                await self._refuse(wire, CANNOT.error, f"{apdu.control:04X} is not known here")

    async def _alone(self, wire: Wire, command: Callable[[], Awaitable[None]]) -> None:
        """Run a command unless another one runs, on whichever connection."""
        if self._terminal.running:
            await self._refuse(wire, BUSY.error, "another command is running")
            return
        self._terminal.running = True
        try:
            await command()
        finally:
            self._terminal.running = False

    async def _register(self, wire: Wire, message: Registration) -> None:
        terminal = self._terminal
        refusal = terminal.faults.refuse_registration
        if not refusal and message.password != terminal.password:
            refusal = _WRONG_PASSWORD
        if not refusal and message.currency not in {None, CURRENCY}:
            refusal = _WRONG_CURRENCY
        if refusal:
            terminal.journal.write("registration_refused", code=refusal)
            await wire.reply(Acknowledgement(refusal))
            return
        terminal.agreement = Agreement.of(message)
        terminal.journal.write("registered", config=message.config, tlv=terminal.agreement.tlv)
        await wire.accept()
        await wire.say(Completion(terminal.registration_fields().encode()))

    async def _authorise(self, wire: Wire, message: Authorisation) -> None:
        amount = message.amount_minor
        faults = self._terminal.faults.for_amount(amount or 0)
        if faults.silent:
            return
        if faults.busy:
            await self._refuse(wire, BUSY.error, "told to be busy")
        elif message.fields.rest:
            await self._refuse(wire, CANNOT.error, "a bitmap is not known here")
        elif not amount:
            await self._refuse(wire, _MALFORMED, "the amount is missing")
        elif message.fields.number(0x49) not in {None, CURRENCY}:
            await wire.accept()
            await wire.say(AbortMessage(_WRONG_CURRENCY, Fields.of({0x49: CURRENCY})))
        else:
            await wire.accept()
            await Sale(self._terminal, wire, amount, faults).run()

    async def _repeat(self, wire: Wire, message: RepeatReceipt) -> None:
        terminal = self._terminal
        last = terminal.ledger.last
        if message.password != terminal.password:
            await self._refuse(wire, _WRONG_PASSWORD, "wrong password")
            return
        await wire.accept()
        if last is None:
            await wire.say(AbortMessage(CANNOT.error))
            return
        terminal.journal.write("repeated", receipt_number=f"{last.receipt_number:04}")
        if message.service & _SEND_STATUS:
            await wire.say(terminal.status_information(last))
        if not message.service & _DO_NOT_PRINT:
            for line in copies(terminal, last):
                await wire.say(line)
        await wire.say(Completion())

    async def _refuse(self, wire: Wire, code: int, why: str) -> None:
        self._terminal.journal.write("refused", code=code, reason=why)
        await wire.reply(Acknowledgement(code))
