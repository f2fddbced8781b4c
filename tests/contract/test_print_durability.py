"""What is on disk when: the intent before the first byte, the outcome before it is told, and with how few syncs."""

import asyncio
import re
import sqlite3

import pytest

from kassenwart.v1 import PrintJob
from tests.support import Shop
from tests.support.shop import until

JOBS = "/v1/printers/receipt/jobs"


def slip(text):
    return {"document": {"blocks": [{"text": {"text": f"slip {text}"}}, {"cut": {}}]}}


class Witness:
    """A printer on a real port that looks into the daemon's database when the first bytes of a slip come."""

    def __init__(self, folder):
        self._database = folder / "state" / "kassenwart.db"
        self.seen = []
        self.confirms = asyncio.Event()
        self.confirms.set()
        self.port = 0

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc):
        self._server.close()

    def states(self):
        connection = sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)
        try:
            return [state for (state,) in connection.execute("SELECT state FROM records ORDER BY id")]
        finally:
            connection.close()

    async def _serve(self, reader, writer):
        while data := await reader.read(4096):
            if b"slip" in data:
                self.seen.append(self.states())
            if b"\x10\x04" in data:
                writer.write(b"\x12")
            if b"\x1dI" in data:
                writer.write(b"_W\x00")
            if b"\x1dr\x01" in data:
                await self.confirms.wait()
                writer.write(b"\x00")
        writer.close()


@pytest.fixture
async def shop(tmp_path):
    async with Witness(tmp_path) as printer, Shop(tmp_path, receipt=printer.port) as shop:
        shop.printer = printer
        await shop.ready("receipt")
        yield shop


async def test_the_intent_is_on_disk_before_the_first_byte(shop):
    for number in range(3):
        await shop.ok("POST", JOBS, {**slip(number), "wait": "10s"})
    await asyncio.gather(*(shop.ok("POST", JOBS, {**slip(letter), "wait": "10s"}) for letter in "abcd"))
    assert [job["state"] for job in (await shop.ok("GET", JOBS))["jobs"]] == ["PRINTED"] * 7
    assert len(shop.printer.seen) == 7
    for number, states in enumerate(shop.printer.seen):
        assert states.count(PrintJob.PRINTED) == number
        assert states.count(PrintJob.SENDING) == 1


async def test_the_outcome_of_a_job_and_the_intent_of_the_next_share_a_sync(shop, monkeypatch):
    monkeypatch.setattr("gateway.services.printing.queue._QUIET", 10)  # a busy machine is no reason for one more

    async def commits():
        _, text, _ = await shop.call("GET", "/metrics")
        return int(float(re.search(rb"sqlite_commit_duration_seconds_count (\S+)", text)[1]))

    await shop.ready()  # what the other devices have to tell at the start is on disk then
    before = -1
    while before != (before := await commits()):
        await asyncio.sleep(0.3)
    for number in range(5):
        await shop.ok("POST", JOBS, {**slip(number), "wait": "10s"})
    assert await commits() - before <= 2 * 5 + 3  # three for each would be 15; a few are not ours

    shop.printer.confirms.clear()
    names = [(await shop.ok("POST", JOBS, slip(number)))["name"] for number in range(8)]
    before = await commits()
    shop.printer.confirms.set()
    await shop.ok("GET", f"/v1/{names[-1]}:watch")
    assert await commits() - before <= 8 + 4  # two for each would be 16


async def test_stopping_begins_no_other_job(shop):
    shop.printer.confirms.clear()
    for number in range(2):
        await shop.ok("POST", JOBS, slip(number))
    await until(lambda: shop.printer.seen)
    stopping = asyncio.create_task(shop.stop())
    await until(lambda: not shop.app._ready)
    shop.printer.confirms.set()
    await stopping
    assert shop.printer.states() == [PrintJob.PRINTED, PrintJob.QUEUED]
    await shop.start()
    await until(lambda: shop.printer.states() == [PrintJob.PRINTED] * 2)
    assert len(shop.printer.seen) == 2


async def test_jobs_that_memory_has_no_room_for_are_made_from_the_disk(shop, monkeypatch):
    monkeypatch.setattr("gateway.services.printing.queue._AT_HAND", 100)
    shop.printer.confirms.clear()
    for number in range(6):
        await shop.ok("POST", JOBS, slip(number))
    shop.printer.confirms.set()
    await until(lambda: shop.printer.states() == [PrintJob.PRINTED] * 6)
    assert len(shop.printer.seen) == 6
