"""One job on its way to paper: the bytes out, then the best proof that this printer gives."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from drivers.base import Evidence, PrinterStatus
from drivers.errors import ConnectionLost, DeviceTimeout, Outcome
from drivers.escpos import commands
from drivers.escpos._session import Session
from drivers.escpos._timings import Timings
from drivers.escpos.codec import Plain, RealTime, decode_status

_CHUNK = 1024  # bytes handed over at a time, so that a stall is felt early
_SILENT = "The printer takes no more data. It may be out of paper, its cover may be open, or it is switched off."
_GLANCE = 0.02  # seconds between looks at what the interface has taken, where no answer will come


@dataclass(slots=True)
class Delivery:
    """Runs one job; `stall` is how long nothing may move. `tell` hears what it waits for, "" when it proceeds."""

    session: Session
    timings: Timings
    stall: float
    answers: bool  # the printer answers DLE EOT
    barrier: bool  # it is not known to leave GS r unanswered
    tell: Callable[[str], None]

    async def run(self, data: bytes, sent: Callable[[], Awaitable[None]] | None) -> Evidence:
        """Raises DeviceTimeout or ConnectionLost, both UNKNOWN."""
        asks = self.answers and self.barrier
        answer = self.session.expect(Plain) if asks else None
        try:
            await self._write(data + commands.BARRIER if asks else data)
            if sent is not None:
                await sent()
            if not self.answers:
                await self._taken()
                return Evidence.NONE
            return await self._proof(answer, _printing_time(data))
        finally:
            if answer is not None:
                answer.cancel()

    async def _write(self, data: bytes) -> None:
        for start in range(0, len(data), _CHUNK):
            notice = asyncio.get_running_loop().call_later(self.timings.notice, self.tell, _SILENT)
            try:
                async with asyncio.timeout(self.stall):
                    await self.session.write(data[start : start + _CHUNK])
            except TimeoutError as error:
                raise self._given_up(_SILENT) from error
            finally:
                notice.cancel()
        self.tell("")

    async def _taken(self) -> None:
        """Until the printer's interface has taken all bytes: the least that can be known of a printer that is mute."""
        watch = _Watch(self.session)
        while left := self.session.unacknowledged():
            self._require_connection()
            if watch.idle(left) > self.stall:
                raise self._given_up(_SILENT)
            if watch.idle(left) > self.timings.notice:
                self.tell(_SILENT)
            await asyncio.sleep(_GLANCE)
        self._require_connection()

    async def _proof(self, answer: asyncio.Future[Plain | None] | None, printing: float) -> Evidence:
        """Wait for the barrier's answer. When it keeps silent, ask what is the matter.

        The command reference advises against DLE EOT while GS r is open; their answers differ in bit 4, and only a
        printer that gets this right is taken for one that answers, so it is done where the silence is long.
        """
        watch = _Watch(self.session)
        patience = self.timings.barrier + printing
        ready_since = time.monotonic()
        while True:
            if answer is not None and await self._came(answer):
                return Evidence.BARRIER
            self._require_connection()
            idle = watch.idle(self.session.unacknowledged())
            # Questions would queue behind data that the printer does not take, and be answered much too late.
            status = None if self.session.unacknowledged() else await self._status()
            if answer is not None and answer.done():
                continue
            if status is None or status.blocked:
                ready_since = time.monotonic()
                why = status.blocked if status else _SILENT
                if idle > self.stall:
                    raise self._given_up(why)
                if status is not None or idle > self.timings.notice:
                    self.tell(why)
                if answer is None:
                    await asyncio.sleep(_GLANCE)
                continue
            self.tell("")
            watch.moved()
            if answer is None or time.monotonic() - ready_since > patience:
                return Evidence.STATUS

    async def _came(self, answer: asyncio.Future[Plain | None]) -> bool:
        await asyncio.wait({answer}, timeout=self.timings.notice)
        return answer.done() and answer.result() is not None

    async def _status(self) -> PrinterStatus | None:
        """What the printer says now; None when it is silent."""
        values: list[int] = []
        for n in (1, 2, 3):
            question = commands.process_status(n)
            limits = self.timings
            answer = await self.session.ask(question, RealTime, timeout=limits.answer, drain=limits.drain)
            if answer is None:
                return None
            values.append(answer.value)
        return decode_status(*values)

    def _require_connection(self) -> None:
        if self.session.lost:
            raise ConnectionLost(self.session.lost, hint="Look at the printer: has the slip come out?")

    def _given_up(self, why: str) -> DeviceTimeout:
        return DeviceTimeout(
            why,
            outcome=Outcome.UNKNOWN,
            reason="PRINTER_STALLED",
            hint="Part of the slip may have been printed. Look at the printer before you print it again.",
        )


class _Watch:
    """How long nothing has moved."""

    def __init__(self, session: Session) -> None:
        self._left = session.unacknowledged()
        self._since = time.monotonic()

    def idle(self, left: int) -> float:
        """Seconds since `left`, the bytes not taken yet, last became fewer."""
        if left < self._left:
            self.moved()
        self._left = left
        return time.monotonic() - self._since

    def moved(self) -> None:
        self._since = time.monotonic()


def _printing_time(data: bytes) -> float:
    """Seconds that slow printers take at most: 20 lines, or 20 KB of picture, a second."""
    return data.count(b"\n") / 20 + len(data) / 20_000
