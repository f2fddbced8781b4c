"""A receipt printer that speaks ESC/POS on a raw TCP port.

Only one host at a time can talk to such a printer, so the connection is held while jobs come and let go soon after. TCP
takes bytes that a printer without paper never prints: a job counts as printed only by the answer behind it.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from drivers.base import Evidence, Health, Identity, Paper, PrinterStatus, SendProgress
from drivers.errors import CodecError, ConnectionLost, DeviceTimeout, DriverError, Outcome
from drivers.escpos import commands
from drivers.escpos._delivery import Delivery
from drivers.escpos._session import Session
from drivers.escpos._timings import Timings
from drivers.escpos.codec import Block, RealTime, decode_identity, decode_status
from drivers.transport import connect_tcp

_T = TypeVar("_T")


class EscposPrinter:
    """Implements `drivers.base.ReceiptPrinter`.

    `waiting_for` says in plain words what a running job waits for, empty while it proceeds; `on_waiting` hears changes.
    """

    def __init__(
        self,
        host: str,
        port: int = 9100,
        *,
        timings: Timings = Timings(),  # noqa: B008 - immutable
        on_waiting: Callable[[str], None] | None = None,
    ) -> None:
        self.waiting_for = ""
        self._host = host
        self._port = port
        self._timings = timings
        self._on_waiting = on_waiting
        self._session: Session | None = None
        self._closed_at = float("-inf")
        self._idle: asyncio.TimerHandle | None = None
        self._letting_go: asyncio.Task[None] | None = None
        self._lost = asyncio.Event()
        self._lost_reason = ""
        # Whether it answers DLE EOT, None while not known; once it did, silence is a fault and no lack of skill.
        self._answers: bool | None = None
        self._knows_barrier = True
        self._ready_at = float("-inf")  # when it was last known to be ready

    async def open(self) -> Identity:
        """Connect, find out whether the printer tells its status, and who it is."""
        await self._drop()
        self._answers = self._answers or None  # ask again whether it answers, if it did not so far
        self._knows_barrier = True
        async with self._in_use():
            return await self._attempt(self._identify)

    async def check(self) -> Health:
        """Ask how the printer is; one that gives no status is well as long as it takes a connection."""
        status = await self.status()
        if status.blocked:
            return Health(ready=False, reason=status.blocked)
        return Health(reason="The paper roll is nearly used up." if status.paper is Paper.NEAR_END else "")

    async def wait_lost(self) -> str:
        """Return once a held connection is found dead."""
        await self._lost.wait()
        return self._lost_reason

    async def close(self) -> None:
        """Let go of the printer."""
        await self._drop()

    async def status(self) -> PrinterStatus:
        """Read the sensors; `answers=False` for a printer that gives no status."""
        async with self._in_use():
            return await self._attempt(self._read_status)

    async def send(self, data: bytes, progress: SendProgress) -> Evidence:
        """Send one encoded job and wait for the best proof this printer gives."""
        async with self._in_use():
            session = await self._attempt(self._require_ready)
            return await self._deliver(session, data, progress.sent, self._timings.stall)

    async def pulse(self, pin: int, on_ms: int, off_ms: int) -> None:
        """Kick the drawer on connector pin 2 or 5."""
        try:
            data = commands.drawer_pulse(pin, on_ms, off_ms)
        except ValueError as error:
            message = f"The drawer cannot be opened like this: {error}."
            raise DriverError(message, outcome=Outcome.NOT_STARTED, reason="BAD_PULSE") from error
        async with self._in_use():
            session = await self._attempt(self._require_ready)
            try:
                await self._deliver(session, data, None, self._timings.pulse)
            except DriverError as error:
                error.hint = "Look whether the drawer has opened before you open it again."
                raise

    # --- the connection: held while in use and a little longer ---------------------------------------------------

    @contextlib.asynccontextmanager
    async def _in_use(self) -> AsyncIterator[None]:
        self._stop_idle()
        try:
            yield
        finally:
            self._stop_idle()
            if self._session is not None:
                self._idle = asyncio.get_running_loop().call_later(self._timings.idle, self._let_go)

    async def _attempt(self, work: Callable[[Session], Awaitable[_T]]) -> _T:
        """Do what moves no paper; a held connection that turns out to be dead is made anew once. All NOT_STARTED."""
        with contextlib.suppress(ConnectionLost):
            return await work(await self._connected())
        try:
            return await work(await self._connected())
        except ConnectionLost as error:
            raise ConnectionLost(error.message, outcome=Outcome.NOT_STARTED) from error

    async def _connected(self) -> Session:
        if self._session is not None and not self._session.lost:
            return self._session
        await self._drop()
        await asyncio.sleep(self._closed_at + self._timings.reopen - time.monotonic())
        stream = await connect_tcp(self._host, self._port, timeout=self._timings.connect)
        session = self._session = Session(stream, on_lost=self._note_lost)
        self._lost.clear()
        if not self._answers:
            answer = await self._ask(session, 1)
            self._answers = answer is not None
        return session

    async def _drop(self) -> None:
        """Hang up, and wait until an idle connection that is being let go is gone."""
        self._stop_idle()
        session, self._session = self._session, None
        self._ready_at = float("-inf")
        if self._letting_go is not None:
            await self._letting_go
            self._letting_go = None
        if session is not None:
            await session.close()
            self._closed_at = time.monotonic()

    def _let_go(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            self._letting_go = asyncio.create_task(self._hang_up(session), name=f"escpos let go {self._host}")

    async def _hang_up(self, session: Session) -> None:
        await session.close()
        self._closed_at = time.monotonic()

    def _stop_idle(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _note_lost(self, reason: str) -> None:
        self._lost_reason = reason
        self._lost.set()

    # --- questions -----------------------------------------------------------------------------------------------

    async def _ask(self, session: Session, n: int) -> int | None:
        """One DLE EOT; None for silence. Raises ConnectionLost."""
        limits = self._timings
        question = commands.process_status(n)
        answer = await session.ask(question, RealTime, timeout=limits.answer, drain=limits.drain)
        return None if answer is None else answer.value

    async def _read_status(self, session: Session) -> PrinterStatus:
        """All four questions; a printer that used to answer and is silent raises DeviceTimeout, NOT_STARTED."""
        if not self._answers:
            return PrinterStatus(answers=False)
        values: list[int] = []
        for n in (1, 2, 3, 4):
            value = await self._ask(session, n)
            if value is None:
                raise DeviceTimeout(
                    "The printer is connected but does not answer.",
                    outcome=Outcome.NOT_STARTED,
                    hint="Another till may be using it, or it hangs: wait a moment, then switch it off and on.",
                )
            values.append(value)
        status = decode_status(*values)
        self._ready_at = float("-inf") if status.blocked else time.monotonic()
        return status

    async def _require_ready(self, session: Session) -> Session:
        """Raises DriverError, NOT_STARTED, when the printer says that it cannot print now."""
        if not self._answers or time.monotonic() - self._ready_at < self._timings.fresh:
            return session
        value = await self._ask(session, 1)
        if value is None or not decode_status(value).online:
            status = await self._read_status(session)
            if status.blocked:
                raise DriverError(status.blocked, outcome=Outcome.NOT_STARTED, reason=_reason(status))
        self._ready_at = time.monotonic()
        return session

    async def _identify(self, session: Session) -> Identity:
        """GS I, where the printer can answer; units that do not know it stay silent, so one silence ends the asking."""
        if not self._answers or (await self._read_status(session)).blocked:
            return Identity()
        found: dict[str, str] = {}
        for field, n in _IDENTITY:
            question = commands.identify(n)
            answer = await session.ask(question, Block, timeout=self._timings.answer, drain=self._timings.drain)
            if answer is None:
                break
            with contextlib.suppress(CodecError):
                found[field] = decode_identity(answer.data)
        return Identity(**found)

    # --- delivery ------------------------------------------------------------------------------------------------

    async def _deliver(
        self, session: Session, data: bytes, sent: Callable[[], Awaitable[None]] | None, stall: float
    ) -> Evidence:
        assert self._answers is not None
        delivery = Delivery(session, self._timings, stall, self._answers, self._knows_barrier, self._tell)
        try:
            evidence = await delivery.run(data, sent)
        except BaseException:
            # What has not left must not come out later, when nobody expects it any more.
            session.abort()
            self._ready_at = float("-inf")
            raise
        finally:
            self._tell("")
        self._ready_at = time.monotonic()
        self._knows_barrier = self._knows_barrier and evidence is not Evidence.STATUS
        return evidence

    def _tell(self, waiting_for: str) -> None:
        if waiting_for != self.waiting_for:
            self.waiting_for = waiting_for
            if self._on_waiting is not None:
                self._on_waiting(waiting_for)


#: Fields of Identity and their GS I numbers, the model first: that one decides whether more is asked.
_IDENTITY = (("model", 67), ("vendor", 66), ("serial", 68), ("firmware", 65))


def _reason(status: PrinterStatus) -> str:
    if status.cover_open:
        return "COVER_OPEN"
    if status.paper is Paper.OUT:
        return "PAPER_OUT"
    return "PRINTER_ERROR" if status.error else "PRINTER_OFFLINE"
