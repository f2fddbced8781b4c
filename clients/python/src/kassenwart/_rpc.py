"""One connection to the daemon, and the ways to call over it: once, page by page, as a stream."""

import asyncio
import logging
import math
import time
import uuid
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import grpc
from google.protobuf.message import Message

from kassenwart import errors
from kassenwart._backoff import Backoff
from kassenwart._methods import METHODS, Method
from kassenwart._status import from_rpc_error, with_advice

_LOGGER = logging.getLogger("kassenwart")

M = TypeVar("M", bound=Message)
P = TypeVar("P", bound=Message)

# A stream's connection has a deadline as every call has; then it is made again, unseen by the caller.
STREAM_SECONDS = 3600.0

# What ends a stream without being an answer: it goes on with a new connection. RESOURCE_EXHAUSTED: too slow a reader.
_BROKEN = {"CANCELLED", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "UNAVAILABLE"}

_OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.ping_timeout_ms", 10_000),  # gRPC obeys this one, 60 s by default, not keepalive_timeout_ms
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.max_receive_message_length", 4_194_304),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 2_000),
    ("grpc.max_reconnect_backoff_ms", 2_000),  # the default of two minutes would outlast a restart of the daemon
    ("grpc.enable_retries", 0),  # what may be sent again is decided here
    ("grpc.service_config_disable_resolution", 1),
    ("grpc.enable_http_proxy", 0),  # the daemon is in the shop, never behind the proxy of the environment
)


class Connection:
    """The channel, made at the first call, and what each call carries."""

    def __init__(self, address: str, token: str, root_certificate: bytes | None) -> None:
        self.address = address
        self.metadata = (("authorization", f"Bearer {token}"),) if token else ()
        self.closed = False
        self._root_certificate = root_certificate
        self._channel: grpc.aio.Channel | None = None

    @property
    def channel(self) -> grpc.aio.Channel:
        """The channel; `Cancelled` when the client is closed."""
        if self.closed:
            raise errors.Cancelled("This client is closed.")
        if self._channel is None:
            if self._root_certificate is None:
                self._channel = grpc.aio.insecure_channel(self.address, options=_OPTIONS)
            else:
                credentials = grpc.ssl_channel_credentials(self._root_certificate)
                self._channel = grpc.aio.secure_channel(self.address, credentials, options=_OPTIONS)
        return self._channel

    async def close(self) -> None:
        """End all calls and the connection."""
        self.closed = True
        channel, self._channel = self._channel, None
        if channel is not None:
            await channel.close()

    @contextmanager
    def translated(self, method: Method) -> Iterator[None]:
        """Let only errors of our own out."""
        try:
            yield
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error, method, self.address) from error
        except asyncio.CancelledError:
            # gRPC cancels what waits for a channel that closes; a caller who was not cancelled must not look so.
            task = asyncio.current_task()
            if self.closed and task is not None and not task.cancelling():
                raise errors.Cancelled("The client was closed during the call.") from None
            raise


@dataclass(frozen=True, slots=True)
class Rpc:
    """Calls with a deadline of `timeout` seconds and attempts again for `retry_time` seconds after a failure."""

    connection: Connection
    timeout: float
    retry_time: float

    async def call(self, request: Message, answer: type[M], *, wait: float | None = None) -> M:
        """Make one call; the server may hold its answer back for `wait` seconds.

        A repeat asks to be answered when the first attempt would have been: the whole ends at the latest after
        `wait`, the retry time and one `timeout`.
        """
        method = METHODS[type(request)]
        request_id = _give_request_id(request) if method.has_request_id else ""
        backoff = Backoff(self.retry_time if method.repeatable else 0.0)
        answer_due = time.monotonic() + (wait or 0.0)
        while True:
            wait_left = max(0.0, answer_due - time.monotonic())
            try:
                return await self._attempt(method, request, answer, self.timeout + wait_left)
            except errors.KassenwartError as error:
                pause = backoff.pause(error.retry_after or 0.0) if _may_pass(error) else None
                if pause is None:
                    raise with_advice(error, method, request_id)  # noqa: B904 - it is the same error
                _LOGGER.debug("%s: %s; again in %.1f s", method.name, error, pause)
            await asyncio.sleep(pause)
            if method.has_wait and wait:
                _shorten_wait(request, answer_due - time.monotonic())

    async def _attempt(self, method: Method, request: Message, answer: type[M], timeout: float) -> M:
        read: Callable[[bytes], M | None] = answer.FromString
        make = self.connection.channel.unary_unary(method.path, type(request).SerializeToString, read)
        with self.connection.translated(method):
            found = await make(request, timeout=timeout, metadata=self.connection.metadata)
        return _readable(found)

    async def pages(self, request: Any, answer: type[P], items: Callable[[P], Iterable[M]]) -> AsyncGenerator[M, None]:
        """All items of a list, page after page."""
        while True:
            page: Any = await self.call(request, answer)
            for item in items(page):
                yield item
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    async def stream(
        self, request: Message, answer: type[M], fresh: Callable[[M], bool], *, forever: bool
    ) -> AsyncGenerator[M, None]:
        """The messages of a stream for which `fresh` is true; a broken connection is made again.

        `forever`: the stream has no natural end and is held up without limit of time. Otherwise it ends when the
        server ends it, and fails when it stays broken for `retry_time`.
        """
        method = METHODS[type(request)]
        read: Callable[[bytes], M | None] = answer.FromString
        backoff = Backoff(math.inf if forever else self.retry_time)
        while True:
            make = self.connection.channel.unary_stream(method.path, type(request).SerializeToString, read)
            call = make(request, timeout=STREAM_SECONDS, metadata=self.connection.metadata)
            try:
                with self.connection.translated(method):
                    async for found in call:
                        backoff.reset()
                        message = _readable(found)
                        if fresh(message):
                            yield message
                if not forever:
                    return
                broken: errors.KassenwartError = errors.Unavailable("The stream ended.")
            except errors.KassenwartError as error:
                if error.code not in _BROKEN or self.connection.closed:
                    raise
                broken = error
            finally:
                call.cancel()
            pause = backoff.pause(broken.retry_after or 0.0)
            if pause is None:
                raise broken
            _LOGGER.debug("%s: %s; again in %.1f s", method.name, broken, pause)
            await asyncio.sleep(pause)

    def watch(self, request: Message, answer: type[M]) -> AsyncGenerator[M, None]:
        """A resource each time it changes, until its state is final."""
        last: list[M] = []

        def changed(message: M) -> bool:
            if last == [message]:
                return False  # a new connection begins with the state that was seen already
            last[:] = [message]
            return True

        return self.stream(request, answer, changed, forever=False)


def _give_request_id(request: Any) -> str:
    """The request id of a request; a new one when it has none."""
    request.request_id = request.request_id or str(uuid.uuid4())
    return str(request.request_id)


def _shorten_wait(request: Any, seconds: float) -> None:
    """Ask for an answer within `seconds`; `wait` is no part of what a request id stands for."""
    request.wait.FromTimedelta(timedelta(seconds=max(0.0, seconds)))


def _may_pass(error: errors.KassenwartError) -> bool:
    """True when an attempt again may succeed: nothing is known to have been decided."""
    if error.code == "RESOURCE_EXHAUSTED":
        return error.retry_after is not None
    return error.code == "UNAVAILABLE" and error.outcome in {"", "not_started"}


def _readable(message: M | None) -> M:
    if message is None:
        raise errors.Internal("Kassenwart sent an answer that this client cannot read. Do the versions fit?")
    return message
