"""Fifty listeners at once: each hears everything once and in order, and one that reads nothing harms nobody."""

import asyncio
import contextlib
import json
import resource
import socket

import aiohttp
import grpc

from kassenwart import v1
from kassenwart.documents import cut
from tests.support import Shop
from tests.support.shop import until

EACH = 25
JOBS = 12


class Listener:
    """One client with an event stream; `drop` makes it lose its connection and resume."""

    def __init__(self, shop, after):
        self.shop = shop
        self.after = after
        self.ids = []
        self.connected = asyncio.Event()
        self.task = asyncio.create_task(self.follow(), name="listener")

    async def follow(self):
        while True:
            with contextlib.suppress(aiohttp.ClientError, grpc.aio.AioRpcError):
                await self.connect()

    def take(self, number):
        self.ids.append(int(number))
        self.after = number

    async def drop(self):
        """Lose the connection and come back."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        self.connected.clear()
        self.task = asyncio.create_task(self.follow(), name="listener")


class SseListener(Listener):
    async def connect(self):
        headers = {"Authorization": f"Bearer {self.shop.tokens['pos']}", "Last-Event-ID": self.after}
        async with (
            aiohttp.ClientSession(headers=headers, read_bufsize=1 << 20) as session,
            session.get(self.shop.rest + "/v1/events", timeout=aiohttp.ClientTimeout()) as answer,
        ):
            assert answer.status == 200
            self.connected.set()
            number = ""
            async for line in answer.content:
                name, _, value = line.decode().rstrip().partition(": ")
                if name == "id":
                    number = value
                elif name == "data":
                    event = json.loads(value)
                    assert event["id"] == number
                    self.take(number)


class GrpcListener(Listener):
    async def connect(self):
        metadata = (("authorization", f"Bearer {self.shop.tokens['pos']}"),)
        # Channels with the same options would share one connection.
        options = (("grpc.use_local_subchannel_pool", 1),)
        async with grpc.aio.insecure_channel(self.shop.grpc, options=options) as channel:
            stream = channel.unary_stream(
                "/kassenwart.v1.EventService/StreamEvents",
                v1.StreamEventsRequest.SerializeToString,
                v1.Event.FromString,
            )
            call = stream(v1.StreamEventsRequest(resume_after=self.after), metadata=metadata)
            await call.initial_metadata()
            self.connected.set()
            async for event in call:
                self.take(event.id)


async def _latest(shop):
    return (await shop.ok("GET", "/v1/system"))["storage"]["lastEvent"]


async def test_fifty_clients_hear_every_event_once_and_in_order(tmp_path, caplog):
    async with Shop(tmp_path) as shop, shop.client("pos") as client:
        await shop.ready()
        first = await _latest(shop)
        listeners = [kind(shop, first) for kind in (SseListener, GrpcListener) for _ in range(EACH)]
        try:
            await asyncio.gather(*(listener.connected.wait() for listener in listeners))
            for number in range(JOBS):
                job = await client.printers.print("receipt", [f"Bon {number}", cut()], request_id=f"{number}", wait=10)
                assert job.state == v1.PrintJob.PRINTED
                if number % 3 == 1:  # a fifth of them drops off and resumes, each time others
                    await asyncio.gather(*(listener.drop() for listener in listeners[number % 5 :: 5]))
            last = int(await _latest(shop))
            await until(lambda: all(listener.ids[-1:] == [last] for listener in listeners), 10)
        finally:
            for listener in listeners:
                listener.task.cancel()
            await asyncio.gather(*(listener.task for listener in listeners), return_exceptions=True)
        expected = list(range(int(first) + 1, last + 1))
        assert len(expected) >= 3 * JOBS
        for listener in listeners:
            assert listener.ids == expected
        assert len(shop.devices.slips()) == JOBS
        assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_a_client_that_reads_nothing_is_cut_off(tmp_path, monkeypatch, caplog):
    """Over both faces; meanwhile the others hear everything and memory stays bounded."""
    monkeypatch.setattr("gateway.faces.rest.sse._WRITE_WITHIN", 0.5)
    monkeypatch.setattr("gateway.faces.grpc._WRITE_WITHIN", 0.5)
    async with Shop(tmp_path) as shop, shop.client("pos") as client:
        await shop.ready()
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.connect(("127.0.0.1", int(shop.rest.rpartition(":")[2])))
            head = f"GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {shop.tokens['pos']}\r\n\r\n"
            deaf.sendall(head.encode())
            deaf.setblocking(False)
            listener = GrpcListener(shop, await _latest(shop))
            metadata = (("authorization", f"Bearer {shop.tokens['pos']}"),)
            options = (("grpc.use_local_subchannel_pool", 1), ("grpc.http2.bdp_probe", 0))
            async with grpc.aio.insecure_channel(shop.grpc, options=options) as channel:
                lazy = channel.unary_stream(
                    "/kassenwart.v1.EventService/StreamEvents", v1.StreamEventsRequest.SerializeToString
                )(v1.StreamEventsRequest(), metadata=metadata)
                await lazy.initial_metadata()
                await listener.connected.wait()
                first = int(await _latest(shop))

                async def streams():
                    _, text, _ = await shop.call("GET", "/metrics")
                    found = [line for line in text.decode().splitlines() if line.startswith("kassenwart_streams ")]
                    return float(found[0].split()[1])

                await until(lambda: _is(streams(), 3))
                before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
                opened = await client.tse.start("tse")
                for number in range(150):  # some 15 MB of events
                    await client.tse.update(opened, "SonstigerVorgang", b"%5d " % number * 8000)
                await until(lambda: _is(streams(), 1), 10)
                last = int(await _latest(shop))
                assert last - first >= 300
                await until(lambda: listener.ids[-1:] == [last], 10)
                assert listener.ids == list(range(listener.ids[0], last + 1))
                assert listener.ids[0] <= first + 1
                grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
                assert grown < 150_000, f"{grown} KiB"
                listener.task.cancel()
                await asyncio.gather(listener.task, return_exceptions=True)
        assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def _is(value, wanted):
    return await value == wanted
