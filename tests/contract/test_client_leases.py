"""A lease renews itself, is given back, and tells when it is lost."""

import asyncio

import grpc
import pytest
from google.protobuf import empty_pb2

from kassenwart import Client, errors, v1
from tests.contract.client_server import UNAVAILABLE, Failure, ScriptedServer, forever

LEASE = v1.Lease(name="devices/ec1/lease", holder="till-1", number=7)


@pytest.fixture
async def server():
    server = ScriptedServer()
    server.on("ReleaseDevice", empty_pb2.Empty())
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def client(server):
    async with Client(server.address, retry_time=0) as client:
        yield client


async def test_a_lease_is_renewed_at_half_of_its_time_and_given_back(server, client):
    server.on("ClaimDevice", LEASE)
    async with client.devices.lease("ec1", holder="till-1", ttl=0.4) as lease:
        assert lease.number == 7
        await asyncio.sleep(0.7)
        assert not lease.lost
        assert lease.number == 7
    claims = server.calls("ClaimDevice")
    assert 3 <= len(claims) <= 4  # at 0, 0.2, 0.4 and 0.6 s, and a busy machine is late
    assert {(c.request.device, c.request.holder) for c in claims} == {("ec1", "till-1")}
    assert claims[0].request.ttl.ToTimedelta().total_seconds() == 0.4
    (release,) = server.calls("ReleaseDevice")
    assert (release.request.device, release.request.number) == ("ec1", 7)
    with pytest.raises(errors.LeaseLost, match="given back"):
        _ = lease.number


async def test_a_device_that_somebody_else_holds(server, client):
    server.on("ClaimDevice", Failure(grpc.StatusCode.ABORTED, "till-2 holds ec1.", reason="LEASED"))
    with pytest.raises(errors.Aborted, match="till-2"):
        async with client.devices.lease("ec1", holder="till-1"):
            pytest.fail("must not be held")
    assert not server.calls("ReleaseDevice")


async def test_a_renewal_that_fails_is_tried_again_before_the_end(server, client):
    server.on("ClaimDevice", LEASE, UNAVAILABLE, forever, LEASE)
    async with client.devices.lease("ec1", holder="till-1", ttl=4) as lease:
        async with asyncio.timeout(10):
            while len(server.calls("ClaimDevice")) < 4:
                await asyncio.sleep(0.02)
        assert not lease.lost


async def test_a_lease_that_cannot_be_renewed_is_lost_at_its_end(server, client):
    server.on("ClaimDevice", LEASE, UNAVAILABLE)
    async with client.devices.lease("ec1", holder="till-1", ttl=0.4) as lease:
        await asyncio.sleep(0.1)
        assert not lease.lost
        await asyncio.sleep(0.5)
        assert lease.lost
        with pytest.raises(errors.LeaseLost, match="has run out") as caught:
            _ = lease.number
        assert caught.value.outcome == "not_started"
    assert not server.calls("ReleaseDevice")


@pytest.mark.parametrize(
    ("renewal", "words", "released"),
    [
        (Failure(grpc.StatusCode.ABORTED, "till-2 holds ec1."), "till-2 holds ec1", []),
        (v1.Lease(number=9), "had run out", [9]),
    ],
)
async def test_a_lease_taken_by_somebody_else_is_lost_at_once(server, client, renewal, words, released):
    server.on("ClaimDevice", LEASE, renewal)
    async with client.devices.lease("ec1", holder="till-1", ttl=0.6) as lease:
        await asyncio.sleep(0.4)
        assert lease.lost
        with pytest.raises(errors.LeaseLost, match=words):
            _ = lease.number
    assert [call.request.number for call in server.calls("ReleaseDevice")] == released


async def test_a_lease_not_yet_claimed_has_no_number(client):
    lease = client.devices.lease("ec1", holder="till-1")
    assert lease.lost
    with pytest.raises(errors.LeaseLost):
        _ = lease.number


async def test_an_error_of_the_work_is_not_hidden_by_a_failing_release(server, client, caplog):
    server.on("ClaimDevice", LEASE)
    server.on("ReleaseDevice", UNAVAILABLE)
    with pytest.raises(ZeroDivisionError):
        async with client.devices.lease("ec1", holder="till-1"):
            raise ZeroDivisionError
    assert "ends by itself" in caplog.text


async def test_a_cancelled_holder_gives_the_lease_back(server, client):
    server.on("ClaimDevice", LEASE)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2), client.devices.lease("ec1", holder="till-1"):
            await asyncio.Event().wait()
    assert len(server.calls("ReleaseDevice")) == 1
