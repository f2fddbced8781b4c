"""The gRPC face: generic handlers made from the table of methods, health, reflection, rich errors."""

from __future__ import annotations  # grpc's types take parameters in their stubs only

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health_aio
from grpc_reflection.v1alpha import reflection
from grpc_status import rpc_status

from gateway.api import ApiError, Code, invalid
from gateway.config import Address
from gateway.contract import PACKAGE, SERVICES, Method, methods
from gateway.dispatch import Dispatcher, Envelope, new_call_id
from kassenwart.v1 import Role

log = logging.getLogger("kassenwart.grpc")

_MOST_BYTES: Final = 4 << 20
_WRITE_WITHIN: Final = 20.0  # as over REST
_OPTIONS: Final = (
    ("grpc.so_reuseport", 0),  # else a second daemon would silently share the port
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.ping_timeout_ms", 10_000),  # gRPC's core obeys only this one (grpc pull request 39239)
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.max_receive_message_length", _MOST_BYTES),
)
_MONITORING: Final = frozenset({Role.POS, Role.TECHNICIAN, Role.METRICS})


class GrpcFace:
    """Serves gRPC on one address."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._server = grpc.aio.server(interceptors=[_TokenForStandardServices(dispatcher)], options=_OPTIONS)
        self.health = health_aio.HealthServicer()

    async def start(self, address: Address) -> int:
        """Bind and serve; returns the port. Raises OSError when the port is taken."""
        for service in SERVICES:
            handlers = {method.name: self._handler(method) for method in methods() if method.service == service}
            generic = grpc.method_handlers_generic_handler(f"{PACKAGE}.{service}", handlers)
            self._server.add_generic_rpc_handlers((generic,))
        health_pb2_grpc.add_HealthServicer_to_server(self.health, self._server)
        names = [f"{PACKAGE}.{service}" for service in SERVICES]
        reflection.enable_server_reflection(
            [*names, health_pb2.DESCRIPTOR.services_by_name["Health"].full_name, reflection.SERVICE_NAME], self._server
        )
        try:
            port = self._server.add_insecure_port(str(address))
        except RuntimeError as error:
            raise OSError(f"the port {address} is taken or not ours to use") from error
        await self._server.start()
        for name in ("", *names):
            await self.health.set(name, health_pb2.HealthCheckResponse.SERVING)
        return int(port)

    async def set_device_health(self, device: str, serving: bool | None) -> None:
        """Health of `devices/{device}`; None when it is gone."""
        status = {
            True: health_pb2.HealthCheckResponse.SERVING,
            False: health_pb2.HealthCheckResponse.NOT_SERVING,
            None: health_pb2.HealthCheckResponse.SERVICE_UNKNOWN,
        }[serving]
        await self.health.set(f"devices/{device}", status)

    async def stop(self, grace: float) -> None:
        """Tell the health watchers, let calls end within `grace` seconds, then cut them."""
        await self.health.enter_graceful_shutdown()
        await self._server.stop(grace)

    def _handler(self, method: Method) -> grpc.RpcMethodHandler[bytes, bytes]:
        if method.server_streaming:
            return grpc.unary_stream_rpc_method_handler(self._stream(method))
        return grpc.unary_unary_rpc_method_handler(self._unary(method))

    def _unary(self, method: Method) -> Callable[[bytes, grpc.aio.ServicerContext[bytes, bytes]], Awaitable[bytes]]:
        async def handle(data: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
            try:
                request = _decode(method, data)
                response, replayed = await self._dispatcher.unary(method, request, _envelope(context))
            except ApiError as error:
                await context.abort_with_status(to_status(error))
            if replayed:
                context.set_trailing_metadata((("idempotency-replayed", "true"),))
            return response.SerializeToString()

        return handle

    def _stream(self, method: Method) -> Callable[[bytes, grpc.aio.ServicerContext[bytes, bytes]], Awaitable[None]]:
        async def handle(data: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> None:
            try:
                request = _decode(method, data)
                # Tell the client at once that the stream is open: events may be far away.
                await context.send_initial_metadata(())
                async with contextlib.aclosing(self._dispatcher.stream(method, request, _envelope(context))) as stream:
                    async for message in stream:
                        await _write(context, message.SerializeToString())
            except ApiError as error:
                await context.abort_with_status(to_status(error))

        return handle


async def _write(context: grpc.aio.ServicerContext[bytes, bytes], data: bytes) -> None:
    """Send one message of a stream; a client that reads nothing for too long is cut off."""
    try:
        async with asyncio.timeout(_WRITE_WITHIN):
            await context.write(data)
    except TimeoutError as error:
        raise ApiError(
            Code.RESOURCE_EXHAUSTED,
            "This stream was not read and has been ended. Resume it behind the last event received.",
            reason="SUBSCRIBER_TOO_SLOW",
            retry_after=1,
        ) from error


class _TokenForStandardServices(grpc.aio.ServerInterceptor):
    """Asks for a token on health and reflection, which do not pass the dispatch chain."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Any, Any] | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        """Let a call with a valid token through."""
        handler = await continuation(handler_call_details)
        if handler is None or handler_call_details.method.startswith(f"/{PACKAGE}."):
            return handler
        metadata = dict(handler_call_details.invocation_metadata)
        try:
            await self._dispatcher.principal(str(metadata.get("authorization", "")), _MONITORING, "this call")
        except ApiError as error:
            return _refusal(handler, to_status(error))
        return handler


def _refusal(handler: grpc.RpcMethodHandler[Any, Any], status: grpc.Status) -> grpc.RpcMethodHandler[Any, Any]:
    """A handler of the same shape that only refuses."""

    async def refuse(_request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        await context.abort_with_status(status)

    async def refuse_stream(_request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> AsyncIterator[Any]:
        await context.abort_with_status(status)
        yield b""  # type: ignore[unreachable]  # makes it a generator

    shapes: dict[tuple[bool, bool], Any] = {
        (False, False): (grpc.unary_unary_rpc_method_handler, refuse),
        (False, True): (grpc.unary_stream_rpc_method_handler, refuse_stream),
        (True, False): (grpc.stream_unary_rpc_method_handler, refuse),
        (True, True): (grpc.stream_stream_rpc_method_handler, refuse_stream),
    }
    make, behaviour = shapes[bool(handler.request_streaming), bool(handler.response_streaming)]
    made: grpc.RpcMethodHandler[Any, Any] = make(behaviour)
    return made


def _decode(method: Method, data: bytes) -> Message:
    if len(data) > 1 << 20:
        raise ApiError(
            Code.RESOURCE_EXHAUSTED, f"The request has {len(data)} bytes, allowed is 1 MiB.", reason="REQUEST_TOO_LARGE"
        )
    try:
        return method.request.FromString(data)
    except DecodeError as error:
        raise invalid("", f"is no {method.request.DESCRIPTOR.full_name}: the bytes cannot be decoded") from error


def _envelope(context: grpc.aio.ServicerContext[bytes, bytes]) -> Envelope:
    metadata = {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}
    remaining: float | None = context.time_remaining()
    return Envelope(
        face="grpc",
        authorization=metadata.get("authorization", ""),
        idempotency_key=metadata.get("idempotency-key", ""),
        timeout=remaining if remaining is None or remaining < 10_000_000 else None,
        call_id=metadata.get("x-request-id", "")[:64] or new_call_id(),
    )


def to_status(error: ApiError) -> grpc.Status:
    """The rich status of an error."""
    details: list[Message] = [
        error_details_pb2.ErrorInfo(
            reason=error.reason, domain="kassenwart", metadata={"outcome": error.outcome.value, **error.metadata}
        )
    ]
    if error.violations:
        details.append(
            error_details_pb2.BadRequest(
                field_violations=[
                    error_details_pb2.BadRequest.FieldViolation(field=one.pointer, description=one.detail)
                    for one in error.violations
                ]
            )
        )
    if error.retry_after is not None:
        delay = duration_pb2.Duration()
        delay.FromMilliseconds(int(error.retry_after * 1000))
        details.append(error_details_pb2.RetryInfo(retry_delay=delay))
    packed = []
    for detail in details:
        item = any_pb2.Any()
        item.Pack(detail)
        packed.append(item)
    status = status_pb2.Status(code=int(error.code), message=error.message, details=packed)
    made: grpc.Status = rpc_status.to_status(status)
    return made
