"""The dispatch chain alone, with handlers that misbehave as no service should."""

import asyncio
import contextlib

import pytest
from google.protobuf.empty_pb2 import Empty

from drivers.errors import ConnectionLost, DeviceRefused, DeviceTimeout, DeviceUnreachable, Outcome
from gateway.api import ApiError, Code
from gateway.contract import methods
from gateway.dispatch import Authenticator, Dispatcher, Envelope, api_error, chain
from gateway.ops.metrics import Metrics
from gateway.services.kinds import DRAWER_OPENING, KINDS
from gateway.services.outcomes import Outcomes
from gateway.storage import (
    Database,
    Journal,
    Records,
    StorageError,
    StorageFullError,
    SubscriberTooSlowError,
)
from gateway.storage.records import insert
from gateway.storage.tokens import create_token
from kassenwart.v1 import (
    DrawerOpening,
    Event,
    GetSystemInfoRequest,
    OpenDrawerRequest,
    Role,
    StreamEventsRequest,
    SystemInfo,
)

BY_NAME = {method.name: method for method in methods()}
OPEN, READ, STREAM = (BY_NAME[name] for name in ("OpenDrawer", "GetSystemInfo", "StreamEvents"))


class House:
    """A dispatcher on a real store; `handler` is what every method does."""

    def __init__(self, database, token):
        self.database = database
        self.journal = Journal(database)
        self.metrics = Metrics("1")
        self.admitted = 0
        self.handler = None
        self.token = token
        records = Records(database, KINDS)
        self.dispatcher = Dispatcher(
            dict.fromkeys((method.full_name for method in methods()), self._handle),
            Authenticator(database),
            database,
            Outcomes(records, self.journal),
            self.metrics,
            self._admit,
        )

    def _handle(self, call, request):
        return self.handler(call, request)

    def _admit(self, _method):
        self.admitted += 1

    def envelope(self, **fields):
        return Envelope(**{"face": "rest", "authorization": f"Bearer {self.token}", "call_id": "c1", **fields})

    async def call(self, method, request, **fields):
        return await self.dispatcher.unary(method, request, self.envelope(**fields))

    async def opening(self, call, request):
        """What a service does: claim, insert, answer."""
        made = DrawerOpening(name=f"drawers/d/openings/{request.reason}", state=DrawerOpening.PULSED)

        def work(transaction):
            transaction.claim(call.key, made.name)
            insert(transaction, DRAWER_OPENING, made)

        await self.database.write(work)
        return made


@pytest.fixture
async def house(tmp_path):
    database = await Database.open(tmp_path)
    token = await database.write(lambda unit: create_token(unit, "till", Role.POS))
    house = House(database, token)
    yield house
    await house.dispatcher.close(1)
    await database.close()


@pytest.mark.parametrize(
    ("raised", "code", "reason", "outcome"),
    [
        (ZeroDivisionError("secret"), Code.INTERNAL, "INTERNAL", Outcome.UNKNOWN),
        (AssertionError("secret"), Code.INTERNAL, "INTERNAL", Outcome.UNKNOWN),
        (KeyError("secret"), Code.INTERNAL, "INTERNAL", Outcome.UNKNOWN),
        (StorageFullError("full"), Code.RESOURCE_EXHAUSTED, "DISK_FULL", Outcome.NOT_STARTED),
        (StorageError("slow"), Code.UNAVAILABLE, "STORAGE", Outcome.UNKNOWN),
        (SubscriberTooSlowError(), Code.RESOURCE_EXHAUSTED, "SUBSCRIBER_TOO_SLOW", Outcome.NOT_STARTED),
        (TimeoutError(), Code.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", Outcome.UNKNOWN),
        (DeviceUnreachable("gone"), Code.UNAVAILABLE, "DEVICE_UNREACHABLE", Outcome.NOT_STARTED),
        (ConnectionLost("broke"), Code.UNAVAILABLE, "CONNECTION_LOST", Outcome.UNKNOWN),
        (DeviceTimeout("silent"), Code.UNAVAILABLE, "DEVICE_TIMEOUT", Outcome.UNKNOWN),
        (DeviceRefused("no", hint="Ask."), Code.FAILED_PRECONDITION, "DEVICE_REFUSED", Outcome.FAILED),
        (ApiError(Code.NOT_FOUND, "x"), Code.NOT_FOUND, "NOT_FOUND", Outcome.NOT_STARTED),
    ],
)
async def test_what_callers_are_told_of_exceptions(house, raised, code, reason, outcome):
    async def fail(_call, _request):
        raise raised

    house.handler = fail
    with pytest.raises(ApiError) as error:
        await house.call(READ, GetSystemInfoRequest())
    assert (error.value.code, error.value.reason, error.value.outcome) == (code, reason, outcome)
    assert "secret" not in error.value.message
    if code is Code.INTERNAL:
        assert "c1" in error.value.message  # by which the log is found


async def test_only_what_certainly_did_not_begin_may_be_retried_at_once():
    assert api_error(DeviceUnreachable("x"), "m", "").retry_after
    for error in (ConnectionLost("x"), DeviceRefused("x"), DeviceTimeout("x"), TimeoutError(), ValueError()):
        assert api_error(error, "m", "").retry_after is None


async def test_a_handler_outlives_its_deadline_and_its_caller(house):
    go, ended = asyncio.Event(), []

    async def slow(_call, _request):
        await go.wait()
        ended.append(1)
        return SystemInfo()

    house.handler = slow
    with pytest.raises(ApiError) as error:
        await house.call(READ, GetSystemInfoRequest(), timeout=0.01)
    assert error.value.code is Code.DEADLINE_EXCEEDED
    caller = asyncio.create_task(house.call(READ, GetSystemInfoRequest()))
    await asyncio.sleep(0.01)
    caller.cancel()
    await asyncio.wait({caller})
    assert caller.cancelled()
    go.set()
    await house.dispatcher.close(1)
    assert ended == [1, 1]


async def test_close_ends_what_does_not_end_by_itself(house):
    async def forever(_call, _request):
        await asyncio.Event().wait()

    house.handler = forever
    caller = asyncio.create_task(house.call(READ, GetSystemInfoRequest()))
    await asyncio.sleep(0.01)
    await house.dispatcher.close(0.01)
    with contextlib.suppress(asyncio.CancelledError):
        await caller


async def test_an_error_that_nobody_waits_for_is_no_noise(house):
    go = asyncio.Event()

    async def fail(_call, _request):
        await go.wait()
        raise LookupError

    house.handler = fail
    with pytest.raises(ApiError):
        await house.call(READ, GetSystemInfoRequest(), timeout=0.01)
    go.set()
    await house.dispatcher.close(1)  # a warning about an exception never retrieved would fail this test


async def test_too_many_calls_at_once(house, monkeypatch):
    monkeypatch.setattr(chain, "_MAX_RUNNING", 2)
    go = asyncio.Event()

    async def slow(_call, _request):
        await go.wait()
        return SystemInfo()

    house.handler = slow
    running = [asyncio.create_task(house.call(READ, GetSystemInfoRequest())) for _ in range(2)]
    await asyncio.sleep(0.05)
    with pytest.raises(ApiError) as error:
        await house.call(READ, GetSystemInfoRequest())
    assert (error.value.code, error.value.outcome) == (Code.RESOURCE_EXHAUSTED, Outcome.NOT_STARTED)
    go.set()
    await asyncio.gather(*running)
    await house.call(READ, GetSystemInfoRequest())


async def test_reads_need_no_room_on_the_disk_and_writes_do(house):
    async def answer(_call, _request):
        return Empty()

    house.handler = answer
    await house.call(READ, GetSystemInfoRequest())
    assert house.admitted == 0
    await house.call(OPEN, OpenDrawerRequest())
    assert house.admitted == 1


async def test_a_replay_needs_no_room_on_the_disk(house):
    house.handler = house.opening
    await house.call(OPEN, OpenDrawerRequest(reason="a", request_id="r"))
    _, replayed = await house.call(OPEN, OpenDrawerRequest(reason="a", request_id="r"))
    assert replayed
    assert house.admitted == 1


@pytest.mark.parametrize("count", [2, 20])
async def test_twins_at_the_same_moment_make_one_resource(house, count):
    runs = []

    async def once(call, request):
        runs.append(1)
        await asyncio.sleep(0.02)
        return await house.opening(call, request)

    house.handler = once
    request = OpenDrawerRequest(reason="a", request_id="r")
    answers = await asyncio.gather(*(house.call(OPEN, request) for _ in range(count)))
    assert len(runs) == 1
    assert sorted(replayed for _, replayed in answers) == [False] + [True] * (count - 1)
    assert {answer.name for answer, _ in answers} == {"drawers/d/openings/a"}


async def test_the_twin_of_one_that_failed_tries_itself(house):
    runs = []

    async def fail_first(call, request):
        runs.append(1)
        await asyncio.sleep(0.01)
        if len(runs) == 1:
            raise DeviceUnreachable("gone")
        return await house.opening(call, request)

    house.handler = fail_first
    request = OpenDrawerRequest(reason="a", request_id="r")
    first, second, third = await asyncio.gather(*(house.call(OPEN, request) for _ in range(3)), return_exceptions=True)
    assert isinstance(first, ApiError)
    assert sorted([second[1], third[1]]) == [False, True]
    assert len(runs) == 2


async def test_a_twin_with_another_body_is_refused_even_at_the_same_moment(house):
    async def slow(call, request):
        await asyncio.sleep(0.02)
        return await house.opening(call, request)

    house.handler = slow
    first, second = await asyncio.gather(
        house.call(OPEN, OpenDrawerRequest(reason="a", request_id="r")),
        house.call(OPEN, OpenDrawerRequest(reason="b", request_id="r")),
        return_exceptions=True,
    )
    assert first[0].name.endswith("/a")
    assert (second.code, second.reason) == (Code.FAILED_PRECONDITION, "REQUEST_ID_REUSED")


async def test_a_claim_by_somebody_else_in_between_is_a_replay(house):
    """Another process (or an older code path) bound the id after the chain looked."""

    async def late(call, request):
        await house.opening(call, request)
        return await house.opening(call, request)

    house.handler = late
    answer, replayed = await house.call(OPEN, OpenDrawerRequest(reason="a", request_id="r"))
    assert replayed
    assert answer.name == "drawers/d/openings/a"


async def test_a_resource_that_is_no_longer_kept_is_told(house):
    house.handler = house.opening
    await house.call(OPEN, OpenDrawerRequest(reason="a", request_id="r"))
    await house.database.write(lambda unit: unit.execute("DELETE FROM records"))
    with pytest.raises(ApiError) as error:
        await house.call(OPEN, OpenDrawerRequest(reason="a", request_id="r"))
    assert error.value.code is Code.NOT_FOUND


async def test_streams_are_counted_and_bounded(house, monkeypatch):
    monkeypatch.setattr(chain, "_MAX_STREAMS", 1)

    async def events(_call, _request):
        yield Event(id="1")
        await asyncio.Event().wait()

    house.handler = events
    first = house.dispatcher.stream(STREAM, StreamEventsRequest(), house.envelope())
    assert (await anext(first)).id == "1"
    with pytest.raises(ApiError) as error:
        await anext(house.dispatcher.stream(STREAM, StreamEventsRequest(), house.envelope()))
    assert error.value.code is Code.RESOURCE_EXHAUSTED
    await first.aclose()
    again = house.dispatcher.stream(STREAM, StreamEventsRequest(), house.envelope())
    assert (await anext(again)).id == "1"
    await again.aclose()
    assert b"kassenwart_streams 0.0" in house.metrics.text()


async def test_streams_tell_no_python_text_either(house):
    async def events(_call, _request):
        yield Event(id="1")
        raise ValueError("secret")

    house.handler = events
    stream = house.dispatcher.stream(STREAM, StreamEventsRequest(), house.envelope())
    await anext(stream)
    with pytest.raises(ApiError) as error:
        await anext(stream)
    assert error.value.code is Code.INTERNAL
    assert "secret" not in error.value.message


async def test_streams_obey_their_deadline(house):
    async def events(_call, _request):
        await asyncio.Event().wait()
        yield Event()

    house.handler = events
    with pytest.raises(ApiError) as error:
        await anext(house.dispatcher.stream(STREAM, StreamEventsRequest(), house.envelope(timeout=0.01)))
    assert error.value.code is Code.DEADLINE_EXCEEDED


async def test_calls_are_measured_by_method_code_and_face(house):
    async def answer(_call, _request):
        return SystemInfo()

    house.handler = answer
    await house.call(READ, GetSystemInfoRequest())
    with pytest.raises(ApiError):
        await house.call(READ, GetSystemInfoRequest(), authorization="")
    text = house.metrics.text().decode()
    for code in ("OK", "UNAUTHENTICATED"):
        labels = f'code="{code}",face="rest",method="GetSystemInfo",service="SystemService"'
        assert f"kassenwart_rpc_duration_seconds_count{{{labels}}} 1.0" in text


async def test_the_memory_of_tokens_has_a_bound(house, monkeypatch):
    from gateway.dispatch import auth

    monkeypatch.setattr(auth, "_REMEMBERED", 3)
    authenticator = Authenticator(house.database)
    tokens = [await house.database.write(lambda unit, n=n: create_token(unit, f"t{n}", Role.POS)) for n in range(8)]
    for _ in range(2):
        for number, token in enumerate(tokens):
            assert (await authenticator.authenticate(f"bearer {token}")).name == f"t{number}"
    assert len(authenticator._known) <= 3
