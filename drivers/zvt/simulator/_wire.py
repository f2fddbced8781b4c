"""The wire as the simulated terminal sees it: messages out one by one, each waiting for its acknowledgement."""

import asyncio

from drivers.errors import CodecError
from drivers.transport import ByteStream
from drivers.zvt._link import Link
from drivers.zvt.codec import Apdu, Message, decode_message
from drivers.zvt.codec.messages import Abort, Acknowledgement, TerminalMessage

OK = Acknowledgement()
CANNOT, BUSY = Acknowledgement(0x83), Acknowledgement(0x9C)

_PIECE, _PAUSE = 3, 0.0005


class Wire:
    """One connection. All methods raise DriverError once it is gone.

    `answer`: seconds to wait for an acknowledgement (T3). `split` sends in small pieces; `merge` sends the
    acknowledgement of a command in one piece with the first message behind it.
    """

    def __init__(self, stream: ByteStream, *, answer: float, split: bool, merge: bool) -> None:
        self._stream = stream
        self._link = Link(stream, message_limit=answer)
        self._answer = answer
        self._split = split
        self._merge = merge
        self._held = b""
        self.abort_possible = False  # as long as the terminal would agree to 06 B0
        self.abort_requested = False

    async def command(self) -> Apdu:
        """The next command, however long it takes."""
        return await self._link.receive(None)

    async def accept(self) -> None:
        """Take a command: 80 00 00."""
        self.abort_requested = False
        if self._merge:
            self._held = OK.apdu().encode()
        else:
            await self.reply(OK)

    async def reply(self, acknowledgement: Acknowledgement) -> None:
        """Answer a command, and have done with it."""
        await self.raw(acknowledgement.apdu().encode())

    async def say(self, message: TerminalMessage) -> Acknowledgement:
        """Send one message and wait for its acknowledgement, answering what comes in between."""
        await self.raw(message.apdu().encode())
        async with asyncio.timeout(self._answer):
            while True:
                answer = await self._take(None)
                if isinstance(answer, Acknowledgement):
                    return answer

    async def tell(self, message: TerminalMessage) -> None:
        """Send one message without waiting."""
        await self.raw(message.apdu().encode())

    async def listen(self, seconds: float | None) -> None:
        """Wait so long (None: for ever) for a 06 B0 that is possible; return early when one came."""
        try:
            async with asyncio.timeout(seconds):
                while not self.abort_requested:
                    await self._take(None)
        except TimeoutError:
            return

    async def raw(self, data: bytes) -> None:
        """Send bytes, as split and merge want it."""
        data, self._held = self._held + data, b""
        if not self._split:
            await self._stream.write(data)
            return
        for at in range(0, len(data), _PIECE):
            await self._stream.write(data[at : at + _PIECE])
            await asyncio.sleep(_PAUSE)

    async def drop(self) -> None:
        """Close the connection."""
        await self._link.close("dropped by the simulator")

    async def _take(self, timeout: float | None) -> Message | None:
        """The next message from the till; a 06 B0 or any other command is answered here."""
        apdu = await self._link.receive(timeout)
        try:
            message = decode_message(apdu)
        except CodecError:
            await self.reply(CANNOT)
            return None
        if isinstance(message, Acknowledgement):
            return message
        if isinstance(message, Abort):
            self.abort_requested |= self.abort_possible
            await self.reply(OK if self.abort_possible else CANNOT)
        else:
            await self.reply(BUSY)
        return None
