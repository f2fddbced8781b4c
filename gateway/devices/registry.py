"""All devices of the shop: those of the configuration file, and those made or changed at run time, which are kept."""

import asyncio
import json
import logging
import sqlite3
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass
from typing import Any, Final, Protocol

from google.protobuf.timestamp_pb2 import Timestamp

from gateway.api import ApiError, Call, Code, invalid, not_found
from gateway.config import DEVICE_ID, ID_RULE, Config, DeviceSpec
from gateway.devices.catalog import DRIVERS, check
from gateway.devices.leases import Leases
from gateway.devices.owner import DeviceOwner
from gateway.ops.metrics import Metrics
from gateway.storage import Database, StorageError, Transaction
from kassenwart.v1 import Device, Lease

log = logging.getLogger("kassenwart.device")

Spawn = Callable[[Coroutine[Any, Any, None], str], "asyncio.Task[None]"]
_MOST_DEVICES: Final = 200


class DeviceObserver(Protocol):
    """A service that serves one kind of device; told when one comes and goes."""

    kind: Device.Kind

    def device_added(self, owner: DeviceOwner) -> None:
        """Begin to serve it."""
        ...

    async def device_removed(self, device: str) -> None:
        """Stop serving it."""
        ...


@dataclass(slots=True)
class _Entry:
    spec: DeviceSpec
    owner: DeviceOwner | None = None
    task: asyncio.Task[None] | None = None
    told: tuple[Any, ...] = ()


class DeviceRegistry:
    """Knows, makes and ends the owners."""

    def __init__(self, config: Config, database: Database, metrics: Metrics, spawn: Spawn) -> None:
        self._config = config
        self._database = database
        self._metrics = metrics
        self._spawn = spawn
        self._entries: dict[str, _Entry] = {}
        self._observers: dict[Device.Kind, DeviceObserver] = {}
        self._changed = asyncio.Event()
        self._lock = asyncio.Lock()
        self.leases = Leases()

    def observe(self, observer: DeviceObserver) -> None:
        """Register the service of one kind of device, before `start`."""
        self._observers[observer.kind] = observer

    async def start(self) -> None:
        """Make all owners. A stored device that can no longer be made is reported and left out, not fatal."""
        specs = {spec.id: spec for spec in self._config.devices}
        for device, text in await self._database.read(_stored):
            if text is None:
                specs.pop(device, None)
            else:
                specs[device] = DeviceSpec(**json.loads(text))
        for spec in specs.values():
            try:
                check(spec, demonstration=self._config.demonstration)
            except ValueError as error:
                log.error("device %s is left out: %s %s", spec.id, *error.args)
                continue
            self._add(spec)
        self._spawn(self._tell_changes(), "device-events")

    async def stop(self) -> None:
        """End all owners."""
        tasks = [entry.task for entry in self._entries.values() if entry.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def ids(self) -> list[str]:
        """All device ids, sorted."""
        return sorted(self._entries)

    def spec(self, device: str) -> DeviceSpec:
        """The settings of a device. Raises NOT_FOUND."""
        return self._entry(device).spec

    def owner(self, device: str, kind: Device.Kind) -> DeviceOwner:
        """The owner of a device of this kind. Raises NOT_FOUND, or FAILED_PRECONDITION when it is switched off."""
        entry = self._entries.get(device)
        if entry is None or DRIVERS[entry.spec.driver].kind != kind:
            word = Device.Kind.Name(kind).lower().replace("_", " ")
            known = [name for name, one in self._entries.items() if DRIVERS[one.spec.driver].kind == kind]
            raise not_found(f"{word} {device!r}", f"Known: {', '.join(sorted(known)) or 'none'}.")
        if entry.owner is None:
            raise ApiError(
                Code.FAILED_PRECONDITION, f"{device} is switched off. Switch it on first.", reason="DEVICE_DISABLED"
            )
        return entry.owner

    def alive(self) -> bool:
        """True while every owner's task runs: the watchdog is fed only then."""
        return all(entry.task is None or not entry.task.done() for entry in self._entries.values())

    def owners(self) -> list[DeviceOwner]:
        """All owners."""
        return [entry.owner for entry in self._entries.values() if entry.owner is not None]

    def message(self, device: str) -> Device:
        """A device as callers see it. Raises NOT_FOUND."""
        entry = self._entry(device)
        spec = entry.spec
        driver = DRIVERS[spec.driver]
        message = Device(
            name=f"devices/{device}",
            id=device,
            kind=driver.kind,
            driver=spec.driver,
            address=spec.address,
            enabled=spec.enabled,
            development=driver.demonstration_only,
            options=_shown(spec),
        )
        owner = entry.owner
        if driver.make is None and spec.enabled:  # it lives on another device and is as that one is
            host = self._entries.get(spec.options["printer"])
            owner = host.owner if host is not None else None
            if owner is None:
                message.state, message.reason = (
                    Device.OFFLINE,
                    f"Its printer {spec.options['printer']} is missing or off.",
                )
        if not spec.enabled:
            message.state, message.reason = Device.DISABLED, "Switched off in the configuration."
        elif owner is not None:
            message.state, message.reason = owner.state, owner.reason
            message.since.FromMilliseconds(int(owner.since * 1000))
            if driver.make is not None:
                message.identity.CopyFrom(Device.Identity(**asdict(owner.identity)))
        if (lease := self.lease(device)) is not None:
            message.lease.CopyFrom(lease)
        return message

    def lease(self, device: str) -> Lease | None:
        """The lease in force on a device."""
        lease = self.leases.current(device)
        if lease is None:
            return None
        expire = Timestamp()
        expire.FromMilliseconds(int(lease.expires * 1000))
        return Lease(
            name=f"devices/{device}/lease",
            holder=lease.holder,
            principal=lease.principal,
            number=lease.number,
            expire_time=expire,
        )

    async def create(self, call: Call, spec: DeviceSpec, *, validate_only: bool) -> Device:
        """Add a device and keep it."""
        if not DEVICE_ID.fullmatch(spec.id):
            raise invalid("/id", f"must be {ID_RULE}")
        async with self._lock:
            if spec.id in self._entries:
                raise ApiError(
                    Code.ALREADY_EXISTS, f"There is a device {spec.id!r} already. Change it, or choose another id."
                )
            if len(self._entries) >= _MOST_DEVICES:
                raise ApiError(Code.RESOURCE_EXHAUSTED, f"More than {_MOST_DEVICES} devices are not supported.")
            self._check(spec)
            if validate_only:
                return _preview(spec)
            await self._keep(spec.id, spec)
            self._add(spec)
        message = self.message(spec.id)
        await self.tell("created", message, call)
        return message

    async def change(self, call: Call, spec: DeviceSpec, *, validate_only: bool) -> Device:
        """Replace a device's settings and keep them. Refused while an operation runs on it."""
        async with self._lock:
            entry = self._entry(spec.id)
            self._check(spec)
            if DRIVERS[entry.spec.driver].kind != DRIVERS[spec.driver].kind:
                raise invalid("/driver", "is for another kind of device; delete this one and make a new one")
            if validate_only:
                return _preview(spec)
            self._refuse_busy(entry)
            await self._keep(spec.id, spec)
            await self._remove(entry)
            self._add(spec)
        message = self.message(spec.id)
        await self.tell("updated", message, call)
        return message

    async def delete(self, call: Call, device: str) -> None:
        """Remove a device for good."""
        async with self._lock:
            entry = self._entry(device)
            self._refuse_busy(entry)
            message = self.message(device)
            await self._keep(device, None)
            await self._remove(entry)
            self._metrics.forget_device(device)
        await self.tell("deleted", message, call)

    def _entry(self, device: str) -> _Entry:
        entry = self._entries.get(device)
        if entry is None:
            raise not_found(f"device {device!r}", f"Known: {', '.join(self.ids()) or 'none'}.")
        return entry

    def _check(self, spec: DeviceSpec) -> None:
        try:
            check(spec, demonstration=self._config.demonstration)
        except ValueError as error:
            key, problem = error.args
            pointer = f"/{key}" if key in {"driver", "address"} else f"/options/{key}"
            raise invalid(pointer, problem) from error
        printer = spec.options.get("printer")
        if printer is not None and (
            printer not in self._entries or DRIVERS[self._entries[printer].spec.driver].kind != Device.PRINTER
        ):
            raise invalid("/options/printer", f"there is no printer {printer!r}")

    def _refuse_busy(self, entry: _Entry) -> None:
        if entry.owner is not None and entry.owner.current:
            raise ApiError(
                Code.FAILED_PRECONDITION,
                f"{entry.spec.id} is in use ({entry.owner.current}). Try again when it has finished.",
                reason="DEVICE_BUSY",
                retry_after=2,
            )

    def _add(self, spec: DeviceSpec) -> None:
        entry = _Entry(spec)
        self._entries[spec.id] = entry
        driver = DRIVERS[spec.driver]
        if spec.enabled and driver.make is not None:
            entry.owner = DeviceOwner(spec, driver.make(spec), self._changed.set)
            entry.task = self._spawn(entry.owner.run(), f"owner-{spec.id}")
            if (observer := self._observers.get(driver.kind)) is not None:
                observer.device_added(entry.owner)
        self._changed.set()

    async def _remove(self, entry: _Entry) -> None:
        del self._entries[entry.spec.id]
        if (observer := self._observers.get(DRIVERS[entry.spec.driver].kind)) is not None and entry.owner is not None:
            await observer.device_removed(entry.spec.id)
        if entry.task is not None:
            entry.task.cancel()
            await asyncio.gather(entry.task, return_exceptions=True)

    async def _keep(self, device: str, spec: DeviceSpec | None) -> None:
        text = None
        if spec is not None:
            text = json.dumps(
                {
                    "id": spec.id,
                    "driver": spec.driver,
                    "address": spec.address,
                    "enabled": spec.enabled,
                    "options": dict(spec.options),
                }
            )

        def work(transaction: Transaction) -> None:
            transaction.execute("INSERT OR REPLACE INTO devices VALUES (?, ?)", (device, text))

        await self._database.write(work)

    async def tell(self, what: str, message: Device, call: Call | None = None) -> None:
        """Write an event about a device."""
        principal = call.principal.name if call is not None else ""

        def work(transaction: Transaction) -> None:
            transaction.event(
                f"kassenwart.device.{what}", message.name, message, device=message.id, principal=principal
            )

        await self._database.write(work)

    async def _tell_changes(self) -> None:
        """Turn changes of state into metrics and events, for ever."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            for device, entry in tuple(self._entries.items()):
                if self._entries.get(device) is not entry:  # removed while an earlier one was being told
                    continue
                message = self.message(device)
                self._measure(device, entry, message)
                told = (message.state, message.reason)
                if told == entry.told:
                    continue
                entry.told = told
                try:
                    await self.tell(Device.State.Name(message.state).lower(), message)
                except StorageError as error:
                    log.warning("the state of %s could not be recorded: %s", device, error)

    def _measure(self, device: str, entry: _Entry, message: Device) -> None:
        kind = Device.Kind.Name(message.kind).lower()
        self._metrics.device_up.labels(device, kind).set(message.state == Device.READY)
        for name, number in Device.State.items():
            if number:
                self._metrics.device_state.labels(device, name.lower()).set(message.state == number)
        if entry.owner is not None:
            for result, count in entry.owner.connects.items():
                self._metrics.device_connects.labels(device, result).inc(count)
                entry.owner.connects[result] = 0


def _shown(spec: DeviceSpec) -> dict[str, str]:
    """The options as callers see them: without passwords."""
    return {key: "***" if key == "password" else value for key, value in spec.options.items()}


def _preview(spec: DeviceSpec) -> Device:
    return Device(
        name=f"devices/{spec.id}",
        id=spec.id,
        kind=DRIVERS[spec.driver].kind,
        driver=spec.driver,
        address=spec.address,
        enabled=spec.enabled,
        options=_shown(spec),
    )


def _stored(connection: sqlite3.Connection) -> list[tuple[str, str | None]]:
    return connection.execute("SELECT id, spec FROM devices ORDER BY id").fetchall()
