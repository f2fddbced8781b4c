"""Cash drawers: a pulse at most once, with who and why on disk before it leaves."""

import time
from typing import Final

from drivers.base import PrinterStatus, ReceiptPrinter
from drivers.errors import DriverError, Outcome
from gateway.api import ApiError, Call, Code, check_text, not_found
from gateway.devices import DRIVERS, DeviceOwner, DeviceRegistry
from gateway.ids import new_id
from gateway.ops.metrics import Metrics
from gateway.services.kinds import DRAWER_OPENING
from gateway.services.outcomes import Outcomes
from gateway.storage import Database, Records, Transaction
from gateway.storage.records import copy_of, insert, update
from kassenwart.v1 import (
    Device,
    Drawer,
    DrawerOpening,
    GetDrawerOpeningRequest,
    GetDrawerRequest,
    ListDrawerOpeningsRequest,
    ListDrawerOpeningsResponse,
    OpenDrawerRequest,
)

# A solenoid may be driven for at most a fifth of the time (Citizen, Seiko printer manuals); 50 ms then rest 500 ms.
_ON_MS: Final = 50
_OFF_MS: Final = 500
_REST: Final = 1.0  # seconds between pulses to one drawer
_START_WITHIN: Final = 5.0


class DrawerService:
    """Implements DrawerService of the contract."""

    def __init__(
        self, registry: DeviceRegistry, database: Database, records: Records, outcomes: Outcomes, metrics: Metrics
    ) -> None:
        self._registry = registry
        self._database = database
        self._records = records
        self._outcomes = outcomes
        self._metrics = metrics
        self._pulsed: dict[str, float] = {}

    async def recover(self) -> None:
        """Openings that the last run left pending may have happened."""
        for device in self._registry.ids():
            for opening, _ in await self._records.unfinished(DRAWER_OPENING, device):
                why = "The daemon was stopped while the pulse was on its way. It is not repeated: look at the drawer."
                await self._store(opening, DrawerOpening.UNCERTAIN, why)

    async def open_drawer(self, call: Call, request: OpenDrawerRequest) -> DrawerOpening:
        """Pulse the drawer once."""
        check_text("/reason", request.reason, 128)
        owner, pin = self._printer_of(request.drawer)
        self._registry.leases.admit(request.drawer, call)
        self._respect_coil(request.drawer)
        opening = DrawerOpening(
            name=DRAWER_OPENING.resource_name(request.drawer, new_id()),
            state=DrawerOpening.PENDING,
            reason=request.reason,
            principal=call.principal.name,
        )
        opening.create_time.GetCurrentTime()
        pending = copy_of(opening)

        def work(transaction: Transaction) -> None:
            transaction.claim(call.key, pending.name)
            insert(transaction, DRAWER_OPENING, pending, principal=call.principal.name)

        await self._database.write(work)

        async def pulse(driver: ReceiptPrinter) -> None:
            await driver.pulse(pin, _ON_MS, _OFF_MS)

        try:
            await owner.call("drawer", pulse, start_within=_START_WITHIN)
        except DriverError as error:
            happened = error.outcome is Outcome.UNKNOWN
            state = DrawerOpening.UNCERTAIN if happened else DrawerOpening.FAILED
            await self._store(opening, state, f"{error.message} {error.hint}".strip())
        except Exception:
            await self._store(opening, DrawerOpening.UNCERTAIN, "The driver failed. Look at the drawer.")
            raise
        else:
            await self._store(opening, DrawerOpening.PULSED, "")
        cause = "request" if opening.state == DrawerOpening.PULSED else DrawerOpening.State.Name(opening.state).lower()
        self._metrics.drawer_opens.labels(request.drawer, cause).inc()
        return opening

    async def get_drawer(self, _call: Call, request: GetDrawerRequest) -> Drawer:
        """A drawer with its latest opening and the sense line, where the printer tells."""
        owner, pin = self._printer_of(request.drawer)
        drawer = Drawer(name=f"drawers/{request.drawer}", printer=owner.spec.id, pin=pin)
        if owner.usable:
            try:
                status = await owner.call("status", _status, start_within=2)
                if status.drawer_pin_high is not None:
                    drawer.sense_high = status.drawer_pin_high
            except DriverError:
                pass  # the rest is worth reading without it
        page = await self._records.page(DRAWER_OPENING, request.drawer, size=1, before="", where={})
        if page.messages:
            drawer.last_opening.CopyFrom(page.messages[0])
        return drawer

    async def get_drawer_opening(self, _call: Call, request: GetDrawerOpeningRequest) -> DrawerOpening:
        """One opening."""
        return await self._outcomes.get(DRAWER_OPENING, request.drawer, request.opening)

    async def list_drawer_openings(self, _call: Call, request: ListDrawerOpeningsRequest) -> ListDrawerOpeningsResponse:
        """Who opened it, when and why."""
        self._registry.spec(request.drawer)
        page = await self._outcomes.page(DRAWER_OPENING, request.drawer, request, ("state",))
        return ListDrawerOpeningsResponse(openings=page.messages, next_page_token=page.next_id)

    def _printer_of(self, drawer: str) -> tuple[DeviceOwner, int]:
        known = [one for one in self._registry.ids() if DRIVERS[self._registry.spec(one).driver].kind == Device.DRAWER]
        if drawer not in known:
            raise not_found(f"drawer {drawer!r}", f"Known: {', '.join(known) or 'none'}.")
        spec = self._registry.spec(drawer)
        if not spec.enabled:
            raise ApiError(
                Code.FAILED_PRECONDITION, f"{drawer} is switched off. Switch it on first.", reason="DEVICE_DISABLED"
            )
        owner = self._registry.owner(spec.options["printer"], Device.PRINTER)
        return owner, int(spec.options.get("pin", "2"))

    def _respect_coil(self, drawer: str) -> None:
        """Refuse pulses that follow too fast: the coil would burn."""
        now = time.monotonic()
        wait = self._pulsed.get(drawer, 0.0) + _REST - now
        if wait > 0:
            raise ApiError(
                Code.RESOURCE_EXHAUSTED,
                f"{drawer} was pulsed a moment ago; its coil needs {wait:.1f} s of rest.",
                reason="DRAWER_TOO_FAST",
                retry_after=wait,
            )
        self._pulsed[drawer] = now

    async def _store(self, opening: DrawerOpening, state: DrawerOpening.State, failure: str) -> None:
        opening.state, opening.failure = state, failure
        final = copy_of(opening)
        await self._database.write_at_last(
            lambda transaction: update(transaction, DRAWER_OPENING, final, principal=final.principal), opening.name
        )


async def _status(driver: ReceiptPrinter) -> PrinterStatus:
    return await driver.status()
