"""The TSE service: every step's intent is on disk before it is signed; steps in doubt are cleared up by asking."""

import asyncio
import logging
import time
from collections import defaultdict
from functools import partial
from typing import Final

from drivers.base import SigningDevice, TseInfo, TseSignature
from drivers.errors import CodecError, DriverError, Outcome
from drivers.tse import processdata
from gateway.api import ApiError, Call, Code, check_text, invalid
from gateway.devices import DeviceOwner, DeviceRegistry
from gateway.devices.registry import Spawn
from gateway.ids import new_id
from gateway.ops.metrics import Metrics
from gateway.ops.tasks import first_of
from gateway.services.kinds import TRANSACTION
from gateway.services.outcomes import Outcomes
from gateway.services.tse.steps import Step, apply, perform, reconcile, to_message
from gateway.storage import Database, Records, RequestKey, StorageError
from gateway.storage import Transaction as Unit
from gateway.storage.records import copy_of, insert, update
from kassenwart.v1 import (
    CancelTransactionRequest,
    Device,
    FinishTransactionRequest,
    GetTransactionRequest,
    GetTseRequest,
    ListTransactionsRequest,
    ListTransactionsResponse,
    ReceiptAmounts,
    StartTransactionRequest,
    Transaction,
    Tse,
    UpdateTransactionRequest,
)

log = logging.getLogger("kassenwart.tse")

_START_WITHIN: Final = 8.0
_OFFLINE_WITHIN: Final = 1.5  # enough for one attempt to connect: tills must not wait for a TSE that is known to be out
_AGAIN: Final = 10.0  # seconds until doubts are looked into again where that failed
_DATA_LIMIT: Final = 65_536
_IN_DOUBT: Final = frozenset({Transaction.STARTING, Transaction.FINISHING, Transaction.UNKNOWN})
_CLOSE: Final = Step("cancel", processdata.RECEIPT, processdata.ABORTED)


class TseService:
    """Implements TseService of the contract."""

    kind = Device.TSE

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
        self._caretakers: dict[str, asyncio.Task[None]] = {}
        self._doubts: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        #: Transactions whose step is under way here, with their numbers on the TSE, 0 until it gave one.
        self._busy: dict[str, int] = {}

    def device_added(self, owner: DeviceOwner) -> None:
        """Begin to look after a TSE."""
        self._caretakers[owner.spec.id] = self._spawn(self._look_after(owner), f"tse-{owner.spec.id}")

    async def device_removed(self, device: str) -> None:
        """Stop looking after a TSE."""
        task = self._caretakers.pop(device)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def get_tse(self, _call: Call, request: GetTseRequest) -> Tse:
        """Its state, read now."""
        owner = self._registry.owner(request.tse, Device.TSE)
        info = await owner.call("info", _info, start_within=5)
        self._measure(owner, info)
        return to_message(request.tse, info)

    async def start_transaction(self, call: Call, request: StartTransactionRequest) -> Transaction:
        """Open a transaction."""
        owner = self._registry.owner(request.tse, Device.TSE)
        check_text("/reference", request.reference, 128)
        client_id = request.client_id or owner.spec.options.get("client_id", "")
        if not client_id:
            raise invalid("/clientId", "is needed: the TSE's option client_id is not configured")
        if not 1 <= len(client_id) <= 30 or not set(client_id) <= _CLIENT_SIGNS:
            raise invalid("/clientId", "must be 1 to 30 letters, digits or ' ( ) + , - . / : = ?")
        transaction = Transaction(
            name=TRANSACTION.resource_name(request.tse, new_id()),
            state=Transaction.STARTING,
            client_id=client_id,
            principal=call.principal.name,
            reference=request.reference,
        )
        transaction.create_time.GetCurrentTime()
        self._busy[transaction.name] = 0
        try:
            await self._sign(owner, transaction, Step("start"), call.key, fresh=True)
        finally:
            del self._busy[transaction.name]
        return transaction

    async def update_transaction(self, _call: Call, request: UpdateTransactionRequest) -> Transaction:
        """Add to an open transaction."""
        step = Step("update", *_checked(request.process_type, request.process_data))
        return await self._next_step(request.tse, request.transaction, step, None)

    async def finish_transaction(self, call: Call, request: FinishTransactionRequest) -> Transaction:
        """Close a transaction."""
        if request.HasField("receipt"):
            if request.process_type or request.process_data:
                raise invalid("", "needs either receipt, or processType and processData")
            step = Step("finish", processdata.RECEIPT, _receipt(request.receipt))
        else:
            step = Step("finish", *_checked(request.process_type, request.process_data))
        return await self._next_step(request.tse, request.transaction, step, call.key)

    async def cancel_transaction(self, _call: Call, request: CancelTransactionRequest) -> Transaction:
        """Close a transaction as aborted."""
        transaction = await self._outcomes.get(TRANSACTION, request.tse, request.transaction)
        if transaction.state == Transaction.CANCELLED:
            return transaction
        return await self._next_step(request.tse, request.transaction, _CLOSE, None)

    async def get_transaction(self, _call: Call, request: GetTransactionRequest) -> Transaction:
        """One transaction."""
        return await self._outcomes.get(TRANSACTION, request.tse, request.transaction)

    async def list_transactions(self, _call: Call, request: ListTransactionsRequest) -> ListTransactionsResponse:
        """The transactions of a TSE."""
        self._registry.spec(request.tse)
        page = await self._outcomes.page(TRANSACTION, request.tse, request)
        return ListTransactionsResponse(transactions=page.messages, next_page_token=page.next_id)

    async def _next_step(self, tse: str, record: str, step: Step, key: RequestKey | None) -> Transaction:
        owner = self._registry.owner(tse, Device.TSE)
        name = TRANSACTION.resource_name(tse, record)
        if name in self._busy:
            raise ApiError(
                Code.ABORTED, f"Another step of {name} is under way.", reason="TRANSACTION_BUSY", retry_after=1
            )
        self._busy[name] = 0
        try:
            transaction = await self._outcomes.get(TRANSACTION, tse, record)
            if transaction.state != Transaction.OPEN:
                raise ApiError(
                    Code.FAILED_PRECONDITION,
                    f"{name} is {Transaction.State.Name(transaction.state)}, not OPEN. {transaction.failure}".strip(),
                    reason="TRANSACTION_NOT_OPEN",
                )
            await self._sign(owner, transaction, step, key, fresh=False)
        finally:
            del self._busy[name]
        return transaction

    async def _sign(
        self, owner: DeviceOwner, transaction: Transaction, step: Step, key: RequestKey | None, *, fresh: bool
    ) -> None:
        """Intent on disk, signature, result on disk. `transaction` ends in an honest state."""
        before = copy_of(transaction)
        if step.kind in {"finish", "cancel"}:
            transaction.state = Transaction.FINISHING
        intent = copy_of(transaction)

        def work(unit: Unit) -> None:
            unit.claim(key, intent.name)
            store = insert if fresh else update
            store(unit, TRANSACTION, intent, private=step.dump(), principal=intent.principal)

        await self._database.write(work)
        started = time.perf_counter()
        result = "ok"
        try:
            patience = _OFFLINE_WITHIN if owner.state == Device.OFFLINE else _START_WITHIN
            signed, info = await owner.call(
                f"tse {step.kind}", partial(self._perform, copy_of(transaction), step), start_within=patience
            )
            apply(transaction, step, signed, info)
        except DriverError as error:
            result = error.outcome.value
            if error.outcome is not Outcome.UNKNOWN and not fresh:
                # Nothing was signed: the transaction is as open as it was, and the same request may come again.
                await self._store(before, release=key)
                transaction.CopyFrom(before)
                raise
            self._explain(transaction, error)
        except Exception:
            log.exception("%s: %s failed", transaction.name, step.kind)
            result = "unknown"
            transaction.state = Transaction.UNKNOWN
            transaction.failure = "An error inside Kassenwart. The TSE is asked what became of this step."
        finally:
            self._metrics.tse_signatures.labels(owner.spec.id, result).inc()
            self._metrics.tse_duration.labels(owner.spec.id).observe(time.perf_counter() - started)
        await self._store(transaction)
        if transaction.state == Transaction.UNKNOWN:
            self._doubts[owner.spec.id].set()

    @staticmethod
    def _explain(transaction: Transaction, error: DriverError) -> None:
        words = f"{error.message} {error.hint}".strip()
        if error.outcome is Outcome.UNKNOWN:
            transaction.state = Transaction.UNKNOWN
            transaction.failure = f"{words} It is not known whether the TSE signed; it is asked when it is back."
        else:
            transaction.state = Transaction.FAILED
            transaction.failure = f"{words} Sell on with the outage text on the receipt."

    async def _perform(
        self, transaction: Transaction, step: Step, driver: SigningDevice
    ) -> tuple[TseSignature, TseInfo]:
        """Runs in the owner's task."""
        info = await driver.info()
        if transaction.client_id not in info.clients:
            await driver.register_client(transaction.client_id)
        signed = await perform(driver, transaction, step)
        if transaction.name in self._busy:
            self._busy[transaction.name] = signed.transaction_number  # before the recovery can come in between
        return signed, info

    async def _store(self, transaction: Transaction, release: RequestKey | None = None) -> None:
        final = copy_of(transaction)

        def work(unit: Unit) -> None:
            unit.release(release)
            update(unit, TRANSACTION, final, principal=final.principal)

        await self._database.write_at_last(work, transaction.name)

    async def _look_after(self, owner: DeviceOwner) -> None:
        """Each time the TSE is back, or a step came to doubt: clear up."""
        doubt = self._doubts[owner.spec.id]
        while True:
            seen = owner.version
            doubt.clear()
            again = None
            if owner.usable:
                try:
                    await owner.call("tse recovery", partial(self._clear_up, owner), start_within=_START_WITHIN)
                except (DriverError, StorageError) as error:
                    log.warning("%s: transactions in doubt could not be cleared up yet: %s", owner.spec.id, error)
                    again = _AGAIN
            await first_of(owner.changed(seen), doubt.wait(), timeout=again)

    async def _clear_up(self, owner: DeviceOwner, driver: SigningDevice) -> None:
        device = owner.spec.id
        info = await driver.info()
        self._measure(owner, info)
        # What is under way here may be signed and not yet on disk: it is in no doubt, and its number is taken.
        busy = dict(self._busy)
        records = await self._records.unfinished(TRANSACTION, device)
        taken = {one.number for one, _ in records} | set(busy.values())
        for transaction, private in records:
            if transaction.state not in _IN_DOUBT or transaction.name in busy or transaction.name in self._busy:
                continue
            step = Step.load(private)
            if await reconcile(driver, info, transaction, step, taken):
                log.info("%s: %s is cleared up", transaction.name, step.kind)
            else:
                transaction.state = Transaction.UNKNOWN
                transaction.failure = "The TSE does not tell what became of this step. See its export."
            taken |= {transaction.number}
            await self._store(transaction)

    def _measure(self, owner: DeviceOwner, info: TseInfo) -> None:
        self._metrics.tse_remaining.labels(owner.spec.id).set(info.signatures_remaining)
        self._metrics.tse_expiry.labels(owner.spec.id).set(info.certificate_expiry.timestamp())


_CLIENT_SIGNS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 '()+,-./:=?")


async def _info(driver: SigningDevice) -> TseInfo:
    return await driver.info()


def _checked(process_type: str, data: bytes) -> tuple[str, bytes]:
    if len(data) > _DATA_LIMIT:
        raise invalid("/processData", f"has {len(data)} bytes, allowed are {_DATA_LIMIT}")
    if problem := processdata.check(process_type, data):
        raise invalid("/processData", problem)
    return process_type, data


def _receipt(amounts: ReceiptAmounts) -> bytes:
    kinds = {kind.value: kind for kind in processdata.Kind}
    word = amounts.type or "Beleg"
    if word not in kinds:
        raise invalid("/receipt/type", f"{word!r} is not known; allowed are {', '.join(kinds)}")
    gross = (
        amounts.vat_general,
        amounts.vat_reduced,
        amounts.vat_average_3,
        amounts.vat_average_1,
        amounts.vat_none,
    )
    payments = [
        processdata.Payment(payment.amount_minor, payment.cash, payment.currency_code or "EUR")
        for payment in amounts.payments
    ]
    try:
        return processdata.receipt(kinds[word], gross, payments)
    except CodecError as error:
        raise invalid("/receipt", str(error)) from error
