"""The owner of a device: states, operations that outlive callers, drivers that misbehave."""

import asyncio
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import Health, Identity
from drivers.errors import ConnectionLost, DeviceUnreachable, DriverError, Outcome
from gateway.config import DeviceSpec
from gateway.devices import DeviceOwner
from gateway.devices import owner as module
from gateway.devices.backoff import Backoff
from kassenwart.v1 import Device


class Scripted:
    """A driver whose device is there or not, as the test says."""

    def __init__(self):
        self.there = True
        self.health = Health()
        self.fault = None
        self.opened = 0
        self.closed = 0
        self.checked = 0
        self._lost = asyncio.Event()

    async def open(self):
        self.opened += 1
        if isinstance(self.fault, Exception):
            raise self.fault
        if not self.there:
            raise DeviceUnreachable("Nobody answers.", hint="Plug it in.")
        self._lost = asyncio.Event()
        return Identity(model=f"opened {self.opened}")

    async def check(self):
        self.checked += 1
        if isinstance(self.fault, Exception):
            raise self.fault
        if not self.there:
            raise ConnectionLost("It went away.")
        return self.health

    async def wait_lost(self):
        await self._lost.wait()
        return "The line is dead."

    async def close(self):
        self.closed += 1

    def vanish(self):
        self.there = False
        self._lost.set()


class Bench:
    """An owner that runs, and the states it was in."""

    def __init__(self):
        self.driver = Scripted()
        self.seen = []
        self.owner = DeviceOwner(DeviceSpec("d1", "scripted"), self.driver, self._changed)

    def _changed(self):
        self.seen.append((self.owner.state, self.owner.reason))

    async def __aenter__(self):
        self.task = asyncio.create_task(self.owner.run())
        return self

    async def __aexit__(self, *exc):
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    async def until(self, state, reason=None):
        async with asyncio.timeout(10):
            while True:
                seen = self.owner.version
                if self.owner.state == state and reason in {None, self.owner.reason}:
                    return
                await self.owner.changed(seen)


async def nothing(_driver):
    return "done"


async def test_a_device_that_is_there(monkeypatch):
    async with Bench() as bench:
        assert bench.owner.state == Device.CONNECTING
        await bench.until(Device.READY)
        assert bench.owner.usable
        assert bench.owner.identity.model == "opened 1"
        assert await bench.owner.call("x", nothing) == "done"
        assert bench.owner.connects == {"ok": 1, "failed": 0}
    assert bench.driver.closed >= 1


async def test_absent_at_the_start_then_comes_vanishes_and_returns():
    bench = Bench()
    bench.driver.there = False
    async with bench:
        await bench.until(Device.OFFLINE)
        assert bench.owner.reason == "Nobody answers. Plug it in."
        bench.driver.there = True
        bench.owner.nudge()
        await bench.until(Device.READY)
        bench.driver.vanish()
        await bench.until(Device.OFFLINE, "The line is dead.")
        bench.driver.there = True
        bench.owner.nudge()
        await bench.until(Device.READY)
        assert await bench.owner.call("x", nothing) == "done"
        states = [state for state, _ in bench.seen]
        assert [state for n, state in enumerate(states) if n == 0 or states[n - 1] != state] == [
            Device.OFFLINE,
            Device.READY,
            Device.OFFLINE,
            Device.READY,
        ]
        assert bench.owner.connects["ok"] == 2
        assert bench.owner.connects["failed"] >= 1


async def test_the_same_bad_news_is_told_once():
    bench = Bench()
    bench.driver.there = False
    async with bench:
        await bench.until(Device.OFFLINE)
        while bench.driver.opened < 4:
            bench.owner.nudge()
            await asyncio.sleep(0.01)
    assert len(bench.seen) == 1


async def test_operations_while_offline_fail_in_time_and_never_run():
    bench = Bench()
    bench.driver.there = False
    ran = []

    async def note(_driver):
        ran.append(1)

    async with bench:
        await bench.until(Device.OFFLINE)
        with pytest.raises(DriverError) as error:
            await bench.owner.call("x", note, start_within=0.05)
        assert error.value.outcome is Outcome.NOT_STARTED
        assert error.value.reason == "DEVICE_NOT_READY"
        assert "Nobody answers. Plug it in." in error.value.message
        bench.driver.there = True
        bench.owner.nudge()
        await bench.until(Device.READY)
        assert await bench.owner.call("y", nothing) == "done"
    assert ran == []


async def test_an_operation_waits_for_a_device_that_comes_in_time():
    bench = Bench()
    bench.driver.there = False
    async with bench:
        await bench.until(Device.OFFLINE)
        waiting = asyncio.create_task(bench.owner.call("x", nothing, start_within=10))
        await asyncio.sleep(0)
        bench.driver.there = True  # no nudge: the waiting operation itself keeps the attempts close together
        assert await waiting == "done"


async def test_an_operation_outlives_its_caller():
    begun, go, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(_driver):
        begun.set()
        await go.wait()
        ended.set()

    async with Bench() as bench:
        caller = asyncio.create_task(bench.owner.call("payment", slow))
        await begun.wait()
        assert bench.owner.current == "payment"
        caller.cancel()
        await asyncio.wait({caller})
        assert caller.cancelled()
        go.set()
        async with asyncio.timeout(5):
            await ended.wait()
        assert await bench.owner.call("next", nothing) == "done"
        assert bench.owner.current == ""


async def test_an_operation_whose_caller_left_before_its_start_never_runs():
    go, ran = asyncio.Event(), []

    async def slow(_driver):
        await go.wait()

    async def note(_driver):
        ran.append(1)

    async with Bench() as bench:
        first = asyncio.create_task(bench.owner.call("first", slow))
        second = asyncio.create_task(bench.owner.call("second", note))
        while bench.owner.current != "first":
            await asyncio.sleep(0)
        second.cancel()
        await asyncio.wait({second})
        go.set()
        await first
        await bench.owner.call("third", nothing)
    assert ran == []


async def test_operations_run_one_at_a_time_in_order():
    running, order = [], []

    async with Bench() as bench:

        def make(number):
            async def run(_driver):
                assert running == []
                running.append(number)
                await asyncio.sleep(0)
                running.remove(number)
                order.append(number)

            return run

        await asyncio.gather(*(bench.owner.call("x", make(number)) for number in range(50)))
    assert order == list(range(50))


async def test_the_mailbox_has_a_bound(monkeypatch):
    monkeypatch.setattr(module, "_MAILBOX", 3)
    bench = Bench()
    bench.driver.there = False
    async with bench:
        waiting = [asyncio.create_task(bench.owner.call("x", nothing, start_within=0.2)) for _ in range(4)]
        results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [result.reason for result in results] == ["DEVICE_NOT_READY"] * 3 + ["DEVICE_BUSY"]
    assert {result.outcome for result in results} == {Outcome.NOT_STARTED}


async def test_given_up_operations_leave_the_mailbox(monkeypatch):
    """A device that stays away must not fill its mailbox with the dead."""
    monkeypatch.setattr(module, "_MAILBOX", 3)
    bench = Bench()
    bench.driver.there = False
    async with bench:
        await bench.until(Device.OFFLINE)
        for _ in range(6):
            with pytest.raises(DriverError) as error:
                await bench.owner.call("x", nothing, start_within=0.01)
            assert error.value.reason == "DEVICE_NOT_READY"
            assert "Nobody answers" in error.value.message


async def test_a_driver_error_is_the_callers_and_the_device_is_looked_at():
    async def refuse(_driver):
        raise DriverError("No.", outcome=Outcome.FAILED)

    async with Bench() as bench:
        await bench.until(Device.READY)
        checked = bench.driver.checked
        with pytest.raises(DriverError) as error:
            await bench.owner.call("x", refuse)
        assert error.value.outcome is Outcome.FAILED
        assert await bench.owner.call("y", nothing) == "done"
        assert bench.driver.checked == checked + 1
        assert bench.owner.state == Device.READY


async def test_an_operation_that_finds_the_device_gone():
    async with Bench() as bench:
        await bench.until(Device.READY)

        async def lose(driver):
            driver.there = False
            raise ConnectionLost("It broke.")

        with pytest.raises(ConnectionLost):
            await bench.owner.call("x", lose)
        await bench.until(Device.OFFLINE, "It went away.")
        bench.driver.there = True
        await bench.until(Device.READY)
        assert bench.owner.identity.model == "opened 2"


async def test_a_driver_that_fails_in_an_operation_ends_nobody():
    async def broken(_driver):
        raise ZeroDivisionError("a fault of the driver")

    async with Bench() as bench:
        with pytest.raises(ZeroDivisionError):
            await bench.owner.call("x", broken)
        assert await bench.owner.call("y", nothing) == "done"


async def test_a_driver_that_fails_while_connecting_is_tried_again():
    bench = Bench()
    bench.driver.fault = ValueError("secret python text")
    async with bench:
        await bench.until(Device.OFFLINE)
        assert "secret" not in bench.owner.reason
        assert "ValueError" in bench.owner.reason
        bench.driver.fault = None
        bench.owner.nudge()
        await bench.until(Device.READY)


async def test_a_driver_that_fails_in_its_check_is_offline():
    async with Bench() as bench:
        await bench.until(Device.READY)
        bench.driver.fault = ValueError("secret")
        bench.owner.nudge()
        await bench.until(Device.OFFLINE)
        assert "secret" not in bench.owner.reason
        bench.driver.fault = None
        await bench.until(Device.READY)


async def test_a_nudge_makes_a_connected_device_look_again_at_once():
    async with Bench() as bench:
        await bench.until(Device.READY)
        bench.driver.health = Health(ready=False, reason="Out of paper.")
        bench.owner.nudge()
        await bench.until(Device.DEGRADED, "Out of paper.")
        assert not bench.owner.usable
        since = bench.owner.since
        bench.driver.health = Health(ready=False, reason="Cover open.")
        bench.owner.nudge()
        await bench.until(Device.DEGRADED, "Cover open.")
        assert bench.owner.since == since  # another reason is no other state
        bench.driver.health = Health()
        await bench.until(Device.READY)  # noticed by itself


async def test_a_ready_device_is_looked_at_now_and_then(monkeypatch):
    monkeypatch.setattr(module, "_CHECK_EVERY", 0.02)
    async with Bench() as bench:
        await bench.until(Device.READY)
        bench.driver.there = False
        await bench.until(Device.OFFLINE, "It went away.")


async def test_the_end_of_an_owner_tells_those_who_wait():
    begun = asyncio.Event()

    async def forever(_driver):
        begun.set()
        await asyncio.Event().wait()

    async with Bench() as bench:
        running = asyncio.create_task(bench.owner.call("payment", forever))
        waiting = asyncio.create_task(bench.owner.call("x", nothing))
        await begun.wait()
    for task, outcome in ((running, Outcome.UNKNOWN), (waiting, Outcome.NOT_STARTED)):
        with pytest.raises(DriverError) as error:
            await task
        assert error.value.outcome is outcome


# --- back-off --------------------------------------------------------------------------------------------------------


@given(st.integers(0, 2**32), st.integers(1, 60))
def test_delays_lie_between_floor_and_limit(seed, count):
    random.seed(seed)
    backoff = Backoff(first=0.5, limit=30.0, floor=0.1)
    for number in range(count):
        assert 0.1 <= backoff.next() <= max(0.1, min(30.0, 0.5 * 2**number))
    backoff.reset()
    assert backoff.next() <= 0.5


def test_delays_differ_between_boxes():
    random.seed(1)
    first = []
    for _ in range(20):
        backoff = Backoff()
        for _ in range(6):
            delay = backoff.next()
        first.append(delay)
    assert len({round(delay, 1) for delay in first}) > 5
