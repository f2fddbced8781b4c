"""What the machine and its libraries can do without us."""

import asyncio
import os
import socket
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.bench import jobs
from tests.bench.measure import Latency
from tests.bench.process import start
from tests.bench.sink import Sink, begin_mark, end_mark


async def raw_socket(sink: Sink, count: int) -> Latency:
    """1 KB written to a kept connection."""
    latency = Latency()
    with socket.create_connection(("127.0.0.1", sink.port)) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for number in range(count):
            data = jobs.raw(number)
            sent = time.monotonic()
            sock.sendall(data)
            first, last = (await sink.jobs(1))[number]
            latency.add(first=first - sent, last=last - sent)
            await asyncio.sleep(0.002)
    return latency


async def python_escpos(sink: Sink, count: int) -> Latency:
    """The receipt, written by python-escpos to its own kept connection, call by call as its users do."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ESCPOS_CAPABILITIES_PICKLE_DIR"] = folder  # else it leaves one in /tmp
        from escpos.printer import Network

    latency = Latency()
    printer = Network("127.0.0.1", sink.port)
    printer.open()
    try:
        for number in range(count):
            sent = time.monotonic()
            for line in (begin_mark(number).decode(), *jobs.LINES, "Vielen Dank"):
                printer.text(line + "\n")
            printer.qr(jobs.QR, native=True, size=5)
            printer.text(end_mark(number).decode() + "\n")
            printer.cut()
            first, last = (await sink.jobs(1))[number]
            latency.add(first=first - sent, last=last - sent)
            await asyncio.sleep(0.002)
    finally:
        printer.close()
    return latency


def commits(directory: Path, seconds: float) -> float:
    """SQLite commits a second of 1 KB each, WAL and synchronous=FULL, one after another."""
    connection = sqlite3.connect(directory / "baseline.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE rows (data BLOB)")
    data, count, begin = jobs.raw(0), 0, time.monotonic()
    while time.monotonic() - begin < seconds:
        connection.execute("INSERT INTO rows VALUES (?)", (data,))
        count += 1
    rate = count / (time.monotonic() - begin)
    connection.close()
    return rate


@asynccontextmanager
async def echo_server() -> AsyncIterator[tuple[str, int]]:
    """Address and process id of a plain aiohttp server."""
    process = await start(Path(__file__).with_name("echo.py"))
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(await process.stdout.readline())}", process.pid
    finally:
        process.terminate()
        await process.wait()
