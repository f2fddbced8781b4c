"""The ESC/POS driver against the simulated printer, over real sockets."""

import asyncio
import contextlib
import socket
import time
from dataclasses import replace

import pytest
import zxingcpp
from PIL import Image as PilImage

from drivers.base import Evidence, Paper
from drivers.document import Alignment, Column, Columns, Cut, Document, DrawerPulse, Qr, Text, layout
from drivers.document.raster import render_image
from drivers.errors import ConnectionLost, DeviceTimeout, DeviceUnreachable, DriverError, Outcome
from drivers.escpos import EscposPrinter, Timings, encode
from drivers.escpos.simulator import PrinterSimulator, parse_faults
from drivers.simulation import Journal

FAST = Timings(answer=0.15, drain=0.02, notice=0.1, barrier=0.3, idle=0.3, stall=1.0, pulse=0.4)
RECEIPT = Document(
    (
        Text("Café Müller", Alignment.CENTER, bold=True, width=2, height=2),
        Columns((Column("1 x Käsekuchen"), Column("3,90 €", 10, Alignment.RIGHT))),
        Qr("V0;955002-00;Kassenbeleg-V1;" + "x" * 200),
        Text("Danke & auf Wiedersehen!"),
        Cut(),
    )
)
LONG = encode(Document((*(Text(f"Zeile {number}") for number in range(3000 // 2)), Cut())))


class Progress:
    def __init__(self):
        self.done = False

    async def sent(self):
        self.done = True


@contextlib.asynccontextmanager
async def shop(*faults, out=None, timings=FAST, open_=True, **options):
    """A simulator and a driver that knows it."""
    simulator = PrinterSimulator(Journal(), out=out, faults=parse_faults(faults), idle=0.5, **options)
    port = await simulator.start()
    waits = []
    printer = EscposPrinter("127.0.0.1", port, timings=timings, on_waiting=waits.append)
    printer.waits, printer.journal, printer.port = waits, simulator._journal, port
    try:
        if open_:
            await printer.open()
        yield simulator, printer
    finally:
        await printer.close()
        await simulator.stop()


async def eventually(condition, limit=3.0):
    async with asyncio.timeout(limit):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_receipt_comes_out_exactly_as_in_the_preview(tmp_path):
    async with shop(out=tmp_path) as (_, printer):
        progress = Progress()
        assert await printer.send(encode(RECEIPT), progress) is Evidence.BARRIER
        assert progress.done
        (slip,) = printer.journal.of("slip")
        assert (slip["slip"], slip["text"], slip["lines"], slip["cut"]) == (1, "Café Müller", 3, True)
        assert printer.journal.of("unknown_command") == []
    text = (tmp_path / "0001.txt").read_text(encoding="utf-8")
    assert "1 x Käsekuchen" in text
    assert "3,90 €" in text
    with PilImage.open(tmp_path / "0001.png") as image:
        assert image.convert("L").tobytes() == render_image(layout(RECEIPT)).tobytes()
        (code,) = zxingcpp.read_barcodes(image)
    assert code.text.startswith("V0;955002-00;")


async def test_slip_numbers_go_on_after_a_restart_and_equal_jobs_have_equal_checksums(tmp_path):
    journals = []
    for _ in range(2):
        async with shop(out=tmp_path) as (_, printer):
            await printer.send(encode(RECEIPT), Progress())
            journals += printer.journal.of("slip")
    assert [slip["png"] for slip in journals] == ["0001.png", "0002.png"]
    assert journals[0]["sha256"] == journals[1]["sha256"]


async def test_who_and_how_it_is():
    async with shop("near-end", open_=False) as (simulator, printer):
        identity = await printer.open()
        assert (identity.vendor, identity.model) == ("Kassenwart", "Simulator")
        assert (await printer.check()).ready
        assert "nearly" in (await printer.check()).reason
        status = await printer.status()
        assert (status.answers, status.paper, status.cover_open) == (True, Paper.NEAR_END, False)
        assert status.drawer_pin_high
        assert await printer.send(encode(RECEIPT), Progress()) is Evidence.BARRIER
        simulator.set_cover_open(True)
        health = await printer.check()
        assert not health.ready
        assert "cover" in health.reason


@pytest.mark.parametrize(
    ("fault", "reason"), [("paper-out", "PAPER_OUT"), ("cover-open", "COVER_OPEN"), ("offline", "PRINTER_OFFLINE")]
)
async def test_a_blocked_printer_gets_no_byte(fault, reason):
    async with shop(fault) as (_, printer):
        for attempt in (printer.send(encode(RECEIPT), Progress()), printer.pulse(2, 50, 500)):
            with pytest.raises(DriverError) as caught:
                await attempt
            assert (caught.value.outcome, caught.value.reason) == (Outcome.NOT_STARTED, reason)
            assert caught.value.message.endswith(".")
        assert printer.journal.of("slip") == printer.journal.of("drawer_kick") == []


@pytest.mark.parametrize("data", [encode(RECEIPT), LONG])
async def test_paper_out_within_a_job_then_a_new_roll_prints_it_once(data):
    async with shop("paper-out=2", timings=replace(FAST, stall=20)) as (simulator, printer):
        job = asyncio.create_task(printer.send(data, Progress()))
        await eventually(lambda: printer.waiting_for)
        assert "paper" in printer.waiting_for
        assert printer.journal.of("slip") == []
        await asyncio.sleep(0.3)
        simulator.set_paper_out(False)
        assert await job is Evidence.BARRIER
        assert printer.waiting_for == ""
        assert printer.waits[-1] == ""
        assert len(printer.journal.of("slip")) == 1
        assert await printer.send(encode(RECEIPT), Progress()) is Evidence.BARRIER


@pytest.mark.parametrize("data", [encode(RECEIPT), LONG * 400])
async def test_a_job_that_stays_stuck_is_unknown_and_nothing_more_of_it_comes(data):
    async with shop("paper-out=2", timings=replace(FAST, stall=0.4)) as (simulator, printer):
        with pytest.raises(DeviceTimeout) as caught:
            await printer.send(data, Progress())
        assert caught.value.outcome is Outcome.UNKNOWN
        assert "paper" in caught.value.message
        simulator.set_paper_out(False)
        await asyncio.sleep(0.3)
        assert len(printer.journal.of("slip")) <= 2
        assert await printer.send(encode(RECEIPT), Progress()) is Evidence.BARRIER


async def test_a_connection_lost_within_a_job_is_unknown():
    async with shop("drop=150") as (_, printer):
        with pytest.raises(ConnectionLost) as caught:
            await printer.send(encode(RECEIPT), Progress())
        assert caught.value.outcome is Outcome.UNKNOWN
        assert "closed" in await printer.wait_lost() or "reset" in await printer.wait_lost()
        await printer.open()
        assert await printer.send(encode(RECEIPT), Progress()) is Evidence.BARRIER
        assert len([slip for slip in printer.journal.of("slip") if slip["cut"]]) == 1


@pytest.mark.parametrize("fault", ["no-status", "garbage-status"])
async def test_a_printer_without_status_prints_without_proof(fault):
    async with shop(fault) as (_, printer):
        status = await printer.status()
        assert not status.answers
        assert (await printer.check()).ready
        begun = time.monotonic()
        assert await printer.send(encode(RECEIPT), Progress()) is Evidence.NONE
        assert time.monotonic() - begun < FAST.answer  # it is not asked again before each job
        await eventually(lambda: printer.journal.of("slip"))


async def test_a_mute_printer_that_takes_nothing_is_noticed():
    async with shop("silent-accept", timings=replace(FAST, stall=0.3)) as (_, printer):
        with pytest.raises(DeviceTimeout) as caught:
            await printer.send(LONG * 400, Progress())
        assert caught.value.outcome is Outcome.UNKNOWN
        assert printer.waits
    async with shop("no-status", "paper-out", timings=replace(FAST, stall=0.3), capacity=512) as (_, printer):
        with pytest.raises(DeviceTimeout):
            await printer.send(LONG * 2, Progress())


async def test_without_a_barrier_the_status_is_the_proof_and_is_not_waited_for_twice():
    async with shop("no-barrier") as (_, printer):
        assert await printer.send(encode(RECEIPT), Progress()) is Evidence.STATUS
        begun = time.monotonic()
        assert await printer.send(encode(RECEIPT), Progress()) is Evidence.STATUS
        assert time.monotonic() - begun < FAST.notice


async def test_without_a_barrier_a_blocked_printer_is_waited_for():
    async with shop("no-barrier", "paper-out=5") as (simulator, printer):
        assert await printer.send(encode(RECEIPT), Progress()) is Evidence.STATUS
        job = asyncio.create_task(printer.send(encode(RECEIPT), Progress()))
        await eventually(lambda: "paper" in printer.waiting_for)
        simulator.set_paper_out(False)
        assert await job is Evidence.STATUS


async def test_the_drawer():
    async with shop() as (_, printer):
        await printer.pulse(5, 100, 0)
        assert await printer.send(encode(Document((DrawerPulse(), Text("x"), Cut()))), Progress()) is Evidence.BARRIER
        first, second = printer.journal.of("drawer_kick")
        assert (first["pin"], first["on_ms"], first["off_ms"], first["real_time"]) == (5, 100, 400, False)
        assert (second["pin"], second["on_ms"], second["off_ms"]) == (2, 50, 500)
        with pytest.raises(DriverError) as caught:
            await printer.pulse(7, 50, 500)
        assert (caught.value.outcome, caught.value.reason) == (Outcome.NOT_STARTED, "BAD_PULSE")


async def test_real_time_commands_are_obeyed_wherever_they_stand():
    async with shop() as (_, printer):
        data = b"\x1b@\x1dv0\x00\x05\x00\x01\x00\x10\x14\x01\x00\x02\n"
        assert await printer.send(data, Progress()) is Evidence.BARRIER
        (kick,) = printer.journal.of("drawer_kick")
        assert kick["real_time"]


async def test_the_connection_is_kept_for_the_next_job_then_let_go_for_others():
    async with shop() as (_, printer):
        for _ in range(3):
            await printer.send(encode(RECEIPT), Progress())
        assert len(printer.journal.of("connected")) == 1
        await eventually(lambda: printer.journal.of("disconnected"))
        begun = time.monotonic()
        await printer.send(encode(RECEIPT), Progress())
        assert time.monotonic() - begun < 1
        assert len(printer.journal.of("connected")) == 2
        lost = asyncio.create_task(printer.wait_lost())
        await asyncio.sleep(0.4)
        assert not lost.done()  # letting go is no loss
        lost.cancel()


async def test_a_job_starts_at_once_where_the_last_status_is_fresh():
    async with shop(timings=replace(FAST, idle=5)) as (_, printer):
        await printer.send(encode(RECEIPT), Progress())
        asked = []
        session = printer._session
        original = session.ask
        session.ask = lambda *args, **named: (asked.append(args), original(*args, **named))[1]
        await printer.send(encode(RECEIPT), Progress())
        assert asked == []
        printer._ready_at = float("-inf")
        await printer.send(encode(RECEIPT), Progress())
        assert len(asked) == 1


async def test_reopening_leaves_the_printer_a_moment():
    async with shop() as (_, printer):
        await printer.close()
        begun = time.monotonic()
        await printer.open()
        assert time.monotonic() - begun >= 0.19


async def test_another_till_has_the_printer():
    async with shop(timings=replace(FAST, idle=0.05)) as (_, printer):
        await eventually(lambda: printer.journal.of("disconnected"))
        _, other = await asyncio.open_connection("127.0.0.1", printer.port)
        await eventually(lambda: len(printer.journal.of("connected")) == 2)
        with pytest.raises(DeviceTimeout) as caught:
            await printer.send(encode(RECEIPT), Progress())
        assert caught.value.outcome is Outcome.NOT_STARTED
        assert "till" in caught.value.hint
        with pytest.raises(DeviceTimeout):
            await printer.open()
        other.close()
        await other.wait_closed()
        assert await printer.send(encode(RECEIPT), Progress()) is Evidence.BARRIER


async def test_too_many_tills_are_refused():
    async with shop(open_=False) as (_, printer):
        tills = [await asyncio.open_connection("127.0.0.1", printer.port) for _ in range(5)]
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(tills[-1][0].read(), 2) == b""
        for _, writer in tills:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


async def test_nobody_is_there():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        printer = EscposPrinter("127.0.0.1", free.getsockname()[1], timings=FAST)
        for attempt in (printer.open(), printer.check(), printer.send(b"x\n", Progress()), printer.pulse(2, 50, 500)):
            with pytest.raises(DeviceUnreachable) as caught:
                await attempt
            assert caught.value.outcome is Outcome.NOT_STARTED
        await printer.close()


async def test_a_dead_held_connection_is_noticed_and_made_anew():
    async with shop(timings=replace(FAST, idle=5)) as (simulator, printer):
        lost = asyncio.create_task(printer.wait_lost())
        await simulator.stop()
        assert await asyncio.wait_for(lost, 2)
        again = PrinterSimulator(Journal())
        await again.start("127.0.0.1", printer.port)
        assert await printer.send(encode(RECEIPT), Progress()) is Evidence.BARRIER
        assert len(again._journal.of("slip")) == 1
        assert not printer._lost.is_set()  # the new connection is well
        await printer.close()
        await again.stop()


async def test_a_printer_that_hangs_up_at_every_question():
    async def hang_up(reader, writer):
        await reader.read(1)
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    printer = EscposPrinter("127.0.0.1", server.sockets[0].getsockname()[1], timings=FAST)
    for attempt in (printer.open(), printer.status(), printer.send(b"x\n", Progress())):
        with pytest.raises(ConnectionLost) as caught:
            await attempt
        assert caught.value.outcome is Outcome.NOT_STARTED
    await printer.close()
    server.close()
    await server.wait_closed()


async def test_closing_or_cancelling_within_a_job_ends_it():
    async with shop("paper-out=1", timings=replace(FAST, stall=20)) as (simulator, printer):
        job = asyncio.create_task(printer.send(LONG * 400, Progress()))
        await eventually(lambda: printer.waiting_for)
        await printer.close()
        with pytest.raises(ConnectionLost) as caught:
            await job
        assert caught.value.outcome is Outcome.UNKNOWN
        simulator.set_paper_out(False)
        await eventually(lambda: printer.journal.of("slip"), 5)
        simulator.set_paper_out(True)
    async with shop("paper-out=1", timings=replace(FAST, stall=20)) as (_, printer):
        job = asyncio.create_task(printer.send(encode(RECEIPT), Progress()))
        await eventually(lambda: printer.waiting_for)
        job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await job
        assert printer.waiting_for == ""


async def test_a_slow_printer_and_a_half_command():
    async with shop("slow=20000") as (_, printer):
        assert await printer.send(encode(RECEIPT), Progress()) is Evidence.BARRIER
    async with shop(open_=False) as (_, printer):
        _, writer = await asyncio.open_connection("127.0.0.1", printer.port)
        writer.write(b"line\n\x1b")
        writer.close()
        await writer.wait_closed()
        await eventually(lambda: printer.journal.of("slip"))
        assert printer.journal.of("incomplete_command")[0]["hex"] == "1b"
        assert not printer.journal.of("slip")[0]["cut"]


async def test_a_slip_that_is_not_cut_ends_when_nothing_follows():
    async with shop(timings=replace(FAST, idle=5)) as (_, printer):
        await printer.send(encode(Document((Text("ohne Schnitt"),))), Progress())
        await eventually(lambda: printer.journal.of("slip"))
        assert printer.journal.of("slip")[0]["text"] == "ohne Schnitt"
