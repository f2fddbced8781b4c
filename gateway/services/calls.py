"""Caller ID: lines' events into calls, kept in memory only; the journal on disk never holds a number."""

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from typing import Final

from drivers.base import CallerIdSource, CallStep, LineEvent
from drivers.errors import DriverError
from drivers.fritzbox import numbers
from drivers.fritzbox.codec import extension_kind
from gateway.api import Call as ApiCall
from gateway.api import not_found, page_size, parse_filter
from gateway.devices import DeviceOwner, DeviceRegistry
from gateway.devices.registry import Spawn
from gateway.ids import new_id
from gateway.ops.metrics import Metrics
from gateway.storage import Database, Journal, StorageError, StoredEvent, Transaction
from gateway.storage.records import copy_of
from kassenwart.v1 import (
    Call,
    Device,
    GetCallRequest,
    ListCallsRequest,
    ListCallsResponse,
    WatchCallsRequest,
)

_KEPT: Final = 50
_RINGING_LIMIT: Final = 180.0  # seconds; on some firmware the end of a call is never reported
_TALKING_LIMIT: Final = 12 * 3600.0


class CallerService:
    """Implements CallerService of the contract."""

    kind = Device.CALLER_ID

    def __init__(
        self, registry: DeviceRegistry, database: Database, journal: Journal, metrics: Metrics, spawn: Spawn
    ) -> None:
        self._registry = registry
        self._database = database
        self._journal = journal
        self._metrics = metrics
        self._spawn = spawn
        self._calls: OrderedDict[str, Call] = OrderedDict()
        self._lines: dict[tuple[str, int], Call] = {}
        self._listeners: dict[str, asyncio.Task[None]] = {}

    def device_added(self, owner: DeviceOwner) -> None:
        """Listen to a source."""
        self._listeners[owner.spec.id] = self._spawn(self._listen(owner), f"calls-{owner.spec.id}")

    async def device_removed(self, device: str) -> None:
        """Stop listening."""
        task = self._listeners.pop(device)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def list_calls(self, _call: ApiCall, request: ListCallsRequest) -> ListCallsResponse:
        """The latest calls."""
        where = parse_filter(request.filter, ("device", "direction", "state"), Call)
        found = [
            call
            for call in reversed(self._calls.values())
            if (not request.page_token or call.name < request.page_token)
            and all(getattr(call, name) == value for name, value in where.items())
        ]
        size = page_size(request.page_size, default=_KEPT)
        return ListCallsResponse(calls=found[:size], next_page_token=found[size - 1].name if len(found) > size else "")

    async def get_call(self, _call: ApiCall, request: GetCallRequest) -> Call:
        """One call."""
        found = self._calls.get(f"calls/{request.call}")
        if found is None:
            raise not_found(f"calls/{request.call}", f"Only the latest {_KEPT} calls are kept.")
        return found

    async def watch_calls(self, _call: ApiCall, request: WatchCallsRequest) -> AsyncIterator[Call]:
        """Calls as they change."""

        def wanted(event: StoredEvent) -> bool:
            return event.subject.startswith("calls/") and request.device in {"", event.device}

        with self._journal.subscribe(wanted) as subscription:
            while True:
                message = (await subscription.next()).message
                assert isinstance(message, Call)
                yield message

    async def _listen(self, owner: DeviceOwner) -> None:
        """Read the events of one source for ever; what was open when it is lost is unknown."""
        driver: CallerIdSource = owner.driver  # type: ignore[assignment]
        while True:
            seen = owner.version
            if owner.usable:
                with contextlib.suppress(DriverError):
                    async for event in driver.events():
                        await self._expire(owner.spec.id)
                        await self._take(owner, event)
                await self._lose(owner.spec.id)
            await owner.changed(seen)

    async def _take(self, owner: DeviceOwner, event: LineEvent) -> None:
        line = (owner.spec.id, event.connection)
        call = self._lines.get(line)
        if event.step in {CallStep.RING, CallStep.CALL}:
            if call is not None:  # the connection id is used anew, so the old call's end was lost
                await self._close(line, call, Call.UNKNOWN, 0)
            await self._begin(owner, line, event)
        elif call is not None and event.step is CallStep.CONNECT:
            machine = extension_kind(event.extension) == "answering_machine"
            call.state = Call.MACHINE if machine else Call.TALKING
            await self._tell(call)
        elif call is not None and event.step is CallStep.DISCONNECT:
            answered = call.state in {Call.TALKING, Call.MACHINE}
            await self._close(line, call, Call.ENDED if answered else Call.MISSED, event.duration)

    async def _begin(self, owner: DeviceOwner, line: tuple[str, int], event: LineEvent) -> None:
        incoming = event.step is CallStep.RING
        number = numbers.normalise(event.remote, area_code=owner.spec.options.get("area_code", ""))
        call = Call(
            name=f"calls/{new_id()}",
            device=owner.spec.id,
            direction=Call.INCOMING if incoming else Call.OUTGOING,
            state=Call.RINGING if incoming else Call.DIALING,
            number=number.e164 or "",
            display=number.display,
            reason=number.reason.value if number.reason is not None else "",
            raw_number=event.remote,
            own_number=event.local,
            line=event.line,
        )
        call.create_time.GetCurrentTime()
        self._lines[line] = call
        self._calls[call.name] = call
        while len(self._calls) > _KEPT:
            self._calls.popitem(last=False)
        self._metrics.calls.labels(owner.spec.id, Call.Direction.Name(call.direction).lower()).inc()
        await self._tell(call)

    async def _close(self, line: tuple[str, int], call: Call, state: Call.State, duration: int) -> None:
        self._lines.pop(line, None)
        call.state = state
        call.duration_seconds = duration
        call.end_time.GetCurrentTime()
        await self._tell(call)

    async def _lose(self, device: str) -> None:
        for line, call in [item for item in self._lines.items() if item[0][0] == device]:
            await self._close(line, call, Call.UNKNOWN, 0)

    async def _expire(self, device: str) -> None:
        """Forget lines whose end was never reported."""
        now = time.time()
        for line, call in tuple(self._lines.items()):
            limit = _TALKING_LIMIT if call.state in {Call.TALKING, Call.MACHINE} else _RINGING_LIMIT
            if line[0] == device and now - call.create_time.seconds > limit:
                await self._close(line, call, Call.UNKNOWN, 0)

    async def _tell(self, call: Call) -> None:
        """Tell listeners everything and the disk no number."""
        live = copy_of(call)
        kept = copy_of(call)
        for field in ("number", "display", "raw_number", "display_name", "own_number"):
            kept.ClearField(field)

        def work(transaction: Transaction) -> None:
            kind = f"kassenwart.call.{Call.State.Name(live.state).lower()}"
            transaction.event(kind, live.name, live, device=live.device, keep=kept)

        with contextlib.suppress(StorageError):  # a full disk must not silence the telephone list
            await self._database.write(work)
