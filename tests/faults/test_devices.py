"""Devices that misbehave: what is told is honest, they come back by themselves, and the others are not disturbed."""

import asyncio
import contextlib
import random
import socket

import pytest

from drivers.escpos.simulator import Faults as PrinterFaults
from drivers.escpos.simulator import PrinterSimulator
from drivers.simulation import Journal
from drivers.zvt.simulator import Faults as ZvtFaults
from kassenwart import KassenwartError
from kassenwart.documents import cut
from kassenwart.v1 import DrawerOpening, OnUncertain, Payment, PrintJob, ReceiptAmounts, Transaction
from tests.support import Shop
from tests.support.shop import until
from tests.support.tap import TO_DEVICE, Cut, Tap


def slip(number=1, lines=1):
    """The blocks of a slip that is found again."""
    return [f"Bon {number:04}!", *(f"line {line}" for line in range(lines)), cut()]


def free_port():
    """A port where nobody listens, outside those the system gives away by itself."""
    while True:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", random.randrange(15_000, 30_000)))
            return probe.getsockname()[1]


@contextlib.asynccontextmanager
async def a_shop_with_kitchen(folder, port, more=""):
    """A shop with a second printer on a port, and a till."""
    extra = f'[devices.kitchen]\ndriver = "escpos"\naddress = "127.0.0.1:{port}"\n{more}'
    async with Shop(folder, extra=extra) as shop, shop.client("pos") as client:
        yield shop, client


@contextlib.asynccontextmanager
async def a_printer(folder, port=0, **faults):
    """A second printer; yields its port, the simulator and its journal."""
    journal = Journal()
    simulator = PrinterSimulator(journal, out=folder, faults=PrinterFaults(**faults), idle=0.2)
    bound = await simulator.start("127.0.0.1", port)
    try:
        yield bound, simulator, journal
    finally:
        await simulator.stop()


async def _job(client, job, *states, within=10):
    """Wait until a job has one of the states."""
    found = None

    async def there():
        nonlocal found
        found = await client.printers.get(job)
        return found.state in states

    await until(there, within)
    return found


async def _others_work(shop, client, number=99):
    """The receipt printer prints and the terminal takes a payment."""
    job, paid = await asyncio.gather(
        client.printers.print("receipt", slip(number), wait=10), client.payments.pay("ec1", 100 + number, wait=10)
    )
    assert job.state == PrintJob.PRINTED
    assert paid.state == Payment.APPROVED
    assert [text for text in shop.devices.slips() if f"Bon {number:04}!" in text]


def _slips(shop, number=1):
    return [text for text in shop.devices.slips() if f"Bon {number:04}!" in text]


# --- printers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("noticed", [True, False], ids=["noticed", "unnoticed"])
@pytest.mark.parametrize("trouble", ["paper_out", "cover_open", "offline"])
async def test_a_blocked_printer_prints_by_itself_later(tmp_path, trouble, noticed):
    """Noticed before, nothing is sent. A printer that was well a moment ago is believed: its buffer holds the job."""
    async with Shop(tmp_path) as shop, shop.client("pos") as client:
        await shop.ready()
        change = getattr(shop.devices.printer, f"set_{trouble}")
        change(True)
        if noticed:
            await client.printers.status("receipt")
        job = await client.printers.print("receipt", slip())
        states = {PrintJob.HELD} if noticed else {PrintJob.HELD, PrintJob.SENDING, PrintJob.CONFIRMING}

        async def told():
            found = await client.printers.get(job)
            return found.state in states and found.hold_reason

        await until(told, 10)
        paid = await client.payments.pay("ec1", 500, wait=10)
        assert paid.state == Payment.APPROVED
        change(False)
        await _job(client, job, PrintJob.PRINTED)
        assert len(_slips(shop)) == 1


async def test_paper_that_runs_out_in_the_middle_of_a_slip(tmp_path):
    async with (
        a_printer(tmp_path / "kitchen", paper_out=3) as (port, printer, journal),
        a_shop_with_kitchen(tmp_path, port) as (shop, client),
    ):
        await shop.ready("kitchen")
        job = await client.printers.print("kitchen", slip(lines=30))
        await until(lambda: printer.paper_out)

        async def told():
            found = await client.printers.get(job)
            return "paper" in found.hold_reason and found.state in {PrintJob.SENDING, PrintJob.CONFIRMING}

        await until(told, 10)
        await _others_work(shop, client)
        printer.set_paper_out(False)
        await _job(client, job, PrintJob.PRINTED)
        assert len(journal.of("slip")) == 1


async def test_a_printer_that_is_not_there_when_the_daemon_starts(tmp_path):
    port = free_port()
    async with a_shop_with_kitchen(tmp_path, port) as (shop, client):
        await shop.ready("kitchen", state="OFFLINE")
        jobs = [await client.printers.print("kitchen", slip(number)) for number in range(3)]
        await _job(client, jobs[0], PrintJob.HELD)
        await _others_work(shop, client)
        async with a_printer(tmp_path / "kitchen", port) as (_, _, journal):
            for job in jobs:
                await _job(client, job, PrintJob.PRINTED, within=20)
            texts = [entry["text"] for entry in journal.of("slip")]
            assert texts == [f"Bon {number:04}!" for number in range(3)]


async def test_a_printer_that_vanishes_and_returns(tmp_path):
    port = free_port()
    async with a_shop_with_kitchen(tmp_path, port) as (shop, client):
        async with a_printer(tmp_path / "one", port):
            await shop.ready("kitchen")
            job = await client.printers.print("kitchen", slip(1), wait=10)
            assert job.state == PrintJob.PRINTED
        job = await client.printers.print("kitchen", slip(2))
        held = await _job(client, job, PrintJob.HELD)
        assert "refused" in held.hold_reason or "closed" in held.hold_reason or "broke" in held.hold_reason
        await _others_work(shop, client)
        async with a_printer(tmp_path / "two", port) as (_, _, journal):
            await _job(client, job, PrintJob.PRINTED, within=20)
            assert [entry["text"] for entry in journal.of("slip")] == ["Bon 0002!"]


@pytest.mark.parametrize("policy", ["ask", "reprint", "never"])
async def test_a_connection_that_drops_in_the_middle_of_a_job(tmp_path, policy):
    async with a_printer(tmp_path / "kitchen") as (port, _, journal), Tap(port) as tap:
        more = f'on_uncertain = "{policy}"'
        async with a_shop_with_kitchen(tmp_path, tap.port, more) as (shop, client):
            await shop.ready("kitchen")

            def see(direction, data):
                if direction == TO_DEVICE and b"Bon " in data:
                    tap.see = lambda _direction, _data: None
                    raise Cut

            tap.see = see
            configured = OnUncertain.ON_UNCERTAIN_UNSPECIFIED
            job = await client.printers.print("kitchen", slip(), on_uncertain=configured, wait=10)
            assert job.state == PrintJob.UNCERTAIN
            assert job.failure
            await shop.ready("kitchen")
            later = await client.printers.print("kitchen", slip(2), wait=10)  # behind whatever follows by itself
            assert later.state == PrintJob.PRINTED
            jobs = {one.name: one async for one in client.printers.list("kitchen")}
            again = [one for one in jobs.values() if one.reprint_of]
            assert jobs[job.name].state == PrintJob.UNCERTAIN
            await asyncio.sleep(0.4)
            texts = [path.read_text() for path in sorted((tmp_path / "kitchen").glob("*.txt"))]
            marked = [text for text in texts if "Bon 0001!" in text]
            if policy == "reprint":
                assert [one.state for one in again] == [PrintJob.PRINTED]
                assert again[0].reprint_of == job.name
                assert len(marked) == 1
                assert "DUPLI" in marked[0].upper() or "KOPIE" in marked[0].upper()
            else:
                assert not again
                assert not marked
            assert len(journal.of("slip")) == len(texts)


@pytest.mark.parametrize("faults", [{"garbage_status": True}, {"silent_accept": True}], ids=["garbage", "silence"])
async def test_a_printer_that_talks_nonsense_or_not_at_all(tmp_path, faults):
    """Nothing may be told as printed with proof, and nobody else waits."""
    async with (
        a_printer(tmp_path / "kitchen", **faults) as (port, _, _),
        a_shop_with_kitchen(tmp_path, port) as (shop, client),
    ):
        job = await client.printers.print("kitchen", slip(), wait=1)
        assert not (job.state == PrintJob.PRINTED and job.evidence > PrintJob.NONE)
        await _others_work(shop, client)


async def test_a_drawer_on_a_blocked_printer_is_not_kicked_later(tmp_path):
    async with Shop(tmp_path) as shop, shop.client("pos", retry_time=0) as client:
        await shop.ready()
        shop.devices.printer.set_cover_open(True)
        await client.printers.status("receipt")
        opening = await client.drawers.open("drawer", reason="sale", request_id="d")
        assert opening.state == DrawerOpening.FAILED
        assert "cover" in opening.failure
        shop.devices.printer.set_cover_open(False)
        await shop.ready()
        again = await client.drawers.open("drawer", reason="sale", request_id="d")
        assert (again.name, again.state) == (opening.name, DrawerOpening.FAILED)
        assert not shop.devices.journals["receipt"].of("drawer_kick")


# --- terminals -------------------------------------------------------------------------------------------------------

#: The amount that plays a fault, the states the till may be told first, and whether money moved.
TERMINAL = {
    "drop-after-result": (9000_04, {Payment.UNKNOWN}, False),
    "drop-before-result": (9000_05, {Payment.UNKNOWN}, False),
    "drop-before-completion": (9000_06, {Payment.UNKNOWN}, True),
    "drop-before-result=booked": (9000_09, {Payment.UNKNOWN}, True),
    "drop-after-result=booked": (9000_10, {Payment.UNKNOWN}, True),
    "busy": (9000_11, {Payment.ABORTED}, False),
    "garbage": (9000_13, {Payment.UNKNOWN}, False),
    "decline": (9000_01, {Payment.DECLINED}, False),
    "cardholder-abort": (9000_03, {Payment.ABORTED}, False),
}


@pytest.mark.parametrize("fault", TERMINAL)
async def test_a_terminal_that_fails(tmp_path, fault):
    amount, states, booked = TERMINAL[fault]
    async with Shop(tmp_path) as shop, shop.client("pos") as client:
        await shop.ready()
        paid = await client.payments.pay("ec1", amount, wait=10)
        assert paid.state in states
        assert paid.message
        assert paid.message_de
        job = await client.printers.print("receipt", slip(), wait=10)
        assert job.state == PrintJob.PRINTED
        await shop.ready("ec1")
        if paid.state == Payment.UNKNOWN:
            paid = await client.payments.resolve(paid)
            assert paid.state == (Payment.APPROVED if booked else Payment.ABORTED)
        assert shop.devices.booked() == ([amount] if booked else [])
        again = await client.payments.pay("ec1", 500, wait=10)  # it is as good as before
        assert again.state == Payment.APPROVED


async def test_the_next_payment_clears_up_the_one_before(tmp_path):
    async with Shop(tmp_path) as shop, shop.client("pos") as client:
        await shop.ready()
        lost = await client.payments.pay("ec1", 9000_10, wait=10)
        assert lost.state == Payment.UNKNOWN
        paid = await client.payments.pay("ec1", 500, wait=15)
        assert paid.state == Payment.APPROVED
        assert (await client.payments.get(lost)).state == Payment.APPROVED
        assert shop.devices.booked() == [9000_10, 500]


async def test_a_silent_terminal_is_given_up_without_holding_up_the_shop(tmp_path):
    async with Shop(tmp_path) as shop, shop.client("pos") as client:
        await shop.ready()
        lost = await client.payments.pay("ec1", 9000_12)
        job = await client.printers.print("receipt", slip(), wait=10)
        assert job.state == PrintJob.PRINTED

        async def ended():
            return (await client.payments.get(lost)).state == Payment.UNKNOWN

        await until(ended, 15)
        await shop.ready("ec1", within=20)
        assert (await client.payments.resolve(lost)).state == Payment.ABORTED
        assert not shop.devices.booked()


async def test_a_payment_is_aborted_by_the_till_or_it_is_too_late(tmp_path):
    async with Shop(tmp_path) as shop, shop.client("pos") as client:
        await shop.ready()
        journal = shop.devices.journals["ec1"]
        stalled = await client.payments.pay("ec1", 9000_14)
        await until(lambda: journal.of("payment_started"))
        await until(lambda: _says(client, stalled), 5)
        await client.payments.cancel(stalled)

        async def aborted():
            return (await client.payments.get(stalled)).state == Payment.ABORTED

        await until(aborted, 10)
        assert not shop.devices.booked()

        shop.devices.terminal.faults = ZvtFaults(cardholder=0.01, host=1.5)
        late = await client.payments.pay("ec1", 700)
        await until(lambda: len(journal.of("payment_started")) == 2)
        await asyncio.sleep(0.3)  # the bank is being asked
        with pytest.raises(KassenwartError, match="does not abort any more") as caught:
            await client.payments.cancel(late)
        assert (caught.value.reason, caught.value.outcome) == ("TOO_LATE", "failed")

        async def approved():
            return (await client.payments.get(late)).state == Payment.APPROVED

        await until(approved, 10)
        assert shop.devices.booked() == [700]


async def _says(client, payment):
    return (await client.payments.get(payment)).state == Payment.IN_PROGRESS


# --- the TSE ---------------------------------------------------------------------------------------------------------


async def _closed(client, transaction):
    found = None

    async def settled():
        nonlocal found
        found = await client.tse.get_transaction(transaction)
        return found.state not in {Transaction.STARTING, Transaction.FINISHING, Transaction.UNKNOWN}

    await until(settled, 10)
    return found


async def _finish(client, transaction, key="f"):
    amounts = ReceiptAmounts(vat_general=500, payments=[{"amount_minor": 500}])
    return await client.tse.finish(transaction, amounts, request_id=key)


@pytest.mark.parametrize("step", ["start", "finish"])
async def test_an_answer_of_the_tse_that_is_lost(tmp_path, step):
    async with Shop(tmp_path) as shop, shop.client("pos") as client:
        await shop.ready()
        if step == "start":
            shop.devices.tse.faults["lost-response"] = 1
        opened = await client.tse.start("tse", request_id="s")
        opened = await _closed(client, opened)
        assert opened.state == Transaction.OPEN
        if step == "finish":
            shop.devices.tse.faults["lost-response"] = 1
        signed = await _closed(client, await _finish(client, opened))
        assert signed.state == Transaction.FINISHED
        assert signed.qr_code_data
        journal = shop.devices.journals["tse"]
        assert [len(journal.of(event)) for event in ("started", "finished", "answer_lost")] == [1, 1, 1]


@pytest.mark.parametrize("step", ["start", "finish"])
async def test_a_tse_that_is_out(tmp_path, step):
    """The sale goes on without it; it comes back by itself, and nothing is signed twice."""
    async with Shop(tmp_path) as shop, shop.client("pos", retry_time=0) as client:
        await shop.ready()
        opened = await client.tse.start("tse")
        shop.devices.tse.faults["outage"] = 1
        if step == "start":
            failed = await client.tse.start("tse", request_id="s")
            assert failed.state == Transaction.FAILED
            assert failed.failure
        else:
            with pytest.raises(KassenwartError) as caught:
                await _finish(client, opened)
            assert caught.value.outcome in {"not_started", "failed"}
            assert (await client.tse.get_transaction(opened)).state == Transaction.OPEN
        await _others_work(shop, client)
        del shop.devices.tse.faults["outage"]
        await shop.ready("tse", within=15)
        assert (await _finish(client, opened)).state == Transaction.FINISHED
        assert len(shop.devices.journals["tse"].of("finished")) == 1
        assert len(shop.devices.journals["tse"].of("started")) == 1


async def test_a_tse_that_is_restarted(tmp_path):
    async with Shop(tmp_path) as shop, shop.client("pos") as client:
        await shop.ready()
        opened = await client.tse.start("tse")
        await shop.devices.tse.stop()
        await shop.ready("tse", state="OFFLINE")
        await _others_work(shop, client)
        await shop.devices.tse.start()
        await shop.ready("tse", within=15)
        signed = await _finish(client, opened)
        assert signed.state == Transaction.FINISHED
        second = await _finish(client, await client.tse.start("tse"), "f2")
        assert [opened.number, second.number] == [1, 2]


async def test_tills_that_wait_for_the_tse_get_a_transaction_each(tmp_path):
    """The recovery that runs when it is back must not take a step under way for one in doubt."""
    async with Shop(tmp_path) as shop, shop.client("pos") as client:
        await shop.ready()
        await shop.devices.tse.stop()
        await shop.ready("tse", state="OFFLINE")
        tills = 5
        waiting = [asyncio.create_task(client.tse.start("tse", request_id=f"{till}")) for till in range(tills)]
        listing = [one async for one in client.tse.list("tse")]

        async def on_disk():
            listing[:] = [one async for one in client.tse.list("tse")]
            return len(listing) == tills

        await until(on_disk)
        await shop.devices.tse.start()
        opened = await asyncio.gather(*waiting)
        assert sorted(one.number for one in opened) == list(range(1, tills + 1))
        await shop.ready("tse")
        await client.tse.get("tse")  # behind the recovery
        for one in opened:
            kept = await client.tse.get_transaction(one)
            assert (kept.state, kept.number) == (Transaction.OPEN, one.number)
        told = set()
        async with contextlib.aclosing(
            client.events.stream(resume_after="0", types=["kassenwart.transaction"])
        ) as events:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.3):
                    async for event in events:
                        told.add(event.type)
        assert told == {"kassenwart.transaction.starting", "kassenwart.transaction.open"}


# --- the FRITZ!Box ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["garbage", "half-lines", "drop-after"])
async def test_a_box_that_misbehaves(tmp_path, fault):
    async with Shop(tmp_path) as shop, shop.client("pos") as client:
        await shop.ready()
        fritz = shop.devices.fritz
        fritz.faults[fault] = 1
        await fritz.ring("03023125001")
        if fault == "drop-after":
            await until(lambda: len(shop.devices.journals["fritz"].of("listener_connected")) == 2, 15)
            await shop.ready("fritz", within=15)
            await fritz.ring("03023125002")

        async def heard():
            calls = [call async for call in client.calls.list()]
            return any(call.number.endswith("125002" if fault == "drop-after" else "125001") for call in calls)

        await until(heard, 10)
        await _others_work(shop, client)
