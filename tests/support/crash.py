"""A shop whose daemon is killed and comes back, as under a service manager, and a till that sells on all the same."""

import asyncio
import contextlib
import random
import re
import signal
import socket
from collections.abc import Callable, Collection
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from drivers.zvt.simulator import Faults as ZvtFaults
from kassenwart import Client, KassenwartError
from kassenwart.documents import cut
from kassenwart.v1 import DrawerOpening, Payment, PrintJob, ReceiptAmounts, Transaction
from tests.support.daemon import Daemon
from tests.support.devices import Devices
from tests.support.shop import until
from tests.support.tap import TO_DAEMON, TO_DEVICE, Cut, Tap

QUICK = ZvtFaults(cardholder=0.1, host=0.05)


class CrashShop:
    """Simulators in this process, taps on the printer's and the terminal's line, the daemon in a process of its own.

    The daemon is started again whenever it dies; `deaths` counts. Its ports stay the same.
    """

    def __init__(self, folder: Path, **config: Any) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.devices = Devices(folder)
        self.devices.terminal.faults = QUICK
        self.taps: dict[str, Tap] = {}
        self.deaths = 0
        self.daemon: Daemon
        self._seen = 0  # number of the latest event that the watcher saw
        self._config = config
        self._on_journal: Callable[[str, str], None] = lambda _device, _event: None
        self._on_event: Callable[[str, str], None] = lambda _kind, _subject: None
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        stack = self._stack
        await stack.enter_async_context(self.devices)
        for device in ("receipt", "ec1"):
            self.taps[device] = await stack.enter_async_context(Tap(self.devices.ports[device]))
        ports = {device: tap.port for device, tap in self.taps.items()}
        text = self.devices.config(**{**ports, **self._config})
        for _ in ("rest", "grpc"):
            text = text.replace("127.0.0.1:0", f"127.0.0.1:{_lasting_port()}", 1)
        self.daemon = Daemon(self.folder, text)
        self.daemon.make_token(self.folder / "state")
        for device, journal in self.devices.journals.items():
            self._listen(device, journal)
        await self.daemon.start()
        self.client = await stack.enter_async_context(self.make_client())
        keeper = asyncio.create_task(self._keep(), name="keeper")
        stack.push_async_callback(self.daemon.stop)
        stack.push_async_callback(_end, keeper)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._stack.aclose()

    def make_client(self) -> Client:
        """A till's connection, patient enough for a restart."""
        return Client(self.daemon.grpc, token=self.daemon.token, timeout=20, retry_time=20)

    def kill(self) -> None:
        """kill -9, at this very moment."""
        process = self.daemon.process
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()

    async def watching(self) -> None:
        """Wait until the watcher is connected again and has seen everything."""
        latest = (await self.client.system.info()).storage.last_event
        await until(lambda: self._seen >= latest)

    async def arm(self, point: str) -> None:
        """Kill the daemon, once: at `event TYPE`, `DEVICE ENTRY` of its journal, `before` or `behind` a WIRE."""
        self.disarm()
        await self.watching()
        where, _, what = point.partition(" ")
        if where == "event":
            self._on_event = lambda kind, _subject: self._fire(kind == f"kassenwart.{what}")
        elif where in self.devices.journals:
            self._on_journal = lambda device, event: self._fire((device, event) == (where, what))
        else:
            self._arm_tap(where, what)

    def disarm(self) -> None:
        """Let everything pass."""
        self._on_event = self._on_journal = lambda _one, _two: None
        for tap in self.taps.values():
            tap.see = tap.passed = lambda _direction, _data: None

    def _fire(self, now: bool) -> None:
        if now:
            self.disarm()
            self.kill()

    def _arm_tap(self, moment: str, what: str) -> None:
        device, direction, pattern = WIRE[what]
        tap = self.taps[device]
        paying = device != "ec1"  # the terminal tells results and completions of other commands, too

        def look(way: str, data: bytes) -> None:
            nonlocal paying
            paying = paying or data.startswith(b"\x06\x01")
            if paying and way == direction and re.search(pattern, data, re.DOTALL):
                self._fire(True)
                if moment == "before":
                    raise Cut

        if moment == "before":
            tap.see = look
        else:
            tap.passed = look

    def _listen(self, device: str, journal: Any) -> None:
        write = journal.write

        def listening(event: str, **fields: Any) -> None:
            write(event, **fields)
            self._on_journal(device, event)

        journal.write = listening

    async def _keep(self) -> None:
        while True:
            # A watcher for each run of the daemon: a connection that waits to be tried again would miss the beginning.
            watcher = asyncio.create_task(self._watch(), name="watcher")
            try:
                code = await self.daemon.wait()
            finally:
                await _end(watcher)
            assert code == -signal.SIGKILL, f"the daemon ended by itself with {code}: {self.daemon.log[-20:]}"
            self.deaths += 1
            await self.daemon.start()

    async def _watch(self) -> None:
        async with self.make_client() as client:
            async for event in client.events.stream(resume_after=str(self._seen)):
                self._seen = int(event.id)
                self._on_event(event.type, event.subject)


def _lasting_port() -> int:
    """A free port that the system gives to nobody while the daemon is down: below its range of passing ones."""
    while True:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", random.randrange(15_000, 30_000)))
            return int(probe.getsockname()[1])


async def _end(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


#: What may be waited for on a wire: device, direction, pattern.
WIRE = {
    "authorisation": ("ec1", TO_DEVICE, rb"^\x06\x01"),
    "card wanted": ("ec1", TO_DAEMON, rb"^\x04\xff"),
    "result": ("ec1", TO_DAEMON, rb"^\x04\x0f"),
    "completion": ("ec1", TO_DAEMON, rb"^\x06\x0f"),
    "slip's bytes": ("receipt", TO_DEVICE, rb"Bon "),
    "drawer's bytes": ("receipt", TO_DEVICE, rb"\x1bp"),
}


@dataclass(slots=True)
class Sale:
    """What the till knows of one sale; `transactions` also holds those that the TSE never opened."""

    number: int
    amount: int
    transactions: list[Transaction] = field(default_factory=list)
    payment: Payment | None = None
    job: PrintJob | None = None
    opening: DrawerOpening | None = None

    @property
    def text(self) -> str:
        """What only this sale's slip shows."""
        return f"Bon {self.number:04}!"


class Till:
    """Sells through the client library; every call carries a request id and is repeated with it.

    `after(step)` is called when a step's first answer is there: a test may kill the daemon then.
    """

    def __init__(self, shop: CrashShop, steps: Collection[str] = ("tse", "payment", "paper", "drawer")) -> None:
        self.shop = shop
        self.steps = steps
        self.sales: list[Sale] = []
        self.after: Callable[[str], None] = lambda _step: None

    async def sell(self) -> Sale:
        """One sale, to its end."""
        sale = Sale(len(self.sales) + 1, 10_000 + len(self.sales))
        self.sales.append(sale)
        async with asyncio.timeout(40):
            if "tse" in self.steps:
                await self._start(sale)
            if "payment" in self.steps:
                await self._pay(sale)
            if "tse" in self.steps:
                await self._finish(sale)
            if "paper" in self.steps:
                await self._print(sale)
            if "drawer" in self.steps:
                await self._open(sale)
        return sale

    async def _start(self, sale: Sale) -> None:
        tse = self.shop.client.tse
        while True:
            key = f"start-{sale.number}-{len(sale.transactions)}"
            await tse.start("tse", request_id=key)
            self.after("start")
            transaction = await tse.start("tse", request_id=key)
            transaction = await self._signed(transaction)
            sale.transactions.append(transaction)
            if transaction.state == Transaction.OPEN:
                return

    async def _pay(self, sale: Sale) -> None:
        payments, key = self.shop.client.payments, f"pay-{sale.number}"
        await payments.pay("ec1", sale.amount, request_id=key)
        self.after("pay")
        sale.payment = await payments.pay("ec1", sale.amount, request_id=key, wait=10)
        while sale.payment.state == Payment.UNKNOWN:
            with contextlib.suppress(KassenwartError):
                sale.payment = await payments.resolve(sale.payment)
            await asyncio.sleep(0.05)

    async def _finish(self, sale: Sale) -> None:
        tse, key = self.shop.client.tse, f"finish-{sale.number}"
        amounts = ReceiptAmounts(vat_general=sale.amount, payments=[{"amount_minor": sale.amount}])
        for attempt in range(2):
            signed = await tse.finish(sale.transactions[-1], amounts, request_id=key)
            if not attempt:
                self.after("finish")
        sale.transactions[-1] = await self._signed(signed)

    async def _print(self, sale: Sale) -> None:
        printers, key = self.shop.client.printers, f"print-{sale.number}"
        await printers.print("receipt", [sale.text, cut()], request_id=key)
        self.after("print")
        sale.job = await printers.print("receipt", [sale.text, cut()], request_id=key, wait=15)

    async def _open(self, sale: Sale) -> None:
        drawers, key = self.shop.client.drawers, f"open-{sale.number}"
        await drawers.open("drawer", reason="sale", request_id=key)
        self.after("open")
        sale.opening = await drawers.open("drawer", reason="sale", request_id=key)
        while sale.opening.state == DrawerOpening.PENDING:
            sale.opening = await drawers.get_opening(sale.opening)

    async def _signed(self, transaction: Transaction) -> Transaction:
        """The transaction once its step is no longer in doubt."""
        doubtful = {Transaction.STARTING, Transaction.FINISHING, Transaction.UNKNOWN}

        async def settled() -> bool:
            nonlocal transaction
            transaction = await self.shop.client.tse.get_transaction(transaction)
            return transaction.state not in doubtful

        await until(settled, 10)
        return transaction

    async def audit(self) -> None:
        """Compare everything the till was told with what the devices truly did."""
        await until(lambda: not self.shop.devices.printer._buffer)  # what is still in the printer comes out
        await asyncio.sleep(0.5)
        for sale in self.sales:
            await self._read_again(sale)
            if "payment" in self.steps:
                self._audit_payment(sale)
            if "paper" in self.steps:
                self._audit_paper(sale)
        if "drawer" in self.steps:
            self._audit_drawer()
        await self._audit_tse()

    async def _read_again(self, sale: Sale) -> None:
        """What was told stands."""
        client = self.shop.client
        for told, read in (
            (sale.payment, client.payments.get),
            (sale.job, client.printers.get),
            (sale.opening, client.drawers.get_opening),
            *((one, client.tse.get_transaction) for one in sale.transactions),
        ):
            if told is not None:
                again = await read(told)  # type: ignore[operator]
                assert (again.name, again.state) == (told.name, told.state)

    def _audit_payment(self, sale: Sale) -> None:
        journal = self.shop.devices.journals["ec1"]
        booked = [entry for entry in journal.of("booked") if entry["amount_minor"] == sale.amount]
        started = [entry for entry in journal.of("payment_started") if entry["amount_minor"] == sale.amount]
        assert len(started) <= 1, f"{sale.text} was given to the terminal {len(started)} times"
        assert len(booked) <= 1, f"{sale.text} was charged {len(booked)} times"
        assert sale.payment is not None
        state = Payment.State.Name(sale.payment.state)
        assert state == "APPROVED" if booked else state in {"ABORTED", "DECLINED"}, f"{sale.text}: {booked} {state}"

    def _audit_paper(self, sale: Sale) -> None:
        slips = [text for text in self.shop.devices.slips() if sale.text in text]
        assert sale.job is not None
        state = PrintJob.State.Name(sale.job.state)
        assert state in {"PRINTED", "UNCERTAIN"}, f"{sale.text}: {state} {sale.job.hold_reason}"
        assert len(slips) == 1 or (state == "UNCERTAIN" and not slips), f"{sale.text} {state}: {len(slips)} slips"

    def _audit_drawer(self) -> None:
        states = [DrawerOpening.State.Name(sale.opening.state) for sale in self.sales if sale.opening is not None]
        assert len(states) == len(self.sales)
        assert set(states) <= {"PULSED", "UNCERTAIN"}
        kicks = len(self.shop.devices.journals["receipt"].of("drawer_kick"))
        assert states.count("PULSED") <= kicks <= len(states), f"{kicks} kicks, {states}"

    async def _audit_tse(self) -> None:
        journal = self.shop.devices.journals["tse"]
        started = [entry["transaction_number"] for entry in journal.of("started")]
        finished = [entry["transaction_number"] for entry in journal.of("finished")]
        counters = [entry["signature_counter"] for kind in ("started", "finished") for entry in journal.of(kind)]
        known = [one for sale in self.sales for one in sale.transactions]
        assert {Transaction.State.Name(one.state) for one in known} <= {"FINISHED", "FAILED"}
        numbers = [one.number for one in known if one.state == Transaction.FINISHED]
        assert started == list(range(1, len(started) + 1)), "a transaction number is missing or doubled"
        assert sorted(finished) == started == sorted(numbers), f"{started} {finished} {numbers}"
        assert len(counters) == len(set(counters))
        assert not (await self.shop.client.tse.get("tse")).open_transactions
