"""The life of one command, from its first byte to the terminal's end message (PA00P015, chapters 1 and 2).

The terminal holds the master right meanwhile: each of its messages is answered before it sends the next. The one thing
the till may say unasked is 06 B0, so an 80 or 84 that comes now answers that, while class 04 and 06 are messages.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from drivers.errors import CodecError, ConnectionLost, DeviceTimeout, DriverError, ProtocolError
from drivers.zvt._link import Link
from drivers.zvt._timers import Timers
from drivers.zvt.codec import Apdu, Message, decode_message
from drivers.zvt.codec.messages import (
    Abort,
    AbortMessage,
    Acknowledgement,
    Completion,
    IntermediateStatus,
    PrintBlock,
    PrintLine,
    StatusInformation,
)
from drivers.zvt.codec.text import decode_text

_log = logging.getLogger(__name__)

OK = Acknowledgement()
#: "I do not know this": the answer to messages that a till of our kind has not asked for.
UNKNOWN_COMMAND = Acknowledgement(0x83)

#: Messages we know of and need nothing from: 04 01, the host's date and time.
_IGNORED = frozenset({0x0401})

End = Completion | AbortMessage
#: Takes one message of the terminal and says how to acknowledge it.
OnMessage = Callable[[Message], Awaitable[Acknowledgement]]


class Refused(Exception):
    """The terminal answered the command itself with 84 xx: nothing was begun."""

    def __init__(self, code: int) -> None:
        super().__init__(f"84 {code:02X}")
        self.code = code


async def acknowledge(message: Message) -> Acknowledgement:
    """For commands of which only the end matters; what a job of the terminal itself prints goes to the log."""
    if isinstance(message, PrintLine):
        _log.info("the terminal prints: %s", decode_text(message.text))
    return OK


class Conversation:
    """One command on a link. `silence`: seconds between two messages of the terminal before it is given up (T4)."""

    def __init__(self, link: Link, timers: Timers, *, silence: float, abortable: bool = False) -> None:
        self._link = link
        self._timers = timers
        self._silence = silence
        self._abortable = abortable
        self._accepted = asyncio.Event()  # the terminal answered the command, or all is over
        self._over = False
        self._given_up = False  # T4 ran out once
        self._abort_answer: asyncio.Future[bool] | None = None
        self.left = False  # whether a byte of the command may have reached the terminal

    async def run(self, command: Apdu, on_message: OnMessage) -> End:
        """Send, answer everything, return the end message. Raises Refused and DriverError (outcome not yet judged)."""
        if not self._link.alive:
            raise ConnectionLost(f"The connection to {self._link.peer} is gone.")
        if self._link.waiting:
            raise ProtocolError(f"{self._link.peer} sent something that nobody had asked for.")
        try:
            async with asyncio.timeout(self._timers.total):
                self.left = True
                await self._link.send(command)
                return await self._until_end(on_message)
        except CodecError as error:
            raise ProtocolError(f"{self._link.peer} sent something that is not ZVT: {error}.") from error
        except TimeoutError as error:
            if isinstance(error, DriverError):
                raise
            raise DeviceTimeout(f"{self._link.peer} came to no end within {self._timers.total:g} s.") from error
        finally:
            self._over = True
            self._accepted.set()
            if self._abort_answer is not None and not self._abort_answer.done():
                self._abort_answer.set_result(False)

    async def abort(self) -> bool:
        """Send 06 B0 once the command runs; True when the terminal agreed in time. May be called from any task."""
        if self._abort_answer is None:
            try:
                async with asyncio.timeout(self._timers.answer):
                    await self._accepted.wait()
            except TimeoutError:
                return False
        if self._over:
            return False
        try:
            answer = await self._send_abort()
            async with asyncio.timeout(self._timers.answer):
                return await asyncio.shield(answer)
        except (TimeoutError, ConnectionLost):
            return False

    async def _send_abort(self) -> asyncio.Future[bool]:
        if self._abort_answer is None or self._abort_answer.done():
            self._abort_answer = asyncio.get_running_loop().create_future()
            await self._link.send(Abort().apdu())
        return self._abort_answer

    async def _until_end(self, on_message: OnMessage) -> End:
        message = decode_message(await self._link.receive(self._timers.answer))
        if isinstance(message, Acknowledgement):
            if not message.positive:
                raise Refused(message.error)
            self._accepted.set()
            message = await self._next()
        self._accepted.set()
        while not isinstance(message, Completion | AbortMessage):
            await self._answer(message, on_message)
            message = await self._next()
        await self._settle(message)
        return message

    async def _answer(self, message: Message, on_message: OnMessage) -> None:
        if isinstance(message, IntermediateStatus) and message.timeout_minutes and not self._given_up:
            self._silence = message.timeout_minutes * 60.0
        control = message.apdu().control
        if isinstance(message, IntermediateStatus | StatusInformation | PrintLine | PrintBlock):
            answer = await on_message(message)
        elif control in _IGNORED:
            answer = OK
        elif control >> 8 in {0x04, 0x06}:
            _log.info("%s: message %04X is not known here, refused", self._link.peer, control)
            answer = UNKNOWN_COMMAND
        else:
            raise ProtocolError(f"{self._link.peer} sent {control:04X}, which no terminal sends.")
        await self._link.send(answer.apdu())

    async def _next(self) -> Message:
        """The next message of the terminal; when it keeps silent, 06 B0 and a last wait (PA00P015, T4)."""
        try:
            return await self._receive(self._silence)
        except DeviceTimeout:
            if not self._abortable or self._given_up:
                raise
        _log.warning("%s: silent for %g s in a payment, asking it to abort", self._link.peer, self._silence)
        await self._send_abort()
        self._given_up = True
        self._silence = min(self._silence, self._timers.after_abort)
        return await self._receive(self._timers.after_abort)

    async def _receive(self, timeout: float) -> Message:
        deadline = asyncio.get_running_loop().time() + timeout
        while True:
            message = decode_message(await self._link.receive(deadline - asyncio.get_running_loop().time()))
            if not isinstance(message, Acknowledgement):
                return message
            if self._abort_answer is None or self._abort_answer.done():
                raise ProtocolError(f"{self._link.peer} acknowledged something that was never sent.")
            self._abort_answer.set_result(message.positive)

    async def _settle(self, end: End) -> None:
        """Acknowledge the end, and wait for an answer to 06 B0 that is still on its way."""
        try:
            await self._link.send(OK.apdu())
            if self._abort_answer is not None and not self._abort_answer.done():
                answer = decode_message(await self._link.receive(self._timers.answer))
                self._abort_answer.set_result(isinstance(answer, Acknowledgement) and answer.positive)
        except (DriverError, CodecError) as error:  # the verdict was told and stands; the link is of no more use
            _log.info("%s: after its %s: %s", self._link.peer, type(end).__name__, error)
            await self._link.close(str(error))
