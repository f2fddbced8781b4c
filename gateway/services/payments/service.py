"""The payment service: one payment at a time on a terminal, each step on disk before the next."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from drivers.base import CardStatus, PaymentResult, PaymentTerminal
from drivers.errors import DeviceRefused, DriverError, Outcome
from gateway.api import ApiError, Call, Code, check_range, check_text, invalid
from gateway.devices import DeviceOwner, DeviceRegistry
from gateway.devices.registry import Spawn
from gateway.ids import new_id
from gateway.ops.metrics import Metrics
from gateway.services.kinds import PAYMENT
from gateway.services.outcomes import Outcomes
from gateway.services.payments.verdict import Baseline, apply, apply_details, judge
from gateway.storage import Database, Records, StorageError, Transaction
from gateway.storage.records import copy_of, insert, update
from kassenwart.v1 import (
    CancelPaymentRequest,
    CreatePaymentRequest,
    Device,
    GetPaymentRequest,
    ListPaymentsRequest,
    ListPaymentsResponse,
    Payment,
    ResolvePaymentRequest,
    WatchPaymentRequest,
)

log = logging.getLogger("kassenwart.payment")

_START_WITHIN: Final = 8.0
_LARGEST: Final = 999_999_999_999  # twelve digits (ZVT, BMP 04)


@dataclass(eq=False, slots=True)
class _Running:
    """The payment that a terminal is busy with."""

    payment: Payment
    cancelled: bool = False
    given: bool = field(default=False)  # the terminal has it


class PaymentService:
    """Implements PaymentService of the contract."""

    kind = Device.TERMINAL

    def __init__(
        self,
        registry: DeviceRegistry,
        database: Database,
        records: Records,
        outcomes: Outcomes,
        metrics: Metrics,
        spawn: Spawn,
    ) -> None:
        self._registry = registry
        self._database = database
        self._records = records
        self._outcomes = outcomes
        self._metrics = metrics
        self._spawn = spawn
        self._running: dict[str, _Running] = {}
        self._recovering: dict[str, asyncio.Task[None]] = {}

    def device_added(self, owner: DeviceOwner) -> None:
        """Bring what the last run left to an honest state."""
        self._recovering[owner.spec.id] = self._spawn(self._recover(owner.spec.id), f"payments-{owner.spec.id}")

    async def device_removed(self, device: str) -> None:
        """Nothing runs on it: the registry refuses to remove a busy device."""
        await asyncio.gather(self._recovering.pop(device))

    async def create_payment(self, call: Call, request: CreatePaymentRequest) -> Payment:
        """Start a payment."""
        owner = self._registry.owner(request.terminal, Device.TERMINAL)
        self._registry.leases.admit(request.terminal, call)
        check_range("/amountMinor", request.amount_minor, 1, _LARGEST)
        check_text("/reference", request.reference, 128)
        currency = request.currency_code or "EUR"
        if currency != "EUR":
            raise invalid("/currencyCode", f"{currency!r} is not supported; the terminal is registered for EUR")
        await self._recovering[request.terminal]
        busy = self._running.get(request.terminal)
        if busy is not None:
            raise ApiError(
                Code.FAILED_PRECONDITION,
                f"{request.terminal} is busy with {busy.payment.name}. Wait for its end, or cancel it.",
                reason="TERMINAL_BUSY",
                retry_after=2,
                metadata={"resource": busy.payment.name},
            )
        payment = Payment(
            name=PAYMENT.resource_name(request.terminal, new_id()),
            kind=request.kind or Payment.SALE,
            state=Payment.PENDING,
            amount_minor=request.amount_minor,
            currency_code=currency,
            reference=request.reference,
            principal=call.principal.name,
            message="The payment is being given to the terminal.",
            message_de="Die Zahlung wird an das Terminal gegeben.",
        )
        payment.create_time.GetCurrentTime()
        running = self._running[request.terminal] = _Running(payment)
        accepted = copy_of(payment)

        def work(transaction: Transaction) -> None:
            transaction.claim(call.key, accepted.name)
            insert(transaction, PAYMENT, accepted, principal=call.principal.name)

        try:
            await self._database.write(work)
        except BaseException:
            del self._running[request.terminal]
            raise
        self._spawn(self._pay(owner, running), f"payment-{request.terminal}")
        return accepted

    async def get_payment(self, _call: Call, request: GetPaymentRequest) -> Payment:
        """One payment."""
        return await self._outcomes.get(PAYMENT, request.terminal, request.payment)

    async def list_payments(self, _call: Call, request: ListPaymentsRequest) -> ListPaymentsResponse:
        """The payments of a terminal."""
        self._registry.spec(request.terminal)
        page = await self._outcomes.page(PAYMENT, request.terminal, request)
        return ListPaymentsResponse(payments=page.messages, next_page_token=page.next_id)

    async def watch_payment(self, _call: Call, request: WatchPaymentRequest) -> AsyncIterator[Payment]:
        """A payment as it changes."""
        async for message in self._outcomes.watch(PAYMENT, request.terminal, request.payment):
            yield message

    async def cancel_payment(self, _call: Call, request: CancelPaymentRequest) -> Payment:
        """Ask for an abort; the terminal decides."""
        owner = self._registry.owner(request.terminal, Device.TERMINAL)
        payment = await self._outcomes.get(PAYMENT, request.terminal, request.payment)
        running = self._running.get(request.terminal)
        if running is None or running.payment.name != payment.name:
            if payment.state == Payment.ABORTED:
                return payment
            raise ApiError(
                Code.FAILED_PRECONDITION,
                f"{payment.name} is {Payment.State.Name(payment.state)}: there is nothing to abort any more.",
                reason="PAYMENT_NOT_RUNNING",
            )
        running.cancelled = True
        if running.given:
            driver: PaymentTerminal = owner.driver  # type: ignore[assignment]
            if not await driver.abort():
                raise ApiError(
                    Code.FAILED_PRECONDITION,
                    "The terminal does not abort any more: the payment is being decided. Wait for its verdict.",
                    reason="TOO_LATE",
                    outcome=Outcome.FAILED,
                )
        return await self._outcomes.get(PAYMENT, request.terminal, request.payment)

    async def resolve_payment(self, _call: Call, request: ResolvePaymentRequest) -> Payment:
        """Ask the terminal what became of an unknown payment."""
        owner = self._registry.owner(request.terminal, Device.TERMINAL)
        await self._recovering[request.terminal]
        payment = await self._outcomes.get(PAYMENT, request.terminal, request.payment)
        if payment.state != Payment.UNKNOWN:
            return payment

        async def ask(driver: PaymentTerminal) -> None:
            await self._resolve(driver, payment)

        await owner.call("resolve", ask, start_within=_START_WITHIN)
        return await self._outcomes.get(PAYMENT, request.terminal, request.payment)

    async def _recover(self, device: str) -> None:
        """After a restart: what the terminal never had is aborted, what it had is unknown until it is asked."""
        for payment, _ in await self._records.unfinished(PAYMENT, device):
            if payment.state == Payment.PENDING:
                payment.state = Payment.ABORTED
                payment.message = "The daemon was restarted before the terminal had this payment: nothing was charged."
                payment.message_de = "Neustart, bevor das Terminal die Zahlung hatte: Es wurde nichts belastet."
            else:
                payment.state = Payment.UNKNOWN
                payment.message = "The daemon was restarted during this payment. Resolve it: the terminal is asked."
                payment.message_de = "Neustart während der Zahlung. Bitte klären: Das Terminal wird gefragt."
            payment.finish_time.GetCurrentTime()
            await self.store(payment)
        await self._count_unresolved(device)

    async def _pay(self, owner: DeviceOwner, running: _Running) -> None:
        """Run one payment to an honest end."""
        payment = running.payment
        try:
            await owner.call("payment", partial(self._authorise, running), start_within=_START_WITHIN)
        except DriverError as error:
            self._explain(payment, error)
        except StorageError as error:
            # Either the intent could not be stored (the terminal has nothing), or the driver refused the result.
            self._explain(payment, DriverError(str(error), outcome=None if running.given else Outcome.NOT_STARTED))
        except Exception as error:  # the owner was ended, or a fault of ours: the terminal decides
            log.exception("%s failed", payment.name)
            outcome = Outcome.UNKNOWN if running.given else Outcome.NOT_STARTED
            self._explain(
                payment, DriverError(f"An error inside Kassenwart ({type(error).__name__}).", outcome=outcome)
            )
        finally:
            del self._running[owner.spec.id]
        payment.finish_time.GetCurrentTime()
        final = copy_of(payment)
        # Until it is stored the record says IN_PROGRESS, so UNKNOWN after a restart.
        await self._database.write_at_last(
            lambda transaction: update(transaction, PAYMENT, final, principal=final.principal), payment.name
        )
        state = Payment.State.Name(payment.state).lower()
        self._metrics.payments.labels(owner.spec.id, Payment.Kind.Name(payment.kind).lower(), state).inc()
        seconds = time.time() - payment.create_time.ToMilliseconds() / 1000
        self._metrics.payment_duration.labels(owner.spec.id).observe(max(0.0, seconds))
        await self._count_unresolved(owner.spec.id)

    async def _authorise(self, running: _Running, driver: PaymentTerminal) -> None:
        """Runs in the owner's task: clear up what is in doubt, note where the terminal stands, then pay."""
        payment = running.payment
        device = payment.name.split("/")[1]
        for doubtful in await self._unknown(device):
            await self._resolve(driver, doubtful)
        baseline = await self._baseline(driver)
        payment.state = Payment.IN_PROGRESS
        payment.message, payment.message_de = "The terminal has the payment.", "Zahlung am Terminal."
        await self.store(payment, private=baseline.dump())
        if running.cancelled:  # looked at last, with nothing to wait for until the terminal has it
            raise DriverError("The payment was cancelled before the terminal had it.", outcome=Outcome.NOT_STARTED)
        running.given = True
        listener = _Listener(self, payment)
        try:
            result = await driver.authorise(payment.amount_minor, payment.currency_code, listener)
        finally:
            await listener.close()
        apply(payment, result)

    @staticmethod
    async def _baseline(driver: PaymentTerminal) -> Baseline:
        try:
            return Baseline.of(await driver.last_transaction())
        except DeviceRefused as error:
            if error.reason == "TERMINAL_BUSY":
                raise  # it may be taking an earlier payment back: no sale before it has finished
            return Baseline()

    async def _resolve(self, driver: PaymentTerminal, payment: Payment) -> None:
        """Ask the terminal what became of a payment, and store what it says."""
        device = payment.name.split("/")[1]
        if await self._superseded(payment, device):
            payment.message = "Later payments ran on this terminal. Compare with the terminal's own journal."
            payment.message_de = "Danach liefen weitere Zahlungen. Bitte mit dem Terminal-Journal vergleichen."
        else:
            try:
                last = await driver.last_transaction()
            except DeviceRefused as error:
                if error.reason == "TERMINAL_BUSY":
                    raise
                payment.message = f"{error.message} {error.hint}".strip()
                payment.message_de = (
                    "Das Terminal nennt seine letzte Zahlung nicht. Bitte im Terminal-Journal nachsehen."
                )
                await self.store(payment)
                return
            judgement = judge(payment, Baseline.load(await self._intent(payment, device)), last)
            payment.state = judgement.state
            payment.message, payment.message_de = judgement.message, judgement.message_de
            if judgement.result is not None:
                apply_details(payment, judgement.result)
                payment.result_code = judgement.result.result_code
        await self.store(payment)
        await self._count_unresolved(device)

    async def _superseded(self, payment: Payment, device: str) -> bool:
        """True when the terminal had a later payment: its last transaction may then be that one's."""
        page = await self._records.page(PAYMENT, device, size=50, before="", where={})
        for later in page.messages:
            if later.name > payment.name and await self._intent(later, device):
                return True
        return False

    async def _intent(self, payment: Payment, device: str) -> bytes:
        """What was stored before the terminal had this payment; empty when it never had it."""
        return await self._records.get_private(PAYMENT, device, payment.name.rpartition("/")[2]) or b""

    async def _unknown(self, device: str) -> list[Payment]:
        page = await self._records.page(PAYMENT, device, size=20, before="", where={"state": Payment.UNKNOWN})
        return page.messages

    async def _count_unresolved(self, device: str) -> None:
        self._metrics.payments_unresolved.labels(device).set(len(await self._unknown(device)))

    @staticmethod
    def _explain(payment: Payment, error: DriverError) -> None:
        """Turn a driver's error into the payment's state."""
        words = f"{error.message} {error.hint}".strip()
        if error.outcome is Outcome.UNKNOWN:
            payment.state = Payment.UNKNOWN
            payment.message = f"{words} The card may or may not have been charged: resolve this payment first."
            payment.message_de = "Ausgang unbekannt: Die Karte kann belastet sein. Bitte zuerst klären."
        elif error.outcome is Outcome.FAILED:
            payment.state, payment.message = Payment.DECLINED, words
            payment.message_de = "Das Terminal hat die Zahlung abgelehnt. Es wurde nichts belastet."
        else:
            payment.state, payment.message = Payment.ABORTED, f"{words} Nothing was charged."
            payment.message_de = "Die Zahlung wurde nicht begonnen. Es wurde nichts belastet."

    async def store(self, payment: Payment, private: bytes | None = None) -> None:
        """Put a changed payment on disk."""
        final = copy_of(payment)
        await self._database.write(
            lambda transaction: update(transaction, PAYMENT, final, private=private, principal=final.principal)
        )


class _Listener:
    """Stores what the terminal tells of one payment."""

    def __init__(self, service: PaymentService, payment: Payment) -> None:
        self._service = service
        self._payment = payment
        self._news = asyncio.Event()
        self._task = asyncio.create_task(self._tell(), name="payment-status")

    def status(self, status: CardStatus) -> None:
        """An intermediate status."""
        self._payment.message, self._payment.message_de = status.text, status.text_de
        self._news.set()

    async def result(self, result: PaymentResult) -> None:
        """The terminal's result: on disk before it is acknowledged. The state follows with the end of the dialogue."""
        apply_details(self._payment, result)
        await self._service.store(self._payment)

    async def close(self) -> None:
        """The dialogue is over."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _tell(self) -> None:
        """Publish status texts one after another; only the latest matters when they come faster than the disk."""
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                await self._service.store(self._payment)
            except StorageError as error:
                log.warning("%s: %s", self._payment.name, error)
