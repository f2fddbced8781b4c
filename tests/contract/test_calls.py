"""Caller ID through the simulated box: calls as they are, and no number on the disk."""

import asyncio

import pytest

from tests.support import Shop
from tests.support.shop import until

NUMBER = "03023125001"


@pytest.fixture
async def shop(tmp_path):
    async with Shop(tmp_path) as shop:
        await shop.ready("fritz")
        yield shop


async def calls(shop, query=""):
    return (await shop.ok("GET", f"/v1/calls{query}", role="pos"))["calls"]


async def states(shop, *expected):
    """Wait until the calls, newest first, have these states."""

    async def there():
        return [call["state"] for call in await calls(shop)] == list(expected)

    await until(there)


async def test_a_call_from_ring_to_end(shop):
    fritz = shop.devices.fritz
    connection = await fritz.ring(NUMBER, local="990133", line="SIP1")
    await states(shop, "RINGING")
    [call] = await calls(shop)
    assert (call["number"], call["display"], call["rawNumber"]) == ("+493023125001", "030 23125001", NUMBER)
    assert (call["direction"], call["device"], call["line"], call["ownNumber"]) == (
        "INCOMING",
        "fritz",
        "SIP1",
        "990133",
    )
    await fritz.connect(connection)
    await states(shop, "TALKING")
    await fritz.disconnect(connection, 42)
    await states(shop, "ENDED")
    [call] = await calls(shop)
    assert call["durationSeconds"] == 42
    assert call["endTime"] >= call["createTime"]


async def test_missed_withheld_local_and_dialled_calls(shop):
    fritz = shop.devices.fritz
    await fritz.disconnect(await fritz.ring(""))
    await states(shop, "MISSED")
    assert (await calls(shop))[0]["reason"] == "withheld"
    assert (await calls(shop))[0]["number"] == ""
    await fritz.disconnect(await fritz.ring("23125002"))
    await states(shop, "MISSED", "MISSED")
    assert (await calls(shop))[0]["number"] == "+493023125002"  # by the configured area code
    connection = await fritz.dial("08999998001")
    await states(shop, "DIALING", "MISSED", "MISSED")
    assert (await calls(shop))[0]["direction"] == "OUTGOING"
    await fritz.disconnect(connection)


async def test_an_answering_machine(shop):
    fritz = shop.devices.fritz
    connection = await fritz.ring(NUMBER)
    await fritz.connect(connection, extension=40)
    await states(shop, "MACHINE")
    await fritz.disconnect(connection, 5)
    await states(shop, "ENDED")


async def test_parallel_calls_and_connection_ids_used_anew(shop):
    fritz = shop.devices.fritz
    first = await fritz.ring("03023125001")
    second = await fritz.ring("03023125002")
    await states(shop, "RINGING", "RINGING")
    await fritz.connect(second)
    await fritz.disconnect(first)
    await states(shop, "TALKING", "MISSED")
    third = await fritz.ring("03023125003")
    assert third == first
    await states(shop, "RINGING", "TALKING", "MISSED")
    await fritz.disconnect(second, 3)
    await fritz.connect(third)
    await states(shop, "TALKING", "ENDED", "MISSED")
    # The end of the third call is lost, and its connection id comes again.
    fritz._calls.pop(third)
    assert await fritz.ring("03023125004") == third
    await states(shop, "RINGING", "UNKNOWN", "ENDED", "MISSED")


async def test_steps_of_calls_that_nobody_saw_begin_are_passed_over(shop):
    await shop.devices.fritz.send(b"20.11.26 11:00:00;CONNECT;7;10;123456;\r\n20.11.26 11:00:01;DISCONNECT;7;1;\r\n")
    await shop.devices.fritz.ring(NUMBER)
    await states(shop, "RINGING")


async def test_a_lost_line_leaves_its_calls_unknown(shop):
    fritz = shop.devices.fritz
    await fritz.ring(NUMBER)
    await states(shop, "RINGING")
    port = shop.devices.ports["fritz"]
    await fritz.stop()
    await states(shop, "UNKNOWN")
    await shop.ready("fritz", state="OFFLINE")
    await fritz.start("127.0.0.1", port)
    await shop.ready("fritz")

    async def listening():
        return fritz.listeners > 0

    await until(listening)
    await fritz.ring("03023125009")
    await states(shop, "RINGING", "UNKNOWN")


async def test_lists_are_filtered_paged_and_bounded(shop):
    fritz = shop.devices.fritz
    for number in range(55):
        await fritz.disconnect(await fritz.ring(f"03023125{number:03}"))
    last = "+493023125054"

    async def all_there():
        found = await calls(shop)
        return bool(found) and (found[0]["number"], found[0]["state"]) == (last, "MISSED")

    await until(all_there)
    found = await calls(shop)
    assert len(found) == 50  # older ones are forgotten
    assert [call["number"] for call in found] == [f"+493023125{number:03}" for number in range(54, 4, -1)]
    paged, token = [], ""
    while True:
        page = await shop.ok("GET", f"/v1/calls?pageSize=20&pageToken={token}")
        paged += page["calls"]
        token = page["nextPageToken"]
        if not token:
            break
    assert paged == found
    assert await calls(shop, "?filter=state=TALKING") == []
    assert len(await calls(shop, "?filter=direction=INCOMING%20AND%20device=fritz")) == 50
    assert await calls(shop, "?filter=device=other") == []
    status, problem, _ = await shop.call("GET", "/v1/calls/none")
    assert (status, problem["code"]) == (404, "NOT_FOUND")


async def test_the_disk_never_holds_a_number(shop):
    fritz = shop.devices.fritz
    connection = await fritz.ring(NUMBER, local="990133")
    await states(shop, "RINGING")
    await fritz.connect(connection)
    await fritz.disconnect(connection, 1)
    await states(shop, "ENDED")
    await shop.stop()
    for path in (shop.folder / "state").iterdir():
        data = path.read_bytes()
        for secret in (NUMBER, "23125001", "990133", "030 23125001"):
            assert secret.encode() not in data, path
    await shop.start()
    assert await calls(shop) == []  # memory only


async def test_watching_calls(shop):
    headers = {"Authorization": f"Bearer {shop.tokens['pos']}"}
    for path, count in (("/v1/calls:watch", 3), ("/v1/calls:watch?device=fritz", 3)):
        async with shop._http.get(shop.rest + path, headers=headers) as answer:
            await answer.content.readuntil(b"\n\n")
            connection = await shop.devices.fritz.ring(NUMBER)
            await shop.devices.fritz.connect(connection)
            await shop.devices.fritz.disconnect(connection, 1)
            seen = []
            async with asyncio.timeout(5):
                while len(seen) < count:
                    block = await answer.content.readuntil(b"\n\n")
                    if b"data:" in block:
                        seen.append(block)
            assert [b"RINGING" in seen[0], b"TALKING" in seen[1], b"ENDED" in seen[2]] == [True] * 3
            assert all(b"+493023125001" in block for block in seen)


@pytest.mark.parametrize("faults", [{"garbage": 1}, {"half-lines": 1}])
async def test_a_noisy_line(shop, faults):
    shop.devices.fritz.faults.update(faults)
    connection = await shop.devices.fritz.ring(NUMBER)
    await states(shop, "RINGING")
    await shop.devices.fritz.disconnect(connection)
    await states(shop, "MISSED")


async def test_a_call_whose_end_was_never_reported_is_told_as_unknown(shop, monkeypatch):
    await shop.devices.fritz.ring(NUMBER)
    await states(shop, "RINGING")
    monkeypatch.setattr("gateway.services.calls._RINGING_LIMIT", -1)
    await shop.devices.fritz.ring("03023125002")
    await states(shop, "RINGING", "UNKNOWN")
    headers = {"Authorization": f"Bearer {shop.tokens['pos']}", "Last-Event-ID": "0"}
    path = "/v1/events?types=kassenwart.call.unknown"
    async with shop._http.get(shop.rest + path, headers=headers) as answer, asyncio.timeout(5):
        await answer.content.readuntil(b"event: kassenwart.call.unknown\n")
