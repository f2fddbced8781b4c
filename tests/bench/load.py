"""Lean clients, one connection each: what they cost themselves is on the same two cores."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, Self
from urllib.parse import urlsplit

import grpc

from tests.bench.jobs import PRINTER

_METHOD: Final = "/kassenwart.v1.PrinterService/CreatePrintJob"


class Client(Protocol):
    """Sends one job and returns when it is answered; raises when it was refused."""

    async def send(self, body: bytes) -> None: ...

    async def close(self) -> None: ...


Connect = Callable[[], Awaitable[Client]]


class HttpClient(asyncio.Protocol):
    """HTTP/1.1 on one kept connection, one request at a time."""

    def __init__(self, head: bytes) -> None:
        self._head = head
        self._data = b""
        self._answer: asyncio.Future[bytes] | None = None

    @classmethod
    async def open(cls, base: str, path: str, token: str = "") -> Self:
        """Connect to `base`; all requests go to `path`."""
        url = urlsplit(base)
        head = f"POST {path} HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Type: application/json\r\n"
        if token:
            head += f"Authorization: Bearer {token}\r\n"
        loop = asyncio.get_running_loop()
        _, client = await loop.create_connection(lambda: cls(head.encode()), url.hostname, url.port)
        return client

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, gap, body = self._data.partition(b"\r\n\r\n")
        if not gap or self._answer is None:
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r")[0])
        if len(body) < length:
            return
        self._data = b""
        if head[9:12] == b"200":
            self._answer.set_result(body)
        else:
            self._answer.set_exception(AssertionError((head + gap + body).decode()))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionError("the server hung up"))

    async def send(self, body: bytes) -> None:
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(self._head + b"Content-Length: %d\r\n\r\n" % len(body) + body)  # type: ignore[attr-defined]
        await self._answer

    async def close(self) -> None:
        self._transport.close()


class GrpcClient:
    """A gRPC channel of its own; messages are serialised before."""

    def __init__(self, target: str, token: str) -> None:
        options = (("grpc.use_local_subchannel_pool", 1),)
        self._channel = grpc.aio.insecure_channel(target, options=options)
        self._call = self._channel.unary_unary(_METHOD)
        self._metadata = (("authorization", f"Bearer {token}"),)

    async def send(self, body: bytes) -> None:
        await self._call(body, metadata=self._metadata, timeout=60)

    async def close(self) -> None:
        await self._channel.close()


def rest(base: str, token: str) -> Connect:
    """Connects to our REST face."""
    return lambda: HttpClient.open(base, f"/v1/printers/{PRINTER}/jobs", token)


def over_grpc(target: str, token: str) -> Connect:
    """Connects to our gRPC face."""

    async def connect() -> Client:
        return GrpcClient(target, token)

    return connect
