"""The FRITZ!Box driver against its simulator, over TCP."""

import asyncio
import contextlib
import socket

import pytest

from drivers.base import CallStep
from drivers.errors import ConnectionLost, DeviceUnreachable, Outcome
from drivers.fritzbox.driver import FritzBox
from drivers.fritzbox.simulator import FAULTS, FritzSimulator, parse_faults
from drivers.simulation import Journal

HOST = "127.0.0.1"


@contextlib.asynccontextmanager
async def connected(box=None, **options):
    """A simulator, and a driver connected to it."""
    simulator = FritzSimulator(Journal(), **options)
    port = await simulator.start(HOST, 0)
    driver = FritzBox(HOST, port, **(box or {}))
    await driver.open()
    await listeners(simulator, 1)
    try:
        yield simulator, driver
    finally:
        await driver.close()
        await simulator.stop()


async def listeners(simulator, count):
    async with asyncio.timeout(5):
        while simulator.listeners != count:
            await asyncio.sleep(0.005)


async def take(driver, count):
    events = []
    async with asyncio.timeout(5):
        async for event in driver.events():
            events.append(event)
            if len(events) == count:
                return events
    return events


def told(events):
    return [(event.step, event.connection, event.remote) for event in events]


async def test_a_call_answered_and_ended():
    async with connected() as (box, driver):
        call = await box.ring("03023125001", local="990133", line="SIP1")
        await box.connect(call, extension=11)
        await box.disconnect(call, 42)
        ring, connect, disconnect = await take(driver, 3)
        assert (ring.step, ring.remote, ring.local, ring.line) == (CallStep.RING, "03023125001", "990133", "SIP1")
        assert ring.device_time is not None
        assert (connect.step, connect.extension, connect.remote) == (CallStep.CONNECT, 11, "03023125001")
        assert (disconnect.step, disconnect.duration) == (CallStep.DISCONNECT, 42)
        assert [entry["event"] for entry in box._journal.entries][1:] == ["ring", "connect", "disconnect"]


async def test_parallel_calls_and_connections_used_again():
    async with connected() as (box, driver):
        assert await box.ring() == 0
        assert await box.dial("08999998007") == 1
        assert await box.ring("0221") == 2
        await box.disconnect(1)
        assert await box.ring("069") == 1
        assert told(await take(driver, 5)) == [
            (CallStep.RING, 0, ""),
            (CallStep.CALL, 1, "08999998007"),
            (CallStep.RING, 2, "0221"),
            (CallStep.DISCONNECT, 1, ""),
            (CallStep.RING, 1, "069"),
        ]


@pytest.mark.parametrize("faults", [["garbage"], ["half-lines"], ["garbage", "half-lines"]])
async def test_garbage_and_halves_lose_no_call(faults):
    async with connected(faults=parse_faults(faults)) as (box, driver):
        call = await box.ring("030")
        await box.disconnect(call)
        assert told(await take(driver, 2)) == [(CallStep.RING, 0, "030"), (CallStep.DISCONNECT, 0, "")]
        assert driver.skipped == (2 if "garbage" in faults else 0)


async def test_a_line_without_end_is_counted_and_skipped():
    async with connected() as (box, driver):
        await box.send(b"x" * 10_000 + b"\r\n")
        await box.ring("030")
        assert told(await take(driver, 1)) == [(CallStep.RING, 0, "030")]
        assert driver.skipped == 1


async def test_a_dropped_connection_is_noticed_and_taken_up_again():
    async with connected(faults=parse_faults(["drop-after=2"])) as (box, driver):
        call = await box.ring("030")
        await box.connect(call)
        assert len(await take(driver, 99)) == 2  # then the events end
        assert "closed the connection" in await driver.wait_lost()
        with pytest.raises(ConnectionLost) as caught:
            await driver.check()
        assert caught.value.outcome is Outcome.NOT_STARTED
        await driver.open()
        await listeners(box, 1)
        await box.disconnect(call, 7)
        assert [event.duration for event in await take(driver, 1)] == [7]


async def test_silence_is_no_fault():
    async with connected(faults=parse_faults(["silent"])) as (box, driver):
        await box.ring("030")
        assert (await driver.check()).ready
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await driver.wait_lost()
        assert box._journal.of("ring")


async def test_after_long_silence_a_second_connection_proves_life():
    async with connected({"proof_of_life": 0.0}) as (box, driver):
        assert (await driver.check()).ready
        await listeners(box, 1)
        assert len(box._journal.of("listener_connected")) == 2
        box._server.close()
        with pytest.raises(ConnectionLost, match="no new connection"):
            await driver.check()
        assert "silent" in await driver.wait_lost()


async def test_closing_ends_the_events():
    async with connected() as (box, driver):
        waiting = asyncio.create_task(take(driver, 1))
        await asyncio.sleep(0.01)
        await driver.close()
        await driver.close()
        assert await waiting == []
        assert await take(driver, 1) == []
        assert driver.skipped == 0
        with pytest.raises(ConnectionLost):
            await driver.check()
        await listeners(box, 0)


async def test_refused_hints_at_the_code_to_dial():
    with socket.create_server((HOST, 0)) as server:
        port = server.getsockname()[1]
    driver = FritzBox(HOST, port)
    with pytest.raises(DeviceUnreachable) as caught:
        await driver.open()
    assert caught.value.reason == "CALL_MONITOR_OFF"
    assert "#96*5*" in caught.value.hint
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await driver.wait_lost()
    async with connected() as (box, driver):
        await box.stop()
        await driver.wait_lost()
        with pytest.raises(DeviceUnreachable) as caught:
            await driver.open()
        assert "restarting" in caught.value.hint


async def test_a_name_that_leads_nowhere():
    with pytest.raises(DeviceUnreachable) as caught:
        await FritzBox("fritz.box.invalid").open()
    assert caught.value.reason == "DEVICE_UNREACHABLE"


async def test_a_reset_is_a_loss():
    async with connected() as (box, driver):
        for writer in box._listeners.values():
            writer.transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0"
            )
            writer.transport.abort()
        assert "FRITZ!Box" in await driver.wait_lost()


async def test_keep_alive_is_as_patient_as_documented():
    async with connected() as (_, driver):
        sock = driver._link._stream._writer.get_extra_info("socket")
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        options = ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT", "TCP_USER_TIMEOUT")
        assert [sock.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) for name in options] == [30, 10, 3, 60_000]


async def test_events_nobody_fetches_are_bounded():
    async with connected() as (box, driver):
        for _ in range(300):
            await box.disconnect(await box.ring("030"))
        async with asyncio.timeout(5):
            while len(driver._link.events) < 256:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        assert len(driver._link.events) == 256


async def test_calls_by_themselves():
    async with connected(calls_every=0.02) as (_, driver):
        events = await take(driver, 12)
        assert {event.step for event in events} >= {CallStep.RING, CallStep.DISCONNECT}
        prefixes = ("03023125", "06990009", "04066969", "02214710", "08999998")
        assert all(not event.remote or event.remote.startswith(prefixes) for event in events)


async def test_listeners_are_bounded():
    async with connected() as (box, _):
        with contextlib.ExitStack() as stack:
            port = box._server.sockets[0].getsockname()[1]
            for _ in range(15):
                stack.enter_context(socket.create_connection((HOST, port)))
            await listeners(box, 16)
            reader, writer = await asyncio.open_connection(HOST, port)
            assert await reader.read() == b""
            writer.close()
            await writer.wait_closed()


async def test_a_listener_that_reads_nothing_is_dropped():
    async with connected() as (box, _):
        port = box._server.sockets[0].getsockname()[1]
        deaf = socket.create_connection((HOST, port))
        await listeners(box, 2)
        for _ in range(200):
            await box.send(b"x" * 65_535 + b"\n")
        await listeners(box, 1)
        deaf.close()


def test_parse_faults():
    assert parse_faults(["garbage", "drop-after=3"]) == {"garbage": 1, "drop-after": 3}
    assert parse_faults(FAULTS).keys() == FAULTS.keys()
    for wrong in ("fire", "garbage=1", "drop-after=0x", "drop-after="):
        with pytest.raises(ValueError, match="fault"):
            parse_faults([wrong])
