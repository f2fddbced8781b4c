"""The driver of the software TSE against its simulator, over the real socket; some simulators are killed."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from drivers.errors import (
    CodecError,
    ConnectionLost,
    DeviceRefused,
    DeviceTimeout,
    DeviceUnreachable,
    Outcome,
    ProtocolError,
)
from drivers.simulation import Journal
from drivers.tse import qr
from drivers.tse.software.codec import MAX_LINE, Answer, Command, Request, decode_answer, encode_answer, encode_request
from drivers.tse.software.driver import SoftwareTse, Timeouts
from drivers.tse.software.simulator import Faults, StoreError, TseSimulator

RECEIPT = ("Kassenbeleg-V1", b"Beleg^1.19_0.00_0.00_0.00_0.00^1.19:Bar")
QUICK = Timeouts(command=0.5)  # where the limit itself is tested

STAND_ALONE = """
import asyncio, sys
from pathlib import Path
from drivers.simulation import Journal
from drivers.tse.software.simulator import TseSimulator

async def main():
    directory = Path(sys.argv[1])
    simulator = TseSimulator(directory, Journal(directory.parent / "journal.jsonl"))
    await simulator.start()
    print("ready", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
async def shop(tmp_path):
    """A running simulator, and its directory."""
    simulator = TseSimulator(tmp_path / "tse", Journal(), curve="secp256r1")
    await simulator.start()
    yield simulator
    await simulator.stop()


@pytest.fixture
async def tse(shop):
    driver = SoftwareTse(shop.directory)
    await driver.open()
    await driver.register_client("TILL-1")
    yield driver
    await driver.close()


@contextlib.asynccontextmanager
async def process(directory):
    """A simulator in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STAND_ALONE, directory, stdout=asyncio.subprocess.PIPE, env=environment
    )
    try:
        async with asyncio.timeout(20):
            assert await child.stdout.readline() == b"ready\n"
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()
        await child.stdout.read()
        child._transport.close()


async def test_a_sale_whose_qr_code_verifies(shop, tse):
    started = await tse.start("TILL-1")
    await tse.update("TILL-1", started.transaction_number, "Bestellung-V1", b'1;"x";1.19')
    finished = await tse.finish("TILL-1", started.transaction_number, *RECEIPT)
    info = await tse.info()
    what = {"client_id": "TILL-1", "process_type": RECEIPT[0], "process_data": RECEIPT[1]}
    result = qr.verify(qr.build(info, started, finished, **what))
    assert result.valid
    assert result.code.start == started.log_time
    assert result.code.serial == info.serial
    with pytest.raises(CodecError):
        qr.build(info, started, finished, **what | {"process_data": b"\xff"})
    assert await tse.last_response("TILL-1") == finished
    assert await tse.last_response("TILL-2") is None
    entry = shop._journal.of("finished")[0]
    assert (entry["client"], entry["transaction_number"], entry["process_data"]) == ("TILL-1", 1, RECEIPT[1].decode())
    events = [entry["event"] for entry in shop._journal.entries]
    assert events == ["powered_up", "self_test", "time_updated", "client_registered", "started", "updated", "finished"]


async def test_open_makes_ready_and_tells_who_it_is(shop):
    driver = SoftwareTse(shop.directory)
    identity = await driver.open()
    info = await driver.info()
    assert "NOT CERTIFIED" in identity.model
    assert identity.serial == info.serial
    assert info.development
    assert info.self_test_passed
    assert info.time_valid
    assert (await driver.check()).ready
    await driver.open()  # again: nothing more to make ready
    assert (await driver.info()).signatures_created == info.signatures_created
    await driver.close()
    await driver.close()


async def test_registering_twice_changes_nothing(shop, tse):
    before = await tse.info()
    await tse.register_client("TILL-1")
    assert await tse.info() == before
    assert before.clients == ("TILL-1",)


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda tse: tse.start("TILL-2"), "TSE_CLIENT_NOT_REGISTERED"),
        (lambda tse: tse.finish("TILL-1", 99, *RECEIPT), "TSE_TRANSACTION_NOT_OPEN"),
        (lambda tse: tse.register_client("Kasse_1"), "TSE_CLIENT_INVALID"),
        (lambda tse: tse.finish("TILL-1", 1, "x", bytes(MAX_LINE)), "TSE_DATA_INVALID"),
        (lambda tse: tse.finish("TILL-1", 1, "x", bytes(100_000)), "TSE_DATA_INVALID"),
    ],
)
async def test_refusals_come_through(tse, call, reason):
    await tse.start("TILL-1")
    with pytest.raises(DeviceRefused) as caught:
        await call(tse)
    assert (caught.value.reason, caught.value.outcome) == (reason, Outcome.FAILED)
    assert (await tse.info()).open_transactions == (1,)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [("outage", "TSE_OUTAGE"), ("full", "TSE_STORE_FULL"), ("certificate-expired", "TSE_CERTIFICATE_EXPIRED")],
)
async def test_a_failed_tse_signs_nothing_and_recovers(shop, tse, fault, reason):
    shop.faults[fault] = 1
    with pytest.raises(DeviceRefused) as caught:
        await tse.start("TILL-1")
    assert (caught.value.reason, caught.value.outcome) == (reason, Outcome.FAILED)
    assert "Selling may go on" in caught.value.hint
    assert shop._journal.of("refused")[-1]["reason"] == reason
    del shop.faults[fault]
    assert (await tse.start("TILL-1")).transaction_number == 1


async def test_outage_at_open(shop):
    shop.faults["outage"] = 1
    driver = SoftwareTse(shop.directory)
    with pytest.raises(DeviceRefused):
        await driver.open()
    with pytest.raises(ConnectionLost) as caught:
        await driver.info()
    assert caught.value.outcome is Outcome.NOT_STARTED


@pytest.mark.parametrize("fault", ["self-test-needed", "time-lost"])
async def test_what_the_driver_can_mend_it_mends(shop, tse, fault):
    shop.faults[fault] = 1
    before = len(shop._journal.of("self_test")) + len(shop._journal.of("time_updated"))
    assert (await tse.start("TILL-1")).transaction_number == 1
    assert len(shop._journal.of("self_test")) + len(shop._journal.of("time_updated")) == before + 1
    assert len(shop._journal.of("started")) == 1


async def test_check_mends_what_lapsed_meanwhile(shop, tse):
    shop._device._self_test_passed = False
    assert (await tse.check()).ready
    assert (await tse.info()).self_test_passed


async def test_check_tells_what_a_person_must_see_to(shop, tse, monkeypatch):
    shop.faults["certificate-expired"] = 1
    health = await tse.check()
    assert not health.ready
    assert "expired" in health.reason
    shop.faults.clear()
    monkeypatch.setattr("drivers.tse.software.device.MAX_SIGNATURES", 50_000)
    assert "signatures left" in (await tse.check()).reason
    monkeypatch.setattr("drivers.tse.software.device.MAX_SIGNATURES", (await tse.info()).signatures_created)
    assert not (await tse.check()).ready
    monkeypatch.undo()
    soon = datetime.now(UTC) + timedelta(days=5 * 365 - 30)

    class Later(datetime):
        @classmethod
        def now(cls, tz=None):
            return soon

    monkeypatch.setattr("drivers.tse.software.driver.datetime", Later)
    assert "expires in" in (await tse.check()).reason


async def test_a_lost_response_is_recovered(shop, tse):
    started = await tse.start("TILL-1")
    shop.faults["lost-response"] = 1
    with pytest.raises(ConnectionLost) as caught:
        await tse.finish("TILL-1", started.transaction_number, *RECEIPT)
    assert caught.value.outcome is Outcome.UNKNOWN
    assert "last response" in caught.value.hint
    assert await tse.wait_lost()
    with pytest.raises(ConnectionLost) as caught:
        await tse.start("TILL-1")
    assert caught.value.outcome is Outcome.NOT_STARTED
    await tse.open()
    answer = await tse.last_response("TILL-1")
    assert answer.transaction_number == started.transaction_number
    assert answer.signature_counter == shop._journal.of("finished")[0]["signature_counter"]
    assert (await tse.info()).open_transactions == ()
    assert len(shop._journal.of("answer_lost")) == 1


async def test_slow_signatures(shop, tse):
    shop.faults["slow"] = 0.1
    begun = asyncio.get_running_loop().time()
    await tse.start("TILL-1")
    assert asyncio.get_running_loop().time() - begun >= 0.1
    shop.faults["slow"] = 5
    impatient = SoftwareTse(shop.directory, timeouts=QUICK)
    await impatient.open()
    with pytest.raises(DeviceTimeout) as caught:
        await impatient.start("TILL-1")
    assert caught.value.outcome is Outcome.UNKNOWN
    assert "did not answer" in await impatient.wait_lost()
    await impatient.close()


async def test_an_abandoned_call_does_not_confuse_the_next(shop, tse):
    shop.faults["slow"] = 0.1
    abandoned = asyncio.create_task(tse.start("TILL-1"))
    await asyncio.sleep(0.05)
    abandoned.cancel()
    with pytest.raises(asyncio.CancelledError):
        await abandoned
    assert (await tse.start("TILL-1")).transaction_number == 2


async def test_no_simulator_running(tmp_path):
    driver = SoftwareTse(tmp_path / "nowhere")
    with pytest.raises(DeviceUnreachable, match="No software TSE") as caught:
        await driver.open()
    assert "kassenwart simulate tse" in caught.value.hint
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await driver.wait_lost()


async def test_stopping_the_simulator_is_noticed(shop, tse):
    watch = asyncio.create_task(tse.wait_lost())
    await asyncio.sleep(0)
    await shop.stop()
    await shop.stop()
    assert "closed the connection" in await watch
    assert not (shop.directory / "tse.sock").exists()


async def test_a_directory_longer_than_a_socket_address(tmp_path):
    directory = tmp_path / ("a" * 120) / ("b" * 120)
    simulator = TseSimulator(directory, Journal(), curve="secp256r1")
    await simulator.start()
    driver = SoftwareTse(directory)
    await driver.open()
    assert (directory / "tse.sock").exists()
    await driver.close()
    await simulator.stop()


async def test_a_second_simulator_is_refused_and_does_no_harm(shop, tse):
    with pytest.raises(StoreError, match="already runs"):
        await TseSimulator(shop.directory, Journal()).start()
    assert (await tse.start("TILL-1")).transaction_number == 1


async def test_a_socket_that_cannot_be_made_leaves_nothing_behind(tmp_path):
    (tmp_path / "tse" / "tse.sock" / "in the way").mkdir(parents=True)
    simulator = TseSimulator(tmp_path / "tse", Journal(), curve="secp256r1")
    with pytest.raises(OSError, match=r"tse\.sock"):
        await simulator.start()
    (tmp_path / "tse" / "tse.sock" / "in the way").rmdir()
    (tmp_path / "tse" / "tse.sock").rmdir()
    await simulator.start()  # the lock was let go
    await simulator.stop()


# --- the wire, by hand ---------------------------------------------------------------------------------------------


async def by_hand(directory, lines):
    reader, writer = await asyncio.open_unix_connection(directory / "tse.sock")
    writer.write(lines)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return [decode_answer(line) for line in answer.splitlines()]


async def test_the_simulator_answers_nonsense_and_goes_on(shop):
    answers = await by_hand(shop.directory, b"nonsense\n" + encode_request(Request(7, Command.INFO)))
    assert [(a.id, a.refusal and a.refusal.value) for a in answers] == [(0, "TSE_COMMAND_INVALID"), (7, None)]


async def test_endless_lines_are_hung_up_on(shop):
    with contextlib.suppress(ConnectionError):
        assert await by_hand(shop.directory, b"x" * (2 * MAX_LINE + 2)) == []


async def test_connections_are_bounded(shop):
    with contextlib.ExitStack() as stack:
        for _ in range(8):
            client = stack.enter_context(socket.socket(socket.AF_UNIX))
            client.connect(str(shop.directory / "tse.sock"))
        await asyncio.sleep(0.05)
        with contextlib.suppress(ConnectionError):
            assert await by_hand(shop.directory, encode_request(Request(7, Command.INFO))) == []


@pytest.mark.parametrize("answer", [b"nonsense\n", b"x" * (2 * MAX_LINE + 2)])
async def test_the_driver_hangs_up_on_nonsense(tmp_path, answer):
    async with impostor(tmp_path, lambda request: answer):
        with pytest.raises(ConnectionLost, match="does not understand"):
            await SoftwareTse(tmp_path).open()


async def test_the_driver_wants_the_answer_it_asked_for(tmp_path):
    async with impostor(tmp_path, lambda request: encode_answer(Answer(request.count(b"\n")))):
        driver = SoftwareTse(tmp_path, timeouts=QUICK)
        with pytest.raises(ProtocolError):
            await driver.open()
    async with impostor(tmp_path, lambda request: encode_answer(Answer(99))):
        with pytest.raises(DeviceTimeout) as caught:
            await driver.open()
        assert caught.value.outcome is Outcome.NOT_STARTED


async def test_a_step_without_signature_may_have_happened(tmp_path, shop):
    info = shop._device.info()
    ready = iter([{"info": info}, {}, {}, {"info": info}, {}])
    number = iter(range(1, 99))
    async with impostor(tmp_path, lambda request: encode_answer(Answer(next(number), **next(ready)))):
        driver = SoftwareTse(tmp_path, timeouts=QUICK)
        await driver.open()
        with pytest.raises(ProtocolError) as caught:
            await driver.start("TILL-1")
        assert caught.value.outcome is Outcome.UNKNOWN
        await driver.close()


@contextlib.asynccontextmanager
async def impostor(directory, answer):
    """Something else that listens on the socket."""

    async def serve(reader, writer):
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                writer.write(answer(line))
                await writer.drain()
        writer.close()
        done.set()

    done = asyncio.Event()
    (directory / "tse.sock").unlink(missing_ok=True)
    server = await asyncio.start_unix_server(serve, directory / "tse.sock")
    yield
    async with asyncio.timeout(5):
        await done.wait()
    server.close()
    await server.wait_closed()


# --- a process of its own, and its sudden end ------------------------------------------------------------------------


async def sell_for_ever(driver, seen):
    while True:
        seen.append(await driver.start("TILL-1"))
        seen.append(await driver.finish("TILL-1", seen[-1].transaction_number, *RECEIPT))


async def test_a_killed_simulator_is_noticed_and_repeats_no_number(tmp_path):
    directory = tmp_path / "tse"
    driver = SoftwareTse(directory)
    seen = []
    for _ in range(3):
        async with process(directory) as child:
            await driver.open()
            await driver.register_client("TILL-1")
            killer = asyncio.get_running_loop().call_later(0.15, child.send_signal, signal.SIGKILL)
            with pytest.raises(ConnectionLost) as caught:
                await sell_for_ever(driver, seen)
            last = seen[-1]
            assert caught.value.outcome in (Outcome.UNKNOWN, Outcome.NOT_STARTED)
            assert "process has ended" in await driver.wait_lost()
            killer.cancel()
        assert (directory / "tse.sock").is_socket()  # left behind, and no hindrance
        async with process(directory):
            await driver.open()
            recovered = await driver.last_response("TILL-1")
            assert recovered.signature_counter >= last.signature_counter
            if recovered != last:  # done, but the answer was lost with the process
                seen.append(recovered)
            open_transactions = (await driver.info()).open_transactions
            seen += [await driver.finish("TILL-1", number, *RECEIPT) for number in open_transactions]
            await driver.close()
    counters = [signed.signature_counter for signed in seen]
    assert len(counters) > 6
    assert counters == sorted(set(counters))
    numbers = sorted({signed.transaction_number for signed in seen})
    assert numbers == list(range(1, len(numbers) + 1))


async def test_a_frozen_simulator_is_given_up(tmp_path):
    driver = SoftwareTse(tmp_path / "tse", timeouts=QUICK)
    async with process(tmp_path / "tse") as child:
        await driver.open()
        child.send_signal(signal.SIGSTOP)
        with pytest.raises(DeviceTimeout):
            await driver.check()
        assert "did not answer" in await driver.wait_lost()
    await driver.close()


async def test_faults_are_shared_with_the_caller(tmp_path):
    faults = Faults(outage=1.0)
    simulator = TseSimulator(tmp_path / "tse", Journal(), curve="secp256r1", faults=faults)
    assert simulator.faults is faults
