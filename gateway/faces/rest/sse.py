"""Server-sent events: a streaming call as `text/event-stream`."""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncGenerator, Mapping
from typing import Final

from aiohttp import web
from google.protobuf.message import Message

from gateway.api import ApiError, Code
from gateway.contract import Method
from gateway.dispatch import Dispatcher, Envelope
from gateway.faces.rest import codec
from gateway.faces.rest.problems import problem_bytes, problem_response
from kassenwart.v1 import Event

_HEARTBEAT: Final = 15.0
_REFUSAL_WITHIN: Final = 0.1  # what is refused sooner is refused by its status, later by an error event
_WRITE_WITHIN: Final = 20.0  # a client that reads nothing for this long is cut off
_SHARED: Final = 512


class EventStream:
    """Serves streams. Events that several clients get are rendered once."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._rendered: OrderedDict[int, tuple[Message, bytes]] = OrderedDict()
        self._ending = asyncio.Event()

    def end(self) -> None:
        """End all streams: the daemon stops."""
        self._ending.set()

    async def serve(
        self,
        request: web.BaseRequest,
        method: Method,
        message: Message,
        envelope: Envelope,
        headers: Mapping[str, str],
    ) -> web.StreamResponse:
        """Answer with the stream; a failure before its first message is an ordinary problem."""
        stream = self._dispatcher.stream(method, message, envelope)
        response = web.StreamResponse(headers={**headers, "X-Accel-Buffering": "no"})
        response.content_type = "text/event-stream"
        async with contextlib.aclosing(_with_heartbeat(stream, self._ending)) as pieces:
            try:
                first = await anext(pieces, b"")
            except ApiError as error:
                return problem_response(error, envelope.call_id)
            await response.prepare(request)
            await _write(request, response, b"retry: 3000\n\n" + self._render(first))
            try:
                async for piece in pieces:
                    await _write(request, response, self._render(piece))
            except ApiError as error:
                data = problem_bytes(error, envelope.call_id)
                await _write(request, response, b"event: error\ndata: " + data + b"\n\n")
            await response.write_eof()
        return response

    def _render(self, piece: Message | bytes) -> bytes:
        if isinstance(piece, bytes):
            return piece
        known = self._rendered.get(id(piece))
        if known is not None and known[0] is piece:
            return known[1]
        lines = b""
        if isinstance(piece, Event):
            lines = f"id: {piece.id}\nevent: {piece.type}\n".encode()
        text = lines + b"data: " + codec.to_json(piece) + b"\n\n"
        self._rendered[id(piece)] = (piece, text)
        if len(self._rendered) > _SHARED:
            self._rendered.popitem(last=False)
        return text


async def _with_heartbeat(
    stream: AsyncGenerator[Message, None], ending: asyncio.Event
) -> AsyncGenerator[Message | bytes, None]:
    """The messages of a stream, with a comment whenever nothing came for a while and one at once, so that the client
    knows that it is connected."""
    end = asyncio.create_task(ending.wait(), name="sse-end")
    pending: asyncio.Task[Message] | None = None
    begun = False
    try:
        while True:
            if pending is None:
                pending = asyncio.create_task(_next(stream), name="sse-next")
            limit = _HEARTBEAT if begun else _REFUSAL_WITHIN
            done, _ = await asyncio.wait({pending, end}, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
            begun = True
            if pending in done:
                task, pending = pending, None
                try:
                    message = task.result()
                except StopAsyncIteration:
                    return
                yield message
            elif end in done:
                raise ApiError(
                    Code.UNAVAILABLE,
                    "The daemon is shutting down. Resume in a moment.",
                    reason="SHUTDOWN",
                    retry_after=3,
                )
            else:
                yield b": alive\n\n"
    finally:
        end.cancel()
        if pending is not None:
            pending.cancel()
        await asyncio.gather(end, *(() if pending is None else (pending,)), return_exceptions=True)
        await stream.aclose()


async def _next(stream: AsyncGenerator[Message, None]) -> Message:
    return await anext(stream)


async def _write(request: web.BaseRequest, response: web.StreamResponse, data: bytes) -> None:
    try:
        async with asyncio.timeout(_WRITE_WITHIN):
            await response.write(data)
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
        raise ConnectionResetError("the client reads nothing") from None
