"""The way in."""

from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Self

from kassenwart._rpc import Connection, Rpc
from kassenwart.calls import Calls
from kassenwart.devices import Devices
from kassenwart.drawers import Drawers
from kassenwart.events import Events
from kassenwart.payments import Payments
from kassenwart.printers import Printers
from kassenwart.system import System
from kassenwart.tse import SigningDevices

_PORT = 7381


class Client:
    """A connection to a Kassenwart daemon; use it as `async with`, or call `close` at the end.

    `address`: `host:port`. `token`: from `kassenwart token create`. `root_certificate`: path of the PEM file that the
    daemon's certificate is checked with; without it the connection is not encrypted. `timeout`: seconds that one
    attempt may take, on top of a call's own `wait`. `retry_time`: for how many seconds after the first failure reads,
    and changes that carry a request id, are tried again while the daemon cannot be reached; 0 never tries again.
    """

    def __init__(
        self,
        address: str = f"127.0.0.1:{_PORT}",
        *,
        token: str = "",
        root_certificate: str | PathLike[str] | None = None,
        timeout: float = 10.0,
        retry_time: float = 15.0,
    ) -> None:
        if not token.isascii() or not token.isprintable():
            raise ValueError("a token has only printable ASCII characters; is there a line end in it?")
        certificate = Path(root_certificate).read_bytes() if root_certificate is not None else None
        self._use(Rpc(Connection(address, token, certificate), timeout, retry_time))

    def _use(self, rpc: Rpc) -> None:
        if rpc.timeout <= 0 or rpc.retry_time < 0:
            raise ValueError("timeout must be more than 0 seconds, retry_time 0 or more")
        self._rpc = rpc
        self.devices = Devices(rpc)
        self.printers = Printers(rpc)
        self.drawers = Drawers(rpc)
        self.payments = Payments(rpc)
        self.tse = SigningDevices(rpc)
        self.calls = Calls(rpc)
        self.events = Events(rpc)
        self.system = System(rpc)

    def with_options(self, *, timeout: float | None = None, retry_time: float | None = None) -> "Client":
        """The same connection with other times: `client.with_options(timeout=2).printers.status("receipt")`."""
        rpc = self._rpc
        view = object.__new__(Client)
        view._use(
            replace(
                rpc,
                timeout=rpc.timeout if timeout is None else timeout,
                retry_time=rpc.retry_time if retry_time is None else retry_time,
            )
        )
        return view

    async def close(self) -> None:
        """End all calls and the connection, also for views made by `with_options`."""
        await self._rpc.connection.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()
