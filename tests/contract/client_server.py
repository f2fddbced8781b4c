"""A gRPC server that speaks the contract and does what a test tells it."""

import asyncio
from dataclasses import dataclass

import grpc
from google.protobuf import any_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2

from kassenwart._methods import METHODS


@dataclass(frozen=True)
class Seen:
    """One call as it came in; `deadline` in seconds."""

    method: str
    request: object
    metadata: dict
    deadline: float


class Failure:
    """A rich status, as the daemon answers it; `raw` replaces its details on the wire."""

    def __init__(
        self, code, message="", *, reason="", metadata=None, violations=(), retry_after=None, rich=True, raw=None
    ):
        self.code = code
        self.message = message
        details = []
        if reason or metadata:
            details.append(error_details_pb2.ErrorInfo(reason=reason, domain="kassenwart", metadata=metadata))
        if violations:
            fields = [error_details_pb2.BadRequest.FieldViolation(field=f, description=d) for f, d in violations]
            details.append(error_details_pb2.BadRequest(field_violations=fields))
        if retry_after is not None:
            retry = error_details_pb2.RetryInfo()
            retry.retry_delay.FromMilliseconds(int(retry_after * 1000))
            details.append(retry)
        status = status_pb2.Status(code=code_pb2.Code.Value(code.name), message=message)
        for detail in details:
            packed = any_pb2.Any()
            packed.Pack(detail)
            status.details.append(packed)
        self.trailing = ()
        if rich:
            self.trailing = (("grpc-status-details-bin", raw if raw is not None else status.SerializeToString()),)


UNAVAILABLE = Failure(grpc.StatusCode.UNAVAILABLE, "try again", rich=False)


class ScriptedServer:
    """`on(method, step, ...)`: what the calls of a method get, one after the other; the last step stays.

    A step is an answer, a Failure, or a coroutine function of the request; for streams a list of these.
    """

    def __init__(self):
        self.seen = []
        self.port = 0
        self._steps = {}
        self._server = None

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def on(self, method, *steps):
        self._steps[method] = list(steps)

    def calls(self, method):
        return [call for call in self.seen if call.method == method]

    async def start(self, credentials=None):
        options = [("grpc.so_reuseport", 0), ("grpc.http2.min_ping_interval_without_data_ms", 100)]
        self._server = grpc.aio.server(options=options)
        self._server.add_generic_rpc_handlers((_Handlers(self),))
        address = f"127.0.0.1:{self.port}"
        if credentials is None:
            self.port = self._server.add_insecure_port(address)
        else:
            self.port = self._server.add_secure_port(address, credentials)
        await self._server.start()

    async def stop(self):
        if self._server is not None:
            await self._server.stop(None)
            self._server = None

    def next_step(self, method, request, context):
        metadata = dict(context.invocation_metadata())
        self.seen.append(Seen(method.name, request, metadata, context.time_remaining()))
        steps = self._steps.get(method.name)
        if not steps:
            return Failure(grpc.StatusCode.UNIMPLEMENTED, "not scripted", rich=False)
        return steps.pop(0) if len(steps) > 1 else steps[0]


async def play(step, request, context):
    """The answer of one step."""
    while callable(step):
        step = await step(request)
    if isinstance(step, Failure):
        await context.abort(step.code, step.message, step.trailing)
    return step


async def forever(_request):
    """A step that never answers."""
    await asyncio.Event().wait()


class _Handlers(grpc.GenericRpcHandler):
    def __init__(self, server):
        self._server = server
        self._methods = {method.path: method for method in METHODS.values()}

    def service(self, handler_call_details):
        method = self._methods.get(handler_call_details.method)
        if method is None:
            return None

        async def unary(request, context):
            return await play(self._server.next_step(method, request, context), request, context)

        async def stream(request, context):
            for step in self._server.next_step(method, request, context):
                answer = await play(step, request, context)
                if answer is not None:
                    yield answer

        def write(answer):
            return answer if isinstance(answer, bytes) else answer.SerializeToString()

        if method.streams:
            return grpc.unary_stream_rpc_method_handler(stream, method.request.FromString, write)
        return grpc.unary_unary_rpc_method_handler(unary, method.request.FromString, write)
