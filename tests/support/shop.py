"""The daemon in this process, with its devices: what most tests use."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Self

import aiohttp

from gateway.app import App
from gateway.cli.token import change
from gateway.config import parse
from gateway.storage.tokens import create_token
from kassenwart import Client
from kassenwart.v1 import Role
from tests.support.devices import Devices


class Shop:
    """Devices, the running App, tokens by role, and ways to call it over both faces.

    `config` are keyword arguments of `Devices.config`.
    """

    def __init__(self, folder: Path, **config: Any) -> None:
        self.devices = Devices(folder)
        self.folder = folder
        self._config = config
        self.tokens: dict[str, str] = {}
        self.rest = ""
        self.grpc = ""
        self.app: App | None = None
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        await self.devices.__aenter__()
        await self.start()
        self._http = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *exc: object) -> None:
        assert self._http is not None
        await self._http.close()
        await self.stop()
        await self.devices.__aexit__(*exc)

    async def start(self) -> None:
        """Start the daemon (again)."""
        config = parse(self.devices.config(**self._config), self.folder / "test.toml")
        for role in ("pos", "technician", "metrics"):
            if role not in self.tokens:
                number = Role.Value(role.upper())
                self.tokens[role] = change(
                    config.storage.directory, lambda unit, n=role, r=number: create_token(unit, n, r)
                )
        self.app = App(config)
        self._stop = asyncio.Event()
        ready: asyncio.Future[App] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self.app.run(self._stop, ready.set_result), name="app")
        done, _ = await asyncio.wait({self._task, ready}, timeout=10, return_when=asyncio.FIRST_COMPLETED)
        if self._task in done:
            self._task.result()
        assert ready.done()
        self.rest = f"http://127.0.0.1:{self.app.rest_port}"
        self.grpc = f"127.0.0.1:{self.app.grpc_port}"

    async def stop(self) -> None:
        """Stop the daemon cleanly."""
        self._stop.set()
        if self._task is not None:
            await self._task

    async def call(
        self, verb: str, path: str, body: Any = None, *, role: str | None = "technician", **headers: str
    ) -> tuple[int, Any, Any]:
        """One REST call: status, JSON (or bytes), headers. Header names with underscores for dashes."""
        assert self._http is not None
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if role is not None:
            sent.setdefault("Authorization", f"Bearer {self.tokens[role]}")
        kwargs: dict[str, Any] = (
            {"data": body} if isinstance(body, bytes) else {"json": body} if body is not None else {}
        )
        async with self._http.request(verb, self.rest + path, headers=sent, **kwargs) as answer:
            data = await answer.read()
            kind = answer.content_type
            return answer.status, await answer.json(content_type=None) if "json" in kind else data, answer.headers

    async def ok(self, verb: str, path: str, body: Any = None, **kwargs: Any) -> Any:
        """A REST call that must succeed; returns its JSON."""
        status, answer, _ = await self.call(verb, path, body, **kwargs)
        assert status == 200, answer
        return answer

    def client(self, role: str = "technician", **kwargs: Any) -> Client:
        """A client of the client library."""
        return Client(self.grpc, token=self.tokens[role], **kwargs)

    async def ready(self, *devices: str, state: str = "READY", within: float = 10.0) -> None:
        """Wait until the devices (default: all) are in a state."""
        names = devices or ("receipt", "ec1", "tse", "fritz")

        async def there() -> bool:
            found = {one["id"]: one["state"] for one in (await self.ok("GET", "/v1/devices"))["devices"]}
            return all(found[name] == state for name in names)

        await until(there, within)


async def until(condition: Callable[[], Awaitable[bool] | bool], within: float = 5.0) -> None:
    """Wait for a condition; fails when it does not come."""
    deadline = time.monotonic() + within
    while True:
        found = condition()
        if await found if isinstance(found, Awaitable) else found:
            return
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.02)
