"""The daemon as a process of its own: to be killed, restarted and starved."""

import asyncio
import os
import re
import sys
from pathlib import Path
from typing import Any, Self

from gateway.cli.token import change
from gateway.storage.tokens import create_token
from kassenwart.v1 import Role

ROOT = Path(__file__).resolve().parents[2]


class Daemon:
    """`kassenwart run` on a configuration text; `command` may wrap it (unshare, prlimit)."""

    def __init__(
        self, folder: Path, config: str, *, command: tuple[str, ...] = (), environment: dict[str, str] | None = None
    ) -> None:
        self.folder = folder
        self.path = folder / "kassenwart.toml"
        self.path.write_text(config)
        self.token = ""
        self.log: list[str] = []
        self.rest = ""
        self.grpc = ""
        self.process: asyncio.subprocess.Process | None = None
        self._command = command
        self._environment = environment or {}
        self._reader: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    def make_token(self, state: Path) -> None:
        """Make a technician's token in the state directory, once."""
        if not self.token:
            self.token = change(state, lambda unit: create_token(unit, "test", Role.TECHNICIAN))

    async def launch(self) -> None:
        """Start the process without waiting for it."""
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT}/clients/python/src", **self._environment}
        self.process = await asyncio.create_subprocess_exec(
            *self._command,
            *(sys.executable, "-m", "gateway.cli", "run", "--config", str(self.path)),
            cwd=ROOT,
            env=environment,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        self.rest = self.grpc = ""
        self._reader = asyncio.create_task(self._read(), name="daemon-log")

    async def start(self, within: float = 15.0) -> None:
        """Start and wait until it is ready."""
        await self.launch()
        async with asyncio.timeout(within):
            while not self.rest:
                assert self.process is not None
                if self.process.returncode is not None:
                    await self.wait()
                    raise AssertionError("the daemon ended: " + "\n".join(self.log))
                await asyncio.sleep(0.01)

    async def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        assert self.process is not None
        self.process.kill()
        await self.wait()

    async def stop(self, within: float = 5.0) -> int:
        """SIGTERM, and wait for the end; returns the exit code."""
        if self.process is None:
            return 0
        if self.process.returncode is None:
            self.process.terminate()
        try:
            async with asyncio.timeout(within):
                return await self.wait()
        except TimeoutError:
            self.process.kill()
            await self.wait()
            raise

    async def wait(self) -> int:
        """Wait for the end; returns the exit code."""
        assert self.process is not None
        code = await self.process.wait()
        if self._reader is not None:
            await self._reader
            self._reader = None
        return code

    async def _read(self) -> None:
        assert self.process is not None
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            text = line.decode(errors="replace").rstrip()
            self.log.append(text)
            if found := re.search(r"REST on port (\d+), gRPC on port (\d+)", text):
                self.rest, self.grpc = f"http://127.0.0.1:{found[1]}", f"127.0.0.1:{found[2]}"

    def headers(self) -> dict[str, Any]:
        """Headers that authorise a REST call."""
        return {"Authorization": f"Bearer {self.token}"}
