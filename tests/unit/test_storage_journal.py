"""The journal as a stream: no gap and no repeat, whatever is written meanwhile."""

import asyncio
import random
from contextlib import aclosing

import pytest
from google.protobuf.wrappers_pb2 import StringValue

from gateway.storage import Database, EventsGoneError, Journal, SubscriberTooSlowError
from gateway.storage import journal as module


@pytest.fixture
async def database(tmp_path):
    opened = await Database.open(tmp_path)
    yield opened
    await opened.close()


def everything(_event):
    return True


async def write(database, count, device="a"):
    def work(transaction):
        for _ in range(count):
            transaction.event("test.thing", "things/1", StringValue(value="x"), device=device)

    await database.write(work)


async def read(stream, count, within=10):
    found = []
    async with asyncio.timeout(within), aclosing(stream):
        async for event in stream:
            found.append(event)
            if len(found) == count:
                return found
    raise AssertionError("the stream ended")


@pytest.mark.parametrize("seed", range(6))
async def test_no_gap_and_no_repeat_while_writers_write(database, monkeypatch, seed):
    """Streams that begin anywhere see each number from there on exactly once, in order."""
    monkeypatch.setattr(module, "_PAGE", 7)
    dice = random.Random(seed)
    journal = Journal(database)
    await write(database, 30)
    total = 400

    async def writer():
        while journal.last_seq < total:
            await write(database, dice.randint(1, 6))
            if dice.random() < 0.2:
                await asyncio.sleep(0)

    async def reader():
        for _ in range(dice.randint(0, 30)):
            await asyncio.sleep(0)
        after = dice.randint(0, journal.last_seq)
        found = await read(journal.stream(after, everything), total - after)
        assert [event.seq for event in found] == list(range(after + 1, total + 1))

    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(writer())
        for _ in range(8):
            group.create_task(reader())


async def test_the_journal_is_wired_before_it_is_told_what_came_before(database):
    journal = Journal(database)
    await write(database, 3)
    assert journal.last_seq == 3


async def test_a_stream_from_now_on_has_nothing_of_before(database):
    journal = Journal(database)
    await write(database, 5)
    stream = journal.stream(None, everything)
    first = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    await write(database, 1)
    assert (await first).seq == 6
    await stream.aclose()


async def test_filters_apply_to_what_was_and_what_comes(database):
    journal = Journal(database)
    await write(database, 3, "a")
    await write(database, 2, "b")
    stream = journal.stream(0, lambda event: event.device == "b")
    seen = [(await anext(stream)).seq, (await anext(stream)).seq]
    following = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0.01)
    await write(database, 1, "a")
    await write(database, 1, "b")
    assert [*seen, (await following).seq] == [4, 5, 7]
    await stream.aclose()


async def test_events_that_are_gone_are_told(database):
    journal = Journal(database)
    await write(database, 10)
    await database.write(lambda transaction: transaction.execute("DELETE FROM events WHERE seq <= 5"))
    for after in (1, 4, 11, 10**17):
        with pytest.raises(EventsGoneError) as error:
            await anext(journal.stream(after, everything))
        assert (error.value.oldest, error.value.newest) == (6, 10)
    assert [event.seq for event in await read(journal.stream(5, everything), 5)] == [6, 7, 8, 9, 10]
    assert [event.seq for event in await read(journal.stream(0, everything), 5)] == [6, 7, 8, 9, 10]


async def test_an_emptied_journal_goes_on_counting(database):
    journal = Journal(database)
    await write(database, 4)
    await database.write(lambda transaction: transaction.execute("DELETE FROM events"))
    with pytest.raises(EventsGoneError) as error:
        await anext(journal.stream(3, everything))
    assert (error.value.oldest, error.value.newest) == (5, 4)
    stream = journal.stream(4, everything)
    following = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0.01)
    await write(database, 1)
    assert (await following).seq == 5
    await stream.aclose()


async def test_a_journal_that_never_held_anything(database):
    journal = Journal(database)
    with pytest.raises(EventsGoneError):
        await anext(journal.stream(1, everything))
    stream = journal.stream(0, everything)
    following = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0.01)
    await write(database, 1)
    assert (await following).seq == 1
    await stream.aclose()


async def test_a_slow_subscriber_gets_what_fits_then_is_told(database, monkeypatch):
    monkeypatch.setattr(module, "_BUFFER", 10)
    journal = Journal(database)
    with journal.subscribe(everything) as slow, journal.subscribe(everything) as quick:
        got = []
        for _ in range(15):
            await write(database, 1)
            got.append((await quick.next()).seq)
        assert got == list(range(1, 16))  # the slow one harms nobody else
        assert [(await slow.next()).seq for _ in range(10)] == list(range(1, 11))
        with pytest.raises(SubscriberTooSlowError):
            await slow.next()
        await write(database, 1)  # what comes after the overflow must not hide the gap
        with pytest.raises(SubscriberTooSlowError):
            await slow.next()


async def test_live_events_carry_more_than_the_disk_keeps(database):
    journal = Journal(database)
    secret, kept = StringValue(value="+4930123456"), StringValue(value="")
    with journal.subscribe(everything) as subscription:
        await database.write(lambda transaction: transaction.event("t", "calls/1", secret, keep=kept))
        live = await subscription.next()
    [stored] = await read(journal.stream(0, everything), 1)
    for event, expected in ((live, secret), (stored, kept)):
        value = StringValue()
        assert event.any.Unpack(value)
        assert value == expected


async def test_an_ended_subscription_takes_nothing(database):
    journal = Journal(database)
    with journal.subscribe(everything) as subscription:
        pass
    await write(database, 1)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await subscription.next()
