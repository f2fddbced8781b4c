"""Server-sent events: format, resume, errors in mid-stream, many readers."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest

from gateway.faces.rest import sse
from gateway.storage import journal
from tests.support import Shop
from tests.support.shop import until


@pytest.fixture
async def shop(tmp_path):
    async with Shop(tmp_path) as shop:
        yield shop


class Stream:
    """A reader of one stream: blocks as lists of (field, value); a comment has the field ''."""

    def __init__(self, answer):
        self.answer = answer
        self.headers = answer.headers

    async def block(self):
        fields = []
        async with asyncio.timeout(10):
            async for line in self.answer.content:
                text = line.decode().rstrip("\n")
                if not text:
                    return fields
                name, _, value = text.partition(":")
                fields.append((name, value.removeprefix(" ")))
        return None

    async def event(self):
        """The next event as a dict of its fields, with its data read."""
        while True:
            block = await self.block()
            if block is None:
                return None
            found = dict(block)
            if "data" in found:
                return {**found, "data": json.loads(found["data"])}


@asynccontextmanager
async def stream(shop, path, **headers):
    sent = {"Authorization": f"Bearer {shop.tokens['pos']}"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    async with shop._http.get(shop.rest + path, headers=sent) as answer:
        assert answer.status == 200, await answer.text()
        yield Stream(answer)


async def claim(shop, device="ec1"):
    """Something that makes an event at once: a call on the line."""
    connection = await shop.devices.fritz.ring("03023125001")
    await shop.devices.fritz.disconnect(connection)


async def test_the_format_of_events(shop):
    await shop.ready()
    async with stream(shop, "/v1/events?resumeAfter=0") as events:
        assert events.headers["Content-Type"].startswith("text/event-stream")
        assert events.headers["Cache-Control"] == "no-store"
        assert events.headers["X-Accel-Buffering"] == "no"
        assert events.headers["X-Content-Type-Options"] == "nosniff"
        assert events.headers["X-Request-Id"]
        assert await events.block() == [("retry", "3000")]
        numbers = []
        for _ in range(5):
            event = await events.event()
            data = event["data"]
            numbers.append(int(event["id"]))
            assert (data["specversion"], data["datacontenttype"]) == ("1.0", "application/json")
            assert (data["id"], data["type"]) == (event["id"], event["event"])
            assert data["source"].startswith("/kassenwart/")
            assert data["subject"] == f"devices/{data['device']}"
            assert data["data"]["@type"].endswith("kassenwart.v1.Device")
            assert data["time"].endswith("Z")
    assert numbers == [1, 2, 3, 4, 5]


async def test_a_silent_stream_beats(shop, monkeypatch):
    monkeypatch.setattr(sse, "_HEARTBEAT", 0.05)
    async with stream(shop, "/v1/events?types=nothing.of.this") as events:
        assert await events.block() == [("retry", "3000")]
        for _ in range(3):
            assert await events.block() == [("", "alive")]


async def test_resuming_misses_nothing_and_repeats_nothing(shop):
    await shop.ready()
    seen = []
    async with stream(shop, "/v1/events?resumeAfter=0") as events:
        seen += [(await events.event())["id"] for _ in range(3)]
    await claim(shop)
    async with stream(shop, "/v1/events", Last_Event_ID=seen[-1]) as events:
        while len(seen) < 6:
            seen.append((await events.event())["id"])
    await claim(shop)
    # The query outranks the header: a browser that reconnects repeats its query, and sends where it was.
    async with stream(shop, f"/v1/events?resumeAfter={seen[-1]}", Last_Event_ID="1") as events:
        seen.append((await events.event())["id"])
    assert seen == [str(number) for number in range(1, 8)]


async def test_filters_by_type_and_device(shop):
    await shop.ready()
    async with stream(shop, "/v1/events?resumeAfter=0&types=kassenwart.call.&devices=fritz&devices=ec1") as events:
        await shop.devices.fritz.ring("03023125001")
        event = await events.event()
        assert event["event"] == "kassenwart.call.ringing"
        assert event["data"]["data"]["number"] == "+493023125001"
    async with stream(shop, "/v1/events?resumeAfter=0&devices=ec1") as events:
        assert (await events.event())["data"]["device"] == "ec1"


async def test_places_that_the_journal_does_not_have(shop):
    await shop.ready()
    last = int((await shop.ok("GET", "/v1/system"))["storage"]["lastEvent"])
    status, problem, _ = await shop.call("GET", f"/v1/events?resumeAfter={last + 1000}")
    assert (status, problem["code"], problem["reason"]) == (400, "OUT_OF_RANGE", "EVENTS_GONE")
    assert int(problem["metadata"]["newest"]) >= last
    assert (await shop.call("GET", "/v1/events", Last_Event_ID="x"))[0] == 400


async def test_an_error_in_mid_stream_is_an_error_event(shop, monkeypatch):
    await shop.ready()
    take = journal.Subscription.offer

    def overflow(subscription, event):
        """As if this subscriber had not read for long; others go on."""
        if event.type.startswith("kassenwart.call."):
            monkeypatch.setattr(journal, "_BUFFER", 0)
        take(subscription, event)
        monkeypatch.setattr(journal, "_BUFFER", 1000)

    monkeypatch.setattr(journal.Subscription, "offer", overflow)
    async with stream(shop, "/v1/events?types=kassenwart.call.") as events:
        assert await events.block() == [("retry", "3000")]
        await claim(shop)
        event = await events.event()
        assert event["event"] == "error"
        assert event["data"]["reason"] == "SUBSCRIBER_TOO_SLOW"
        assert event["data"]["status"] == 429
        assert "id" not in event  # a browser must not resume behind an error
        assert await events.event() is None  # and the stream ends


async def test_the_end_of_the_daemon_ends_the_streams(shop):
    await shop.ready()
    async with stream(shop, "/v1/events") as events:
        await events.block()
        stopping = asyncio.create_task(shop.stop())
        event = await events.event()
        while event is not None and event["event"] != "error":
            event = await events.event()
        assert event["data"]["reason"] == "SHUTDOWN"
        await stopping


async def test_a_reader_that_goes_is_noticed(shop):
    await shop.ready()
    async with stream(shop, "/v1/events") as events:
        await events.block()
        assert b"kassenwart_streams 1.0" in (await shop.call("GET", "/metrics"))[1]

    async def gone():
        return b"kassenwart_streams 0.0" in (await shop.call("GET", "/metrics"))[1]

    await until(gone)


async def test_a_watched_payment_ends_with_its_verdict(shop):
    await shop.ready("ec1")
    payment = await shop.ok("POST", "/v1/terminals/ec1/payments", {"amountMinor": 100})
    states, texts = [], set()
    async with stream(shop, f"/v1/{payment['name']}:watch") as watched:
        while (event := await watched.event()) is not None:
            assert set(event) == {"data"}
            states.append(event["data"]["state"])
            texts.add(event["data"]["messageDe"])
    assert states[-1] == "APPROVED"
    assert set(states) <= {"PENDING", "IN_PROGRESS", "APPROVED"}
    assert len(texts) > 2  # what the cashier is to be told
    async with stream(shop, f"/v1/{payment['name']}:watch") as watched:
        assert (await watched.event())["data"]["state"] == "APPROVED"
        assert await watched.event() is None
    status, problem, headers = await shop.call("GET", "/v1/terminals/ec1/payments/none:watch")
    assert (status, problem["code"]) == (404, "NOT_FOUND")
    assert headers["Content-Type"].startswith("application/problem+json")


async def test_many_readers_see_the_same(shop):
    await shop.ready()

    async def read():
        async with stream(shop, "/v1/events?types=kassenwart.call.") as events:
            await events.block()
            ready.release()
            return [(await events.event())["id"] for _ in range(4)]

    ready = asyncio.Semaphore(0)
    readers = [asyncio.create_task(read()) for _ in range(20)]
    for _ in readers:
        await ready.acquire()
    await claim(shop)
    await claim(shop)
    found = await asyncio.gather(*readers)
    assert len({tuple(ids) for ids in found}) == 1
