"""The composition root: builds everything, starts and stops it in order, holds all tasks in one group."""

import asyncio
import contextlib
import logging
import re
import shutil
import sqlite3
import time
import uuid
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final

from gateway import __version__
from gateway.api import ApiError, Code
from gateway.config import Config
from gateway.contract import Method, methods
from gateway.devices import DeviceRegistry, check_config
from gateway.dispatch import Authenticator, Dispatcher
from gateway.faces.grpc import GrpcFace
from gateway.faces.rest import RestFace
from gateway.ops.metrics import Metrics
from gateway.ops.systemd import Notifier
from gateway.services.calls import CallerService
from gateway.services.devices import DeviceService
from gateway.services.drawers import DrawerService
from gateway.services.events import EventService
from gateway.services.kinds import KINDS
from gateway.services.outcomes import Outcomes
from gateway.services.payments import PaymentService
from gateway.services.printing import PrinterService
from gateway.services.system import Installation, SystemService
from gateway.services.tse import TseService
from gateway.storage import Database, Journal, Records, StorageError, SubscriberTooSlowError, Transaction, now_ms
from kassenwart.v1 import Device

log = logging.getLogger("kassenwart")

_BEAT: Final = 1.0
_LAG_WARNING: Final = 0.5
_PRUNE_EVERY: Final = 3600.0
_KEEP_REQUESTS_MS: Final = 48 * 3600 * 1000
_PATIENCE: Final = 0.7  # seconds; Ctrl-C has to end everything within two
_PAYMENT_PATIENCE: Final = 90.0


class App:
    """One daemon. `run` returns after a clean shutdown."""

    def __init__(self, config: Config) -> None:
        check_config(config)
        self.config = config
        self.rest_port = 0
        self.grpc_port = 0
        self._notifier = Notifier()
        self._ready = False

    async def run(self, stop: asyncio.Event, started: Callable[["App"], None]) -> None:
        """Serve until `stop` is set. Raises StorageError or OSError, in plain words, when it cannot start."""
        begin = time.perf_counter()
        database = await Database.open(self.config.storage.directory)
        try:
            async with asyncio.TaskGroup() as group:
                tasks: set[asyncio.Task[None]] = set()

                def spawn(work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
                    task = group.create_task(work, name=name)
                    tasks.add(task)
                    task.add_done_callback(tasks.discard)
                    return task

                try:
                    await self._serve(database, spawn, stop, begin, started)
                finally:
                    for task in tuple(tasks):
                        task.cancel()
            with contextlib.suppress(StorageError):  # on a full disk the next start only says that it was not clean
                await database.write(partial(_remember, "clean", "1"))
        except BaseExceptionGroup as group:  # raising within `except*` would wrap the error in a group again
            if group.split((StorageError, OSError))[1] is not None:
                raise
            raise _first(group) from None
        finally:
            await database.close()

    async def _serve(
        self,
        database: Database,
        spawn: Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]],
        stop: asyncio.Event,
        begin: float,
        started: Callable[["App"], None],
    ) -> None:
        config = self.config
        metrics = Metrics(__version__)
        database.on_commit = metrics.commit_duration.observe
        journal = Journal(database)
        facts = await database.read(_facts)
        journal.last_seq = int(facts.get("last_seq", 0))
        instance = facts.get("instance") or uuid.uuid4().hex[:12]
        await database.write(partial(_remember, "instance", instance))
        await database.write(partial(_remember, "clean", "0"))
        installation = Installation(__version__, instance, time.time(), facts.get("clean", "1") == "1")

        records = Records(database, KINDS)
        outcomes = Outcomes(records, journal)
        registry = DeviceRegistry(config, database, metrics, spawn)
        printers = PrinterService(
            registry, database, records, outcomes, metrics, spawn, demonstration=config.demonstration
        )
        payments = PaymentService(registry, database, records, outcomes, metrics, spawn)
        tse = TseService(registry, database, records, outcomes, metrics, spawn)
        calls = CallerService(registry, database, journal, metrics, spawn)
        drawers = DrawerService(registry, database, records, outcomes, metrics)
        for observer in (printers, payments, tse, calls):
            registry.observe(observer)
        services = {
            "DeviceService": DeviceService(registry),
            "PrinterService": printers,
            "DrawerService": drawers,
            "PaymentService": payments,
            "TseService": tse,
            "CallerService": calls,
            "EventService": EventService(journal, instance),
            "SystemService": SystemService(config, database, journal, registry, installation),
        }
        admission = _Admission(config)
        dispatcher = Dispatcher(_handlers(services), Authenticator(database), database, outcomes, metrics, admission)
        rest = RestFace(dispatcher, config.server, self._not_ready, metrics.text)
        grpc = GrpcFace(dispatcher)
        dispatcher.hold()
        try:
            self.rest_port = await rest.start(config.server.rest)
            self.grpc_port = await grpc.start(config.server.grpc)
            await registry.start()
            await drawers.recover()
            dispatcher.open()
            spawn(printers.warm_up(), "warm-up")
            spawn(self._beat(metrics, registry), "heart-beat")
            spawn(self._housekeeping(database), "housekeeping")
            spawn(_tell_health(grpc, registry, journal), "grpc-health")
            self._ready = True
            self._notifier.send(READY=1, STATUS=f"{len(registry.ids())} devices")
            log.info(
                "ready after %.0f ms: REST on port %d, gRPC on port %d, %d devices",
                (time.perf_counter() - begin) * 1000,
                self.rest_port,
                self.grpc_port,
                len(registry.ids()),
            )
            started(self)
            await stop.wait()
        finally:
            self._ready = False
            admission.stopping = True
            log.info("shutting down")
            self._notifier.send(STOPPING=1)
            printers.pause()
            await self._let_work_end(registry)
            await asyncio.gather(rest.stop(), grpc.stop(0.5))
            await dispatcher.close(0.3)
            await registry.stop()
            await asyncio.sleep(0.05)  # services store what the end of the owners told them

    def _not_ready(self) -> str:
        return "" if self._ready else "Kassenwart is starting or stopping."

    async def _let_work_end(self, registry: DeviceRegistry) -> None:
        """Give slips and signatures under way a moment; under a service manager, a payment as long as it needs."""
        begin = time.monotonic()
        while running := {owner.current for owner in registry.owners()} - {""}:
            patience = _PAYMENT_PATIENCE if "payment" in running and self._notifier.present else _PATIENCE
            if time.monotonic() - begin > patience:
                return
            if self._notifier.present:
                self._notifier.send(STATUS=f"ending: {', '.join(sorted(running))}", EXTEND_TIMEOUT_USEC=5_000_000)
            await asyncio.sleep(0.02)

    async def _beat(self, metrics: Metrics, registry: DeviceRegistry) -> None:
        """Measure the lag of the event loop and feed the watchdog while everything lives."""
        interval = self._notifier.watchdog_interval
        fed = time.monotonic()
        while True:
            before = time.monotonic()
            await asyncio.sleep(_BEAT)
            lag = max(0.0, time.monotonic() - before - _BEAT)
            metrics.loop_lag.set(lag)
            if lag > _LAG_WARNING:
                log.warning("the event loop stood still for %.1f s", lag)
            if interval is not None and registry.alive() and time.monotonic() - fed >= min(interval, 10.0) - _BEAT:
                self._notifier.send(WATCHDOG=1)
                fed = time.monotonic()

    async def _housekeeping(self, database: Database) -> None:
        """Drop what is too old to keep."""
        keep_events = self.config.storage.keep_events_days * 86_400_000
        while True:
            try:
                await database.write(partial(_prune, now_ms() - keep_events, now_ms() - _KEEP_REQUESTS_MS))
            except StorageError as error:
                log.warning("old rows could not be dropped: %s", error)
            await asyncio.sleep(_PRUNE_EVERY)


class _Admission:
    """Refuses new work while the disk is nearly full, so that the work under way can be stored to its end, and once the
    daemon stops."""

    def __init__(self, config: Config) -> None:
        self.stopping = False
        self._directory = config.storage.directory
        self._reserve = config.storage.reserve_mib << 20
        self._looked = 0.0
        self._free = 0

    def __call__(self, method: Method) -> None:
        if method.ends_work:
            return
        if self.stopping:
            raise ApiError(
                Code.UNAVAILABLE,
                "The daemon is shutting down and takes no more work. Try again in a moment.",
                reason="SHUTDOWN",
                retry_after=3,
            )
        now = time.monotonic()
        if now - self._looked > 1.0:
            self._looked = now
            self._free = shutil.disk_usage(self._directory).free
        if self._free < self._reserve:
            raise ApiError(
                Code.RESOURCE_EXHAUSTED,
                f"The disk is nearly full: {self._free >> 20} MiB free, {self._reserve >> 20} MiB kept in reserve. "
                f"Make room on the disk of {self._directory}; reading goes on meanwhile.",
                reason="DISK_FULL",
                retry_after=30,
            )


def _handlers(services: dict[str, object]) -> dict[str, Callable[..., Any]]:
    """The handler of each method: its name in snake case on its service. A missing one fails at the start."""
    found = {}
    for method in methods():
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", method.name).lower()
        found[method.full_name] = getattr(services[method.service], name)
    return found


async def _tell_health(grpc: GrpcFace, registry: DeviceRegistry, journal: Journal) -> None:
    """Keep the gRPC health of every device as it is."""
    while True:
        with (
            contextlib.suppress(SubscriberTooSlowError),  # then all are told anew
            journal.subscribe(lambda event: event.type.startswith("kassenwart.device.")) as subscription,
        ):
            for device in registry.ids():
                await grpc.set_device_health(device, registry.message(device).state == Device.READY)
            while True:
                device = (await subscription.next()).device
                known = device in registry.ids()
                await grpc.set_device_health(device, registry.message(device).state == Device.READY if known else None)


def _first(error: BaseException) -> BaseException:
    """The first error in a group of groups."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _facts(connection: sqlite3.Connection) -> dict[str, str]:
    facts = dict(connection.execute("SELECT key, value FROM facts").fetchall())
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()
    return {**facts, "last_seq": str(row[0] if row is not None else 0)}


def _remember(key: str, value: str, transaction: Transaction) -> None:
    transaction.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (key, value))


def _prune(events_before: int, requests_before: int, transaction: Transaction) -> None:
    # Oldest first and so many at a time: the writer has tills waiting.
    transaction.execute(
        "DELETE FROM events WHERE seq IN (SELECT seq FROM events ORDER BY seq LIMIT 20000) AND time_ms < ?",
        (events_before,),
    )
    transaction.execute("DELETE FROM idempotency WHERE time_ms < ?", (requests_before,))
