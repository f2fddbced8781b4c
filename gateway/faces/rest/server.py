"""The REST server: one handler for all calls of the contract, a few pages, everything else is a problem."""

import asyncio
import logging
import re
from collections.abc import Callable
from typing import Final

from aiohttp import web
from aiohttp.web_protocol import RequestHandler
from google.api.httpbody_pb2 import HttpBody
from google.protobuf.message import Message

from gateway.api import ApiError, Code, invalid
from gateway.config import Address, ServerConfig
from gateway.contract import Method, methods
from gateway.dispatch import Dispatcher, Envelope, api_error, new_call_id
from gateway.faces.rest import codec
from gateway.faces.rest.guard import Guard
from gateway.faces.rest.pages import Pages
from gateway.faces.rest.problems import problem_response
from gateway.faces.rest.routes import Routes
from gateway.faces.rest.sse import EventStream

log = logging.getLogger("kassenwart.rest")

_MOST_BYTES: Final = 1 << 20
_BODY_WITHIN: Final = 30.0
_UNITS: Final = {"H": 3600.0, "M": 60.0, "S": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9}
_ALWAYS: Final = {"Server": "Kassenwart", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
_JSON: Final = "application/json"


class RestFace:
    """Serves HTTP on one address. `ready` tells whether the daemon can take work."""

    def __init__(
        self, dispatcher: Dispatcher, config: ServerConfig, ready: Callable[[], str], metrics: Callable[[], bytes]
    ) -> None:
        self._dispatcher = dispatcher
        self._guard = Guard(config)
        self._routes = Routes(methods())
        self._pages = Pages(dispatcher, ready, metrics)
        self._stream = EventStream(dispatcher)
        self._runner: web.ServerRunner | None = None

    async def start(self, address: Address) -> int:
        """Bind and serve; returns the port. Raises OSError when the port is taken."""
        server = _Server(self._handle, handler_cancellation=True, access_log=None, keepalive_timeout=75)
        self._runner = web.ServerRunner(server, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, address.host, address.port, reuse_address=True)
        await site.start()
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Close the listener and cut what still runs after a second."""
        self._stream.end()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        call_id = _call_id(request)
        cors: dict[str, str] = {"Vary": "Origin"}
        try:
            self._guard.check(request.headers)
            cors = self._guard.cors(request.headers)
            response = await self._route(request, call_id)
        except ApiError as error:
            response = problem_response(error, call_id)
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception as error:  # noqa: BLE001 - the caller gets plain words, the log the traceback
            response = problem_response(api_error(error, request.path, call_id), call_id)
        if not response.prepared:
            response.headers.update({**_ALWAYS, **cors, "X-Request-Id": call_id, **dict(response.headers)})
        return response

    async def _route(self, request: web.BaseRequest, call_id: str) -> web.StreamResponse:
        path = request.rel_url.raw_path
        if request.method == "OPTIONS":
            return web.Response(status=204, headers=self._guard.preflight(request.headers))
        match = self._routes.find(request.method, path)
        if match is None:
            page = await self._pages.find(request)
            if page is not None:
                return page
            raise _nowhere(request, self._routes.verbs(path))
        method = match.method
        message = await _read(method, request)
        codec.bind_path(message, match.fields)
        envelope = _envelope(request, call_id)
        if method.server_streaming:
            _resume(message, request.headers.get("Last-Event-ID", ""))
            headers = {**_ALWAYS, **self._guard.cors(request.headers), "X-Request-Id": call_id}
            return await self._stream.serve(request, method, message, envelope, headers)
        answer, replayed = await self._dispatcher.unary(method, message, envelope)
        headers = {"Idempotency-Replayed": "true"} if replayed else {}
        if isinstance(answer, HttpBody):
            headers["Content-Type"] = answer.content_type
            return web.Response(body=answer.data, headers=headers)
        return web.Response(body=codec.to_json(answer), content_type=_JSON, headers=headers)


class _Protocol(RequestHandler):
    """One connection; what is no HTTP gets a problem too, and the log no traceback."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to what aiohttp itself could not read. The connection is closed after it."""
        if request.writer.output_size > 0:
            raise ConnectionError("an answer was begun already")
        if status < 500:
            error = ApiError(Code.INVALID_ARGUMENT, "This is no HTTP request that can be read.", reason="BAD_HTTP")
        else:
            error = api_error(exc if isinstance(exc, Exception) else RuntimeError(message), request.path, "")
        response = problem_response(error, "")
        response.headers.update(_ALWAYS)
        response.force_close()
        return response


class _Server(web.Server):
    """Makes connections of ours; aiohttp offers no other way to its error pages."""

    def __call__(self) -> RequestHandler:
        return _Protocol(self, loop=self._loop, **self._kwargs)


async def _read(method: Method, request: web.BaseRequest) -> Message:
    """The request message from body or query."""
    if not method.body:
        message = method.request()
        if request.can_read_body and await _body(request):
            raise invalid("", f"{request.method} takes no body; send parameters in the query")
        codec.bind_query(message, list(request.query.items()))
        return message
    if request.query:
        raise invalid("", "takes its fields in the JSON body, not in the query")
    body = await _body(request)
    if body and request.content_type != _JSON:
        raise ApiError(
            Code.INVALID_ARGUMENT,
            f"The body must be sent as {_JSON}, not {request.content_type}.",
            reason="MEDIA_TYPE",
        )
    return codec.decode_body(method, body)


async def _body(request: web.BaseRequest) -> bytes:
    try:
        async with asyncio.timeout(_BODY_WITHIN):
            return await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise ApiError(
            Code.RESOURCE_EXHAUSTED, "The body has more than 1 MiB, which is the limit.", reason="REQUEST_TOO_LARGE"
        ) from error
    except TimeoutError as error:
        raise ApiError(
            Code.DEADLINE_EXCEEDED,
            f"The body did not arrive within {_BODY_WITHIN:g} s.",
            reason="REQUEST_TIMEOUT",
        ) from error


def _envelope(request: web.BaseRequest, call_id: str) -> Envelope:
    return Envelope(
        face="rest",
        authorization=request.headers.get("Authorization", ""),
        idempotency_key=request.headers.get("Idempotency-Key", ""),
        timeout=_timeout(request.headers.get("Grpc-Timeout", "")),
        call_id=call_id,
    )


def _timeout(text: str) -> float | None:
    """Seconds of a Grpc-Timeout header: up to eight digits and a unit (gRPC over HTTP/2)."""
    if not text:
        return None
    match = re.fullmatch(r"([0-9]{1,8})([HMSmun])", text)
    if match is None:
        raise invalid("", f"the header Grpc-Timeout must be digits and one of H M S m u n, not {text[:20]!r}")
    return int(match[1]) * _UNITS[match[2]]


def _resume(message: Message, last_event_id: str) -> None:
    """The browser's own way to resume a stream."""
    if last_event_id and "resume_after" in message.DESCRIPTOR.fields_by_name and not message.resume_after:  # type: ignore[attr-defined]
        message.resume_after = last_event_id[:32]  # type: ignore[attr-defined]


def _call_id(request: web.BaseRequest) -> str:
    given = request.headers.get("X-Request-Id", "")
    return given if re.fullmatch(r"[\w.:-]{1,64}", given, re.ASCII) else new_call_id()


def _nowhere(request: web.BaseRequest, verbs: list[str]) -> ApiError:
    if verbs:
        return ApiError(
            Code.UNIMPLEMENTED,
            f"This path knows {', '.join(verbs)}, not {request.method[:20]}.",
            reason="METHOD_NOT_ALLOWED",
            metadata={"allow": ", ".join(verbs)},
        )
    return ApiError(Code.NOT_FOUND, "There is nothing at this path. /docs shows all calls.")
