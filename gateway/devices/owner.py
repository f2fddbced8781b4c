"""One owner task for each device: it alone talks to the driver, keeps it connected and knows how it is.

A request never holds a device: it posts an operation and waits for the answer. When the request goes away, the
operation runs to its end all the same.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from drivers.base import Driver, Health, Identity
from drivers.errors import DriverError, Outcome
from gateway.config import DeviceSpec
from gateway.devices.backoff import Backoff
from kassenwart.v1 import Device

T = TypeVar("T")
log = logging.getLogger("kassenwart.device")

_MAILBOX: Final = 256
_CHECK_EVERY: Final = 10.0
_CHECK_DEGRADED: Final = 1.0  # so that new paper is noticed at once


@dataclass(eq=False, slots=True)
class _Operation:
    run: Callable[[Any], Awaitable[Any]]
    name: str
    future: asyncio.Future[Any] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    started: bool = False


class DeviceOwner:
    """Owns one device. `on_change` is called on every change of state or identity."""

    def __init__(self, spec: DeviceSpec, driver: Driver, on_change: Callable[[], None]) -> None:
        self.spec = spec
        self.driver = driver
        self.state: Device.State = Device.CONNECTING
        self.reason = "Connecting for the first time."
        self.since = time.time()
        self.identity = Identity()
        self.connects = {"ok": 0, "failed": 0}
        self.current = ""  # name of the operation under way
        self.hurry = False  # work waits for this device: look for it every second
        self._on_change = on_change
        self._mailbox: deque[_Operation] = deque()
        self._posted = asyncio.Event()
        self.version = 0  # rises with every change of state or reason
        self._changed = asyncio.Event()
        self._backoff = Backoff()

    @property
    def usable(self) -> bool:
        """True when operations make sense now."""
        return bool(self.state == Device.READY)

    async def call(self, name: str, run: Callable[[Any], Awaitable[T]], *, start_within: float = 10.0) -> T:
        """Have the owner run `run(driver)` and return its result.

        When it has not begun within `start_within` seconds it never will, and DriverError NOT_STARTED says why. Once
        begun it runs to its end, whatever becomes of the caller.
        """
        if len(self._mailbox) >= _MAILBOX:
            raise DriverError(
                f"{self.spec.id} has too much to do at the moment.", outcome=Outcome.NOT_STARTED, reason="DEVICE_BUSY"
            )
        operation = _Operation(run, name)
        self._mailbox.append(operation)
        self._posted.set()
        handle = asyncio.get_running_loop().call_later(start_within, self._give_up, operation)
        try:
            result: T = await asyncio.shield(operation.future)
        except asyncio.CancelledError:
            self._give_up(operation)
            raise
        finally:
            handle.cancel()
        return result

    async def check(self, *, start_within: float = 10.0) -> Health:
        """Ask the device how it is, now; its state follows the answer."""

        async def run(driver: Driver) -> Health:
            health = await driver.check()
            self._healthy(health)
            return health

        return await self.call("test", run, start_within=start_within)

    def nudge(self) -> None:
        """Somebody thinks the device is back: try at once."""
        self._posted.set()

    async def changed(self, since: int) -> None:
        """Return once state or reason are newer than `since`, a `version` taken before looking at them."""
        while self.version == since:
            await self._changed.wait()

    async def run(self) -> None:
        """The owner's task: for ever connect, serve, and connect again."""
        try:
            while True:
                if await self._connect():
                    self._backoff.reset()
                    await self._serve()
                    await self.driver.close()
                else:
                    await self._pause(self._backoff.next())
        finally:
            await self.driver.close()
            while self._mailbox:
                self._give_up(self._mailbox.popleft())

    async def _connect(self) -> bool:
        try:
            identity = await self.driver.open()
            health = await self.driver.check()
        except DriverError as error:
            await self._down(error)
        except Exception as error:  # a driver's fault must not end its owner
            log.exception("the driver of %s failed while connecting", self.spec.id)
            await self._down(DriverError(f"The driver failed: {type(error).__name__}. The log has the details."))
        else:
            self.connects["ok"] += 1
            self.identity = identity
            self._healthy(health, again=True)
            return True
        return False

    async def _down(self, error: DriverError) -> None:
        self.connects["failed"] += 1
        self._set(Device.OFFLINE, f"{error.message} {error.hint}".strip())
        await self.driver.close()

    async def _serve(self) -> None:
        """Run operations and look after the device until it is lost."""
        lost = asyncio.create_task(self.driver.wait_lost(), name=f"lost-{self.spec.id}")
        lost.add_done_callback(lambda _lost: self._posted.set())
        try:
            while True:
                if lost.done():
                    self._set(Device.OFFLINE, lost.result())
                    return
                operation = self._take()
                if operation is not None:
                    alive = await self._perform(operation)
                else:
                    interval = _CHECK_EVERY if self.state == Device.READY else _CHECK_DEGRADED
                    if await self._wait_posted(interval, lost):
                        continue
                    alive = await self._check()
                if not alive:
                    return
        finally:
            lost.cancel()
            await asyncio.gather(lost, return_exceptions=True)

    async def _perform(self, operation: _Operation) -> bool:
        """Run one operation; False when the device is gone after it."""
        operation.started = True
        self.current = operation.name
        try:
            result = await operation.run(self.driver)
        except DriverError as error:
            _fail(operation, error)
            log.info("%s: %s failed: %s", self.spec.id, operation.name, error.message)
            return await self._check()
        except asyncio.CancelledError:
            _fail(operation, DriverError("The daemon was shut down meanwhile.", outcome=Outcome.UNKNOWN))
            raise
        except Exception as error:
            log.exception("the driver of %s failed in %s", self.spec.id, operation.name)
            _fail(operation, error)
            return await self._check()
        finally:
            self.current = ""
        if not operation.future.done():
            operation.future.set_result(result)
        return True

    async def _check(self) -> bool:
        try:
            health = await self.driver.check()
        except DriverError as error:
            self._set(Device.OFFLINE, f"{error.message} {error.hint}".strip())
            return False
        except Exception:
            log.exception("the driver of %s failed in its check", self.spec.id)
            self._set(Device.OFFLINE, "The driver failed. The log has the details.")
            return False
        self._healthy(health)
        return True

    def _healthy(self, health: Health, *, again: bool = False) -> None:
        self._set(Device.READY if health.ready else Device.DEGRADED, health.reason, again=again)

    def _set(self, state: Device.State, reason: str, *, again: bool = False) -> None:
        if (state, reason) == (self.state, self.reason) and not again:
            return
        if state != self.state:
            self.since = time.time()
            level = logging.INFO if state == Device.READY or self.state != Device.OFFLINE else logging.DEBUG
            log.log(level, "%s is %s%s", self.spec.id, Device.State.Name(state), f": {reason}" if reason else "")
        self.state, self.reason = state, reason
        self.version += 1
        self._changed.set()
        self._changed = asyncio.Event()
        self._on_change()

    def _take(self) -> _Operation | None:
        while self._mailbox:
            operation = self._mailbox.popleft()
            if not operation.future.done():
                return operation
        return None

    async def _pause(self, delay: float) -> None:
        """Wait before the next attempt; a nudge or an operation that waits shortens it."""
        self._posted.clear()
        if self.hurry or any(not operation.future.done() for operation in self._mailbox):
            delay = min(delay, 0.5)
        try:
            async with asyncio.timeout(delay):
                await self._posted.wait()
        except TimeoutError:
            pass
        else:
            await asyncio.sleep(0.05)  # a bound on how fast nudges can make us try

    async def _wait_posted(self, interval: float, lost: asyncio.Task[str]) -> bool:
        """Wait for an operation or the loss of the device (True), a nudge or the next check (False)."""
        self._posted.clear()
        if not self._mailbox and not lost.done():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(interval):
                    await self._posted.wait()
        return bool(self._mailbox) or lost.done()

    def _give_up(self, operation: _Operation) -> None:
        if operation.started or operation.future.done():
            return
        with contextlib.suppress(ValueError):  # else the mailbox of a device that stays away fills with the dead
            self._mailbox.remove(operation)
        reason = self.reason or "It is busy with something else."
        _fail(
            operation,
            DriverError(
                f"{self.spec.id} is not ready: {reason}", outcome=Outcome.NOT_STARTED, reason="DEVICE_NOT_READY"
            ),
        )


def _fail(operation: _Operation, error: Exception) -> None:
    if not operation.future.done():
        operation.future.set_exception(error)
        operation.future.exception()  # the caller may have gone
