"""The one way into the house: both faces hand every call to this chain, so that neither can skip a check.

Order: who calls, may they, was this asked before, the handler under its deadline, the wait for an outcome, the metrics
and the log line. Handlers run to their end even when the caller hangs up: what they began stays readable.
"""

import asyncio
import hashlib
import logging
import random
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol

from google.protobuf.message import Message

from drivers.errors import DriverError, Outcome
from gateway.api import ApiError, Call, Code, Principal, check_text, from_driver, invalid
from gateway.contract import Method
from gateway.dispatch.auth import Authenticator, authorize
from gateway.ops.metrics import Metrics
from gateway.storage import (
    Database,
    DuplicateRequestError,
    RequestKey,
    StorageError,
    StorageFullError,
    SubscriberTooSlowError,
)
from gateway.storage.transaction import find_request

log = logging.getLogger("kassenwart.call")

_MAX_WAIT: Final = 600.0
_MAX_RUNNING: Final = 1000
_MAX_STREAMS: Final = 500


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a face knows of a call besides the message. `timeout` in seconds, None without a deadline."""

    face: str
    authorization: str = ""
    idempotency_key: str = ""
    timeout: float | None = None
    call_id: str = ""
    last_event_id: str = ""


class Resources(Protocol):
    """Reads any lasting resource by name and waits for its outcome; the services' side of replays and `wait`."""

    async def find(self, name: str) -> Message | None:
        """The resource as it is now."""
        ...

    async def settled(self, name: str, timeout: float) -> Message:
        """The resource once it is final, or as it is after `timeout` seconds."""
        ...


class Dispatcher:
    """Holds the handlers and runs the chain."""

    def __init__(
        self,
        handlers: Mapping[str, Callable[..., Any]],
        authenticator: Authenticator,
        database: Database,
        resources: Resources,
        metrics: Metrics,
        admit: Callable[[Method], None],
    ) -> None:
        self._handlers = handlers
        self._authenticator = authenticator
        self._database = database
        self._resources = resources
        self._metrics = metrics
        self._admit = admit
        self._running: set[asyncio.Task[Message]] = set()
        self._twins: dict[tuple[str, str, str], asyncio.Task[Message]] = {}
        self._streams = 0
        self._open = asyncio.Event()
        self._open.set()

    def hold(self) -> None:
        """Let calls wait until `open`: the ports answer already, and the devices are not known yet."""
        self._open.clear()

    def open(self) -> None:
        """Serve what waits and what comes."""
        self._open.set()

    async def principal(self, authorization: str, roles: frozenset[int], what: str) -> Principal:
        """Authenticate and authorize for what lies outside the contract (metrics, health)."""
        principal = await self._authenticator.authenticate(authorization)
        authorize(principal, roles, what)
        return principal

    async def unary(self, method: Method, request: Message, envelope: Envelope) -> tuple[Message, bool]:
        """Run one call; returns the answer and whether it replays an earlier one. Raises ApiError only."""
        started = time.perf_counter()
        code, who = Code.OK, "-"
        try:
            principal = await self.principal(envelope.authorization, method.roles, method.name)
            who = principal.name
            wait = _wait_of(method, request)
            deadline = asyncio.get_running_loop().time() + envelope.timeout if envelope.timeout is not None else None
            call = Call(principal, self._key(method, request, envelope, principal))
            call.lease_number = getattr(request, "lease_number", 0)
            async with asyncio.timeout_at(deadline):
                await self._open.wait()
                response = await self._once(method, request, call)
                if wait:
                    response = await self._resources.settled(response.name, wait)  # type: ignore[attr-defined]
        except asyncio.CancelledError:
            code = Code.CANCELLED
            raise
        except Exception as error:
            failure = api_error(error, method.full_name, envelope.call_id)
            code = failure.code
            raise failure from error
        else:
            return response, call.replayed
        finally:
            self._account(method, code, envelope, who, time.perf_counter() - started)

    async def stream(self, method: Method, request: Message, envelope: Envelope) -> AsyncGenerator[Message, None]:
        """Run one streaming call. Raises ApiError only."""
        started = time.perf_counter()
        code, who = Code.OK, "-"
        if self._streams >= _MAX_STREAMS:
            raise ApiError(
                Code.RESOURCE_EXHAUSTED, f"{_MAX_STREAMS} streams are open already. Close some.", retry_after=5
            )
        self._streams += 1
        self._metrics.streams.set(self._streams)
        try:
            principal = await self.principal(envelope.authorization, method.roles, method.name)
            who = principal.name
            async with asyncio.timeout(envelope.timeout):
                await self._open.wait()
                async for message in self._handlers[method.full_name](Call(principal), request):
                    yield message
        except (asyncio.CancelledError, GeneratorExit):
            code = Code.CANCELLED
            raise
        except Exception as error:
            failure = api_error(error, method.full_name, envelope.call_id)
            code = failure.code
            raise failure from error
        finally:
            self._streams -= 1
            self._metrics.streams.set(self._streams)
            self._account(method, code, envelope, who, time.perf_counter() - started)

    async def close(self, limit: float) -> None:
        """Let running handlers end within `limit` seconds, then cancel them."""
        if self._running:
            await asyncio.wait(self._running, timeout=limit)
        for task in tuple(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _key(self, method: Method, request: Message, envelope: Envelope, principal: Principal) -> RequestKey | None:
        if not method.takes_request_id:
            return None
        inside: str = request.request_id  # type: ignore[attr-defined]
        if inside and envelope.idempotency_key and inside != envelope.idempotency_key:
            raise invalid("/requestId", "differs from the Idempotency-Key header; send only one of them")
        request_id = inside or envelope.idempotency_key
        if not request_id:
            return None
        check_text("/requestId", request_id, 64)
        content = type(request)()
        content.CopyFrom(request)
        for transport in ("request_id", "wait", "lease_number"):
            if transport in content.DESCRIPTOR.fields_by_name:
                content.ClearField(transport)
        fingerprint = hashlib.sha256(content.SerializeToString(deterministic=True)).digest()
        return RequestKey(principal.name, method.name, request_id, fingerprint)

    async def _once(self, method: Method, request: Message, call: Call) -> Message:
        """Run the handler, unless the request id was used before: then its resource as it is now."""
        if (key := call.key) is None:
            return await asyncio.shield(self._begin(method, request, call))
        identity = (key.principal, key.method, key.request_id)
        while True:
            while (twin := self._twins.get(identity)) is not None:
                await asyncio.wait({twin})
            known = await self._database.read(partial(find_request, key))
            if known is not None:
                return await self._replay(call, *known)
            if identity not in self._twins:
                break
        task = self._twins[identity] = self._begin(method, request, call)
        task.add_done_callback(lambda _task: self._twins.pop(identity))
        try:
            return await asyncio.shield(task)
        except DuplicateRequestError as error:  # made in the moment between
            return await self._replay(call, error.resource, error.fingerprint)

    async def _replay(self, call: Call, resource: str, fingerprint: bytes) -> Message:
        assert call.key is not None
        if fingerprint != call.key.fingerprint:
            raise ApiError(
                Code.FAILED_PRECONDITION,
                f"The request id {call.key.request_id!r} was used before for a different request ({resource}). "
                "Use a new id for a new wish, the same id only to repeat one.",
                reason="REQUEST_ID_REUSED",
                metadata={"resource": resource},
            )
        found = await self._resources.find(resource)
        if found is None:
            raise ApiError(Code.NOT_FOUND, f"{resource} was made by this request id and is no longer kept.")
        call.replayed = True
        return found

    def _begin(self, method: Method, request: Message, call: Call) -> asyncio.Task[Message]:
        """Start a handler in a task of its own that outlives a caller who hangs up."""
        if not method.read_only:
            self._admit(method)
        if len(self._running) >= _MAX_RUNNING:
            raise ApiError(Code.RESOURCE_EXHAUSTED, "Too many calls at once. Try again in a moment.", retry_after=1)
        handler = self._handlers[method.full_name](call, request)
        task: asyncio.Task[Message] = asyncio.create_task(handler, name=f"call-{method.name}")
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Message]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # when the caller has gone, nobody else looks at it

    def _account(self, method: Method, code: Code, envelope: Envelope, who: str, seconds: float) -> None:
        self._metrics.rpc.labels(method.service, method.name, code.name, envelope.face).observe(seconds)
        level = logging.WARNING if code in {Code.INTERNAL, Code.DATA_LOSS} else logging.DEBUG
        if log.isEnabledFor(level):
            log.log(
                level,
                "%s.%s %s",
                method.service,
                method.name,
                code.name,
                extra={
                    "face": envelope.face,
                    "principal": who,
                    "ms": round(seconds * 1000, 1),
                    "call": envelope.call_id,
                },
            )


def new_call_id() -> str:
    """Names a call in the log. Not from the system's randomness: that lets go of the interpreter lock each time."""
    return f"{random.getrandbits(128):032x}"


def api_error(error: Exception, method: str, call_id: str) -> ApiError:
    """What the caller is told of any exception. Unexpected ones are logged with their traceback and told nothing of."""
    match error:
        case ApiError():
            return error
        case StorageFullError():
            return ApiError(Code.RESOURCE_EXHAUSTED, str(error), reason="DISK_FULL", retry_after=30)
        case StorageError():
            return ApiError(Code.UNAVAILABLE, str(error), reason="STORAGE", outcome=Outcome.UNKNOWN, retry_after=5)
        case SubscriberTooSlowError():
            return ApiError(
                Code.RESOURCE_EXHAUSTED,
                "This stream was read too slowly and has been ended. Resume it behind the last event received.",
                reason="SUBSCRIBER_TOO_SLOW",
                retry_after=1,
            )
        case DriverError():
            return from_driver(error)
        case TimeoutError():
            return ApiError(
                Code.DEADLINE_EXCEEDED,
                "The deadline of this call has passed. What it began goes on: read the resource, or repeat the call "
                "with the same request id.",
                reason="DEADLINE_EXCEEDED",
                outcome=Outcome.UNKNOWN,
            )
    log.error("unexpected error in %s", method, exc_info=error, extra={"call": call_id})
    return ApiError(
        Code.INTERNAL,
        f"An error inside Kassenwart. Its log has the details under the call id {call_id or '-'}.",
        reason="INTERNAL",
        outcome=Outcome.UNKNOWN,
    )


def _wait_of(method: Method, request: Message) -> float:
    if not method.takes_wait or not request.HasField("wait"):
        return 0.0
    seconds: float = request.wait.seconds + request.wait.nanos / 1e9  # type: ignore[attr-defined]
    if not 0 <= seconds <= _MAX_WAIT:
        raise invalid("/wait", f"must be from 0s to {_MAX_WAIT:g}s")
    return seconds
