"""A printer that prints nothing: notes when each job's first and last byte came, and answers as a printer does.

Runs as a process of its own (`python sink.py`): prints its two ports, takes jobs on the first and one controller on the
second, and ends when the controller hangs up. A job carries `KW0000001<` in its first bytes and `KW0000001>` in its
last. CLOCK_MONOTONIC is the same in all processes of a machine, so its times can be compared with the sender's.
"""

import asyncio
import json
import re
import time
from pathlib import Path
from typing import Final, Self

#: What to notice in the stream: our marks, DLE EOT, GS r and GS I.
_NOTICE: Final = re.compile(rb"KW(?P<number>\d{7})(?P<end>[<>])|\x10\x04.|\x1dr.|\x1dI.", re.DOTALL)
_LONGEST: Final = 9  # bytes that may be the head of something to notice
_ANSWERS: Final = {b"\x10\x04": b"\x12", b"\x1dr": b"\x00", b"\x1dI": b"_SINK\x00"}


def begin_mark(number: int) -> bytes:
    """Belongs into the first bytes of a job."""
    return b"KW%07d<" % number


def end_mark(number: int) -> bytes:
    """Belongs into the last bytes of a job."""
    return b"KW%07d>" % number


class _Log:
    """The jobs that have come since they were last asked for."""

    def __init__(self) -> None:
        self.mute = False
        self._first: dict[int, float] = {}
        self._done: dict[int, tuple[float, float]] = {}
        self._more = asyncio.Event()

    def note(self, number: int, *, end: bool, now: float) -> None:
        if not end:
            self._first[number] = now
            return
        self._done[number] = (self._first.pop(number, now), now)
        self._more.set()

    async def take(self, count: int) -> dict[int, tuple[float, float]]:
        """All whole jobs, once there are `count`."""
        while len(self._done) < count:
            self._more.clear()
            await self._more.wait()
        done, self._done = self._done, {}
        return done


class _Printer(asyncio.Protocol):
    def __init__(self, log: _Log) -> None:
        self._log = log
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        data = self._rest + data
        answer, seen = b"", max(0, len(data) - _LONGEST)
        for found in _NOTICE.finditer(data):
            if found["number"]:
                self._log.note(int(found["number"]), end=found["end"] == b">", now=now)
            else:
                answer += _ANSWERS[found[0][:2]]
            seen = max(seen, found.end())
        self._rest = data[seen:]
        if answer and not self._log.mute:
            self._transport.write(answer)  # type: ignore[attr-defined]


async def _serve() -> None:
    log = _Log()
    over = asyncio.Event()

    async def obey(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            command, value = line.split()
            if command == b"mute":
                log.mute = value == b"1"
                reply: object = None
            else:
                reply = await log.take(int(value))
            writer.write(json.dumps(reply).encode() + b"\n")
        writer.close()
        over.set()

    loop = asyncio.get_running_loop()
    async with (
        await loop.create_server(lambda: _Printer(log), "127.0.0.1", 0) as jobs,
        await asyncio.start_server(obey, "127.0.0.1", 0) as control,
    ):
        print(jobs.sockets[0].getsockname()[1], control.sockets[0].getsockname()[1], flush=True)
        await over.wait()


class Sink:
    """The sink's process, seen from the one that measures."""

    def __init__(self) -> None:
        self.port = 0
        self.pid = 0

    async def __aenter__(self) -> Self:
        from tests.bench.process import start

        self._process = await start(Path(__file__))
        self.pid = self._process.pid
        assert self._process.stdout is not None
        ports = (await self._process.stdout.readline()).split()
        self.port = int(ports[0])
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", int(ports[1]), limit=1 << 26)
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._writer.close()
        await self._process.wait()

    async def jobs(self, count: int, within: float = 60.0) -> dict[int, tuple[float, float]]:
        """Wait for `count` whole jobs and forget them: the monotonic times of first and last byte by number."""
        async with asyncio.timeout(within):
            found = await self._ask("take", count)
        return {int(number): (first, last) for number, (first, last) in found.items()}

    async def mute(self, *, on: bool) -> None:
        """From now on answer nothing, or answer again."""
        await self._ask("mute", int(on))

    async def _ask(self, command: str, value: int) -> dict[str, tuple[float, float]]:
        self._writer.write(f"{command} {value}\n".encode())
        answer: dict[str, tuple[float, float]] = json.loads(await self._reader.readline())
        return answer


if __name__ == "__main__":
    asyncio.run(_serve())
