"""Streams: nothing missed, nothing doubled, whatever happens to the connection."""

import asyncio
from contextlib import aclosing, suppress
from itertools import pairwise

import grpc
import pytest

from kassenwart import Client, _rpc, errors, v1
from tests.contract.client_server import UNAVAILABLE, Failure, ScriptedServer, forever


def event(number):
    return v1.Event(id=str(number), type="kassenwart.print_job.printed")


def job(state):
    return v1.PrintJob(name="printers/receipt/jobs/1", state=state)


@pytest.fixture
async def server():
    server = ScriptedServer()
    server.on("GetSystemInfo", v1.SystemInfo(storage=v1.SystemInfo.Storage(last_event=41)))
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def client(server):
    async with Client(server.address, token="secret", retry_time=2) as client:
        yield client


async def take(stream, count):
    """The first messages of a stream, which is closed then."""
    found = []
    async with aclosing(stream) as messages, asyncio.timeout(10):
        async for message in messages:
            found.append(message)
            if len(found) == count:
                break
    return found


async def test_events_begin_with_what_happens_next(server, client):
    server.on("StreamEvents", [event(42), event(45), forever])
    found = await take(client.events.stream(types=["kassenwart.print_job."], devices=["receipt"]), 2)
    assert [e.id for e in found] == ["42", "45"]
    (call,) = server.calls("StreamEvents")
    assert call.request.resume_after == "41"
    assert list(call.request.types) == ["kassenwart.print_job."]
    assert list(call.request.devices) == ["receipt"]
    assert call.deadline > 0


async def test_a_dropped_stream_goes_on_behind_the_last_event_seen(server, client):
    slow = Failure(grpc.StatusCode.RESOURCE_EXHAUSTED, "too slow", retry_after=0.01)
    server.on(
        "StreamEvents",
        [event(11), event(12), UNAVAILABLE],
        [UNAVAILABLE],
        [event(12), event(13), slow],  # 12 comes again: it must not be told again
        [event(14)],  # the daemon ends the stream
        [Failure(grpc.StatusCode.DEADLINE_EXCEEDED, "time for a new connection")],
        [event(15), forever],
    )
    found = await take(client.events.stream(resume_after="10"), 5)
    assert [e.id for e in found] == ["11", "12", "13", "14", "15"]
    assert [c.request.resume_after for c in server.calls("StreamEvents")] == ["10", "12", "12", "13", "14", "14"]
    assert not server.calls("GetSystemInfo")


async def test_no_event_is_lost_when_the_connection_breaks_before_the_first(server, client):
    server.on("StreamEvents", [UNAVAILABLE], [event(42), forever])
    found = await take(client.events.stream(), 1)
    assert [e.id for e in found] == ["42"]
    assert [c.request.resume_after for c in server.calls("StreamEvents")] == ["41", "41"]


async def test_events_over_restarts_of_the_daemon(server, client):
    """A journal of 60 events is read while the daemon is stopped three times in the middle of it."""
    stops = asyncio.Queue()

    def journal_behind(number):
        async def one(current):
            if current % 16 == 0:
                stops.put_nowait(current)
                await asyncio.sleep(0.05)
            return event(current)

        return [lambda _request, n=n: one(n) for n in range(number + 1, 61)] + [forever]

    class Journal(list):
        def pop(self, _index):
            return journal_behind(int(server.seen[-1].request.resume_after))

        def __len__(self):
            return 2

    server.on("StreamEvents")
    server._steps["StreamEvents"] = Journal()

    async def restart():
        for _ in range(3):
            await stops.get()
            await server.stop()
            await asyncio.sleep(0.05)
            await server.start()

    restarts = asyncio.create_task(restart())
    found = await take(client.events.stream(resume_after="0"), 60)
    await restarts
    assert [int(e.id) for e in found] == list(range(1, 61))
    assert len(server.calls("StreamEvents")) >= 4


async def test_a_network_that_falls_silent_is_noticed(server, monkeypatch):
    """The first connection is never closed, it only carries nothing any more, as behind a switched-off router."""
    fast = {"grpc.keepalive_time_ms", "grpc.keepalive_timeout_ms", "grpc.http2.ping_timeout_ms"}
    assert {(name, 10_000) for name in fast} <= set(_rpc._OPTIONS)
    monkeypatch.setattr(_rpc, "_OPTIONS", tuple((n, 500 if n in fast else value) for n, value in _rpc._OPTIONS))
    server.on("StreamEvents", [event(1), forever], [event(2), forever])
    silent = asyncio.Event()
    connections = []

    async def carry(reader, writer, silenced):
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                if not (silenced and silent.is_set()):
                    writer.write(data)
                    await writer.drain()
        writer.close()

    async def connect(reader, writer):
        first = not connections
        connections.append(asyncio.current_task())
        there, back = await asyncio.open_connection("127.0.0.1", server.port)
        await asyncio.gather(carry(reader, back, first), carry(there, writer, first))

    router = await asyncio.start_server(connect, "127.0.0.1", 0)
    address = f"127.0.0.1:{router.sockets[0].getsockname()[1]}"
    found = []
    async with (
        Client(address) as client,
        asyncio.timeout(10),
        aclosing(client.events.stream(resume_after="0")) as events,
    ):
        async for seen in events:
            found.append(seen.id)
            silent.set()
            if len(found) == 2:
                break
    assert found == ["1", "2"]
    await server.stop()
    router.close()
    await asyncio.wait(connections, timeout=5)
    assert all(task.done() for task in connections)


async def test_an_event_no_longer_kept_is_an_error_not_a_gap(server, client):
    server.on("StreamEvents", [Failure(grpc.StatusCode.OUT_OF_RANGE, "kept from 500", reason="EVENTS_GONE")])
    with pytest.raises(errors.OutOfRange, match="kept from 500"):
        await take(client.events.stream(resume_after="3"), 1)
    assert len(server.calls("StreamEvents")) == 1


async def test_a_cancelled_reader_ends_the_call_at_the_daemon(server, client):
    waiting, ended = asyncio.Event(), asyncio.Event()

    async def until_cancelled(_request):
        waiting.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    server.on("StreamEvents", [event(42), until_cancelled])
    got = asyncio.Event()

    async def read():
        async for _event in client.events.stream():
            got.set()

    reader = asyncio.create_task(read())
    async with asyncio.timeout(5):
        await got.wait()
        await waiting.wait()
        reader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reader
        await ended.wait()


async def test_a_reader_that_breaks_off_leaves_nothing_behind(server, client):
    waiting, ended = asyncio.Event(), asyncio.Event()

    async def until_cancelled(_request):
        waiting.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    server.on("StreamEvents", [event(42), event(43), until_cancelled])
    async for found in client.events.stream():
        assert found.id == "42"
        await waiting.wait()
        break
    async with asyncio.timeout(5):
        await ended.wait()


async def test_watching_a_job_ends_with_its_final_state_and_tells_no_state_twice(server, client):
    states = v1.PrintJob
    server.on(
        "WatchPrintJob",
        [job(states.QUEUED), job(states.SENDING), UNAVAILABLE],
        [job(states.SENDING), job(states.CONFIRMING), UNAVAILABLE],
        [job(states.PRINTED)],
    )
    found = [seen.state async for seen in client.printers.watch("printers/receipt/jobs/1")]
    assert found == [states.QUEUED, states.SENDING, states.CONFIRMING, states.PRINTED]
    assert len(server.calls("WatchPrintJob")) == 3


async def test_watching_gives_up_after_the_retry_time(server, client):
    server.on("WatchPayment", [UNAVAILABLE])
    short = client.with_options(retry_time=0.3)
    with pytest.raises(errors.Unavailable):
        await take(short.payments.watch("terminals/ec1/payments/1"), 1)
    assert len(server.calls("WatchPayment")) > 1


async def test_a_watch_of_nothing_is_not_tried_again(server, client):
    server.on("WatchPayment", [Failure(grpc.StatusCode.NOT_FOUND, "There is no such payment.")])
    with pytest.raises(errors.NotFound):
        await take(client.payments.watch("terminals/ec1/payments/9"), 1)
    assert len(server.seen) == 1


async def test_calls_are_watched_over_broken_connections(server, client):
    ringing = v1.Call(name="calls/1", state=v1.Call.RINGING)
    talking = v1.Call(name="calls/1", state=v1.Call.TALKING)
    server.on("WatchCalls", [ringing], [UNAVAILABLE], [talking, forever])
    assert await take(client.calls.watch(device="fritz"), 2) == [ringing, talking]
    assert {call.request.device for call in server.calls("WatchCalls")} == {"fritz"}


async def test_pauses_between_connections_grow(server, client):
    server.on("WatchCalls", [])
    async with asyncio.timeout(5):
        reader = asyncio.create_task(take(client.calls.watch(), 1))
        await asyncio.sleep(1.5)
        reader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reader
    assert 2 <= len(server.calls("WatchCalls")) < 25
    assert all(a.method == b.method for a, b in pairwise(server.seen))
