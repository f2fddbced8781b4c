"""What a caller sees of a failure: errors of our own tree, with everything that the daemon told."""

import asyncio
from datetime import UTC, datetime

import grpc
import pytest
from google.rpc import status_pb2
from hypothesis import given
from hypothesis import strategies as st

from kassenwart import Client, KassenwartError, errors, v1
from kassenwart._methods import METHODS
from kassenwart._status import from_rpc_error
from tests.contract.client_server import Failure, ScriptedServer, forever

READ = METHODS[v1.GetSystemInfoRequest]


@pytest.fixture
async def server():
    server = ScriptedServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def client(server):
    async with Client(server.address, token="secret", retry_time=0) as client:
        yield client


async def failure_of(awaitable):
    with pytest.raises(KassenwartError) as caught:
        await awaitable
    return caught.value


@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK])
async def test_every_code_has_its_class(server, client, code):
    server.on("GetDevice", Failure(code, "in plain words"))
    error = await failure_of(client.devices.get("ec1"))
    assert error.code == code.name
    assert type(error).__name__ == code.name.title().replace("_", "")
    assert error.message == "in plain words"


async def test_details_of_a_rich_status_are_attributes(server, client):
    server.on(
        "CreatePrintJob",
        Failure(
            grpc.StatusCode.INVALID_ARGUMENT,
            "The request has mistakes.",
            reason="BAD_DOCUMENT",
            metadata={"outcome": "not_started", "hint": "shorten it"},
            violations=[("/document/blocks/0", "is empty"), ("/copies", "must be from 1 to 20")],
            retry_after=1.5,
        ),
    )
    error = await failure_of(client.printers.print("receipt", "", request_id="r-1"))
    assert isinstance(error, errors.InvalidArgument)
    assert (error.reason, error.outcome, error.retry_after) == ("BAD_DOCUMENT", "not_started", 1.5)
    assert error.violations == (("/document/blocks/0", "is empty"), ("/copies", "must be from 1 to 20"))
    assert error.violations[1].field == "/copies"
    assert error.metadata["hint"] == "shorten it"
    assert error.request_id == "r-1"
    assert str(error) == "The request has mistakes. (/document/blocks/0: is empty; /copies: must be from 1 to 20)"


@pytest.mark.parametrize("outcome", ["not_started", "unknown", "failed"])
async def test_the_outcome_is_the_daemons(server, client, outcome):
    server.on(
        "OpenDrawer", Failure(grpc.StatusCode.FAILED_PRECONDITION, "no", reason="X", metadata={"outcome": outcome})
    )
    assert (await failure_of(client.drawers.open("drawer", reason="sale"))).outcome == outcome


async def test_an_outcome_that_we_do_not_know_is_none(server, client):
    server.on("OpenDrawer", Failure(grpc.StatusCode.ABORTED, "no", reason="X", metadata={"outcome": "perhaps"}))
    assert (await failure_of(client.drawers.open("drawer", reason="sale"))).outcome == ""


def broken_detail():
    status = status_pb2.Status(code=5, message="There is no device ec9.")
    status.details.add(type_url="type.googleapis.com/google.rpc.ErrorInfo", value=b"\xff")
    status.details.add(type_url="type.googleapis.com/google.rpc.Help", value=b"\xff")
    return status.SerializeToString()


@pytest.mark.parametrize("raw", [b"\xff\xff\xff", b"", broken_detail()])
async def test_broken_details_leave_the_error_readable(server, client, raw):
    server.on("GetDevice", Failure(grpc.StatusCode.NOT_FOUND, "There is no device ec9.", raw=raw))
    error = await failure_of(client.devices.get("ec9"))
    assert (error.code, error.message) == ("NOT_FOUND", "There is no device ec9.")


@given(raw=st.binary(max_size=60), code=st.sampled_from([code for code in grpc.StatusCode if code.value[0]]))
def test_any_details_end_in_an_error_of_ours(raw, code):
    trailing = grpc.aio.Metadata(("grpc-status-details-bin", raw))
    error = from_rpc_error(grpc.aio.AioRpcError(code, grpc.aio.Metadata(), trailing, "words"), READ, "till:1")
    assert isinstance(error, KassenwartError)
    assert error.code == code.name
    assert error.message


async def test_an_older_daemon_is_told_in_plain_words(client):
    error = await failure_of(client.tse.get("tse"))
    assert isinstance(error, errors.Unimplemented)
    assert "does not know GetTse" in error.message


async def test_an_answer_that_cannot_be_read(server, client, caplog):
    server.on("GetDevice", b"\xff\xff\xff")
    error = await failure_of(client.devices.get("ec1"))
    assert isinstance(error, errors.Internal)
    assert "cannot read" in error.message


async def test_a_caller_that_is_cancelled_stays_cancelled(server, client):
    server.on("GetDevice", forever)
    with pytest.raises(TimeoutError) as caught:
        async with asyncio.timeout(0.1):
            await client.devices.get("ec1")
    assert not isinstance(caught.value, KassenwartError)
    call = asyncio.create_task(client.devices.get("ec1"))
    await asyncio.sleep(0.1)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_closing_the_client_ends_calls_and_streams_with_an_error(server):
    server.on("GetDevice", forever)
    server.on("WatchCalls", [forever])
    server.on("GetSystemInfo", v1.SystemInfo())
    client = Client(server.address)

    async def watch():
        async for _call in client.calls.watch():
            pass

    tasks = [asyncio.create_task(client.devices.get("ec1")), asyncio.create_task(watch())]
    async with asyncio.timeout(5):
        while len(server.seen) < 2:
            await asyncio.sleep(0.01)
        await client.close()
        for task in tasks:
            error = await failure_of(task)
            assert isinstance(error, errors.Cancelled)
            assert not task.cancelled()
    error = await failure_of(client.system.info())
    assert "closed" in error.message
    await client.close()


async def test_times_without_a_zone_and_negative_times_are_refused(client):
    with pytest.raises(ValueError, match="zone"):
        await client.printers.print("receipt", "x", expire_time=datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(ValueError, match="negative"):
        await client.printers.print("receipt", "x", wait=-1)
    error = await failure_of(client.printers.print("receipt", "x", expire_time=datetime(2026, 1, 1, tzinfo=UTC)))
    assert error.code == "UNIMPLEMENTED"


@pytest.mark.parametrize("options", [{"token": "a\nb"}, {"token": "ü"}, {"timeout": 0}, {"retry_time": -1}])
def test_wrong_options_are_refused(options):
    with pytest.raises(ValueError, match=r"token|timeout"):
        Client(**options)
