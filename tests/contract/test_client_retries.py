"""What the client sends again, what it never sends again, and for how long."""

import asyncio
import time

import grpc
import pytest

from kassenwart import Client, errors, v1
from kassenwart.documents import cut, document, text
from tests.contract.client_server import UNAVAILABLE, Failure, ScriptedServer, forever

JOB = v1.PrintJob(name="printers/receipt/jobs/1", state=v1.PrintJob.QUEUED)
PAYMENT = v1.Payment(name="terminals/ec1/payments/1", state=v1.Payment.APPROVED)


@pytest.fixture
async def server():
    server = ScriptedServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def client(server):
    async with Client(server.address, token="secret") as client:
        yield client


async def test_a_call_carries_the_token_a_deadline_and_what_was_asked(server, client):
    server.on("CreatePrintJob", JOB)
    job = await client.printers.print("receipt", document(text("Guten Tag"), cut()), reference="R-1", copies=2)
    assert job == JOB
    (call,) = server.seen
    assert call.metadata["authorization"] == "Bearer secret"
    assert 9 < call.deadline < 10.5  # gRPC rounds up on the wire
    assert call.request.printer == "receipt"
    assert call.request.copies == 2
    assert call.request.reference == "R-1"
    assert call.request.on_uncertain == v1.OnUncertain.ASK
    assert not call.request.HasField("wait")
    assert [block.WhichOneof("block") for block in call.request.document.blocks] == ["text", "cut"]


async def test_wait_is_asked_for_and_lengthens_the_deadline(server, client):
    server.on("CreatePayment", PAYMENT)
    await client.payments.pay("ec1", 1250, wait=30)
    (call,) = server.seen
    assert call.request.wait.seconds == 30
    assert 39 < call.deadline < 40.5
    assert (call.request.amount_minor, call.request.currency_code) == (1250, "EUR")


async def test_a_change_is_sent_again_with_the_same_request_id(server, client):
    server.on("CreatePayment", UNAVAILABLE, UNAVAILABLE, PAYMENT)
    assert await client.payments.pay("ec1", 100) == PAYMENT
    ids = [call.request.request_id for call in server.seen]
    assert len(ids) == 3
    assert len(set(ids)) == 1
    assert len(ids[0]) == 36


async def test_every_call_gets_a_request_id_of_its_own_unless_the_caller_gives_one(server, client):
    server.on("OpenDrawer", v1.DrawerOpening())
    await client.drawers.open("drawer", reason="sale")
    await client.drawers.open("drawer", reason="sale")
    await client.drawers.open("drawer", reason="sale", request_id="sale-17")
    first, second, third = (call.request.request_id for call in server.seen)
    assert first != second
    assert third == "sale-17"


async def test_a_repeat_asks_to_wait_no_longer_than_the_first_attempt_would_have(server, client):
    async def broken_after_a_while(_request):
        await asyncio.sleep(0.8)
        return UNAVAILABLE

    server.on("CreatePrintJob", broken_after_a_while, JOB)
    await client.printers.print("receipt", "Hallo", wait=1)
    first, second = server.seen
    assert first.request.wait.ToTimedelta().total_seconds() == 1
    assert second.request.wait.ToTimedelta().total_seconds() <= 0.2
    assert second.deadline < 10.7  # gRPC sends a time-out again that differs by up to 3 %
    assert second.request.request_id == first.request.request_id


async def test_a_read_is_tried_again(server, client):
    server.on("GetDevice", UNAVAILABLE, v1.Device(id="ec1"))
    assert (await client.devices.get("ec1")).id == "ec1"
    assert len(server.seen) == 2


@pytest.mark.parametrize(
    ("method", "call"),
    [
        ("CancelPayment", lambda c: c.payments.cancel("terminals/ec1/payments/1")),
        ("ResolvePayment", lambda c: c.payments.resolve("terminals/ec1/payments/1")),
        ("CancelPrintJob", lambda c: c.printers.cancel("printers/receipt/jobs/1")),
        ("UpdateTransaction", lambda c: c.tse.update("tse/tse/transactions/1", "Bestellung-V1", b"1")),
        ("CancelTransaction", lambda c: c.tse.cancel("tse/tse/transactions/1")),
        ("ClaimDevice", lambda c: c.devices.claim("ec1", holder="till-1")),
        ("DeleteDevice", lambda c: c.devices.delete("ec1")),
    ],
)
async def test_a_change_without_a_request_id_is_sent_once(server, client, method, call):
    server.on(method, UNAVAILABLE)
    with pytest.raises(errors.Unavailable) as caught:
        await call(client)
    assert len(server.calls(method)) == 1
    assert caught.value.outcome == "unknown"
    assert caught.value.request_id == ""
    assert "may or may not have happened" in caught.value.message


@pytest.mark.parametrize("code", [grpc.StatusCode.INTERNAL, grpc.StatusCode.ABORTED, grpc.StatusCode.UNKNOWN])
async def test_other_codes_are_not_tried_again(server, client, code):
    server.on("CreatePayment", Failure(code, "no", rich=False))
    with pytest.raises(errors.KassenwartError):
        await client.payments.pay("ec1", 100)
    assert len(server.seen) == 1


async def test_a_verdict_is_not_tried_again(server, client):
    verdict = Failure(grpc.StatusCode.UNAVAILABLE, "lost", reason="CONNECTION_LOST", metadata={"outcome": "unknown"})
    server.on("OpenDrawer", verdict)
    with pytest.raises(errors.Unavailable) as caught:
        await client.drawers.open("drawer", reason="sale")
    assert len(server.seen) == 1
    assert (caught.value.outcome, caught.value.message) == ("unknown", "lost")


async def test_the_asked_pause_is_kept(server, client):
    busy = Failure(grpc.StatusCode.RESOURCE_EXHAUSTED, "slow down", retry_after=0.5)
    server.on("GetSystemInfo", busy, v1.SystemInfo(version="1"))
    started = time.monotonic()
    assert (await client.system.info()).version == "1"
    assert 0.5 <= time.monotonic() - started < 2


async def test_exhausted_without_a_pause_is_not_tried_again(server, client):
    server.on("GetSystemInfo", Failure(grpc.StatusCode.RESOURCE_EXHAUSTED, "full"))
    with pytest.raises(errors.ResourceExhausted):
        await client.system.info()
    assert len(server.seen) == 1


async def test_a_pause_beyond_the_retry_time_ends_the_call_at_once(server, client):
    server.on("GetSystemInfo", Failure(grpc.StatusCode.UNAVAILABLE, "later", retry_after=60))
    with pytest.raises(errors.Unavailable) as caught:
        await client.system.info()
    assert caught.value.retry_after == 60
    assert len(server.seen) == 1


async def test_retries_can_be_switched_off(server, client):
    server.on("CreatePayment", UNAVAILABLE)
    with pytest.raises(errors.Unavailable) as caught:
        await client.with_options(retry_time=0).payments.pay("ec1", 100, request_id="sale-1")
    assert len(server.seen) == 1
    assert caught.value.request_id == "sale-1"
    assert "request_id='sale-1'" in caught.value.message
    assert caught.value.outcome == "unknown"


async def test_retries_end_after_their_time(server):
    server.on("CreatePayment", UNAVAILABLE)
    started = time.monotonic()
    async with Client(server.address, retry_time=0.6) as client:
        with pytest.raises(errors.Unavailable):
            await client.payments.pay("ec1", 100)
    assert 2 <= len(server.seen) < 30
    assert time.monotonic() - started < 2


async def test_after_the_deadline_the_work_goes_on_and_can_be_read(server, client):
    server.on("CreatePayment", forever)
    with pytest.raises(errors.DeadlineExceeded) as caught:
        await client.with_options(timeout=0.2).payments.pay("ec1", 100, request_id="sale-1")
    error = caught.value
    assert isinstance(error, TimeoutError)
    assert (error.code, error.outcome, error.request_id) == ("DEADLINE_EXCEEDED", "unknown", "sale-1")
    assert "the work goes on" in error.message
    assert "request_id='sale-1'" in error.message
    assert len(server.seen) == 1


async def test_a_deadline_of_a_read_asks_no_question(server, client):
    server.on("GetPayment", forever)
    with pytest.raises(errors.DeadlineExceeded) as caught:
        await client.with_options(timeout=0.2).payments.get("terminals/ec1/payments/1")
    assert caught.value.outcome == ""
    assert "goes on" not in caught.value.message


async def test_a_daemon_that_restarts_meanwhile_is_found_again(server, client):
    server.on("GetSystemInfo", v1.SystemInfo(version="1"))
    await client.system.info()
    await server.stop()
    call = asyncio.create_task(client.system.info())
    await asyncio.sleep(0.5)
    assert not call.done()
    await server.start()
    assert (await call).version == "1"


async def test_nobody_there_is_told_in_plain_words(server):
    await server.stop()
    async with Client(server.address, retry_time=0) as client:
        with pytest.raises(errors.Unavailable, match=r"cannot be reached at 127\.0\.0\.1:\d+\. Is it running\?"):
            await client.system.info()
