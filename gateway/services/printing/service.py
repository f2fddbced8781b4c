"""The printer service: takes jobs into durable queues, follows them, and renders documents."""

import asyncio
import logging
from collections.abc import AsyncIterator
from functools import partial
from typing import Final

from google.api.httpbody_pb2 import HttpBody

from drivers import base
from drivers import document as doc
from drivers.base import Paper, ReceiptPrinter
from gateway.api import ApiError, Call, Code, check_range, check_text, invalid
from gateway.devices import DeviceOwner, DeviceRegistry
from gateway.devices.registry import Spawn
from gateway.ids import new_id
from gateway.ops.metrics import Metrics
from gateway.services.kinds import PRINT_JOB
from gateway.services.outcomes import Outcomes
from gateway.services.printing import documents
from gateway.services.printing.queue import PrintQueue, new_reprint
from gateway.storage import Database, Records, Transaction
from gateway.storage.records import insert
from kassenwart.v1 import (
    CancelPrintJobRequest,
    CreatePrintJobRequest,
    Device,
    GetPrinterStatusRequest,
    GetPrintJobRequest,
    ListPrintJobsRequest,
    ListPrintJobsResponse,
    OnUncertain,
    PrinterStatus,
    PrintJob,
    RenderDocumentRequest,
    ReprintPrintJobRequest,
    Role,
    WatchPrintJobRequest,
)

log = logging.getLogger("kassenwart.print")

_RAW_LIMIT: Final = 512 * 1024
_POLICIES: Final = {"ask": OnUncertain.ASK, "reprint": OnUncertain.REPRINT, "never": OnUncertain.NEVER}
_PAPER: Final = {
    Paper.UNKNOWN: PrinterStatus.PAPER_UNSPECIFIED,
    Paper.OK: PrinterStatus.OK,
    Paper.NEAR_END: PrinterStatus.NEAR_END,
    Paper.OUT: PrinterStatus.OUT,
}


class PrinterService:
    """Implements PrinterService of the contract; one queue for each printer."""

    kind = Device.PRINTER

    def __init__(
        self,
        registry: DeviceRegistry,
        database: Database,
        records: Records,
        outcomes: Outcomes,
        metrics: Metrics,
        spawn: Spawn,
        *,
        demonstration: bool,
    ) -> None:
        self._registry = registry
        self._database = database
        self._records = records
        self._outcomes = outcomes
        self._metrics = metrics
        self._spawn = spawn
        self._demonstration = demonstration
        self._queues: dict[str, tuple[PrintQueue, asyncio.Task[None]]] = {}
        self._warm = asyncio.Event()

    async def warm_up(self) -> None:
        """Load what encoding needs, on a thread."""
        try:
            await documents.warm_up()
        finally:
            self._warm.set()

    def device_added(self, owner: DeviceOwner) -> None:
        """Begin to serve a printer."""
        queue = PrintQueue(owner, self._database, self._records, self._metrics, demonstration=self._demonstration)
        self._queues[owner.spec.id] = (queue, self._spawn(queue.run(), f"queue-{owner.spec.id}"))

    async def device_removed(self, device: str) -> None:
        """Stop serving a printer; its waiting jobs stay on disk and go on when it is back."""
        _, task = self._queues.pop(device)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    def pause(self) -> None:
        """Begin no more jobs: the daemon stops."""
        for queue, _ in self._queues.values():
            queue.pause()

    async def create_print_job(self, call: Call, request: CreatePrintJobRequest) -> PrintJob:
        """Take a job."""
        queue = await self._queue(request.printer)
        self._registry.leases.admit(request.printer, call)
        self._check(call, request)
        queue.admit()
        copies = request.copies or 1
        if request.raw:
            source = documents.RAW + request.raw
            payload = request.raw * copies
        else:
            source = documents.DOCUMENT + request.document.SerializeToString()
            payload = await self._encode(queue, request, source, copies)
        message = PrintJob(
            name=PRINT_JOB.resource_name(request.printer, new_id()),
            state=PrintJob.QUEUED,
            principal=call.principal.name,
            priority=request.priority,
            copies=copies,
            on_uncertain=request.on_uncertain or self._policy(request.printer),
            reference=request.reference,
            size_bytes=len(payload),
        )
        message.create_time.GetCurrentTime()
        if request.HasField("expire_time"):
            message.expire_time.CopyFrom(request.expire_time)
        return await self._accept(call, queue, message, source, payload)

    async def reprint_print_job(self, call: Call, request: ReprintPrintJobRequest) -> PrintJob:
        """Print a job again, marked."""
        queue = await self._queue(request.printer)
        self._registry.leases.admit(request.printer, call)
        queue.admit()
        original = await self._outcomes.get(PRINT_JOB, request.printer, request.job)
        if not PRINT_JOB.is_final(original):
            raise ApiError(
                Code.FAILED_PRECONDITION,
                f"{original.name} is still {PrintJob.State.Name(original.state)}: only a finished job is reprinted.",
                reason="JOB_NOT_FINISHED",
            )
        source = await self._records.get_private(PRINT_JOB, request.printer, request.job)
        assert source is not None
        await self._warm.wait()
        spec = self._registry.spec(request.printer)
        payload = await asyncio.to_thread(
            documents.encode, source, spec, copies=1, duplicate=True, demonstration=self._demonstration
        )
        message = new_reprint(original, request.printer)
        message.principal = call.principal.name
        message.size_bytes = len(payload)
        return await self._accept(call, queue, message, source, payload)

    async def get_print_job(self, _call: Call, request: GetPrintJobRequest) -> PrintJob:
        """One job."""
        return await self._outcomes.get(PRINT_JOB, request.printer, request.job)

    async def list_print_jobs(self, _call: Call, request: ListPrintJobsRequest) -> ListPrintJobsResponse:
        """The jobs of a printer."""
        self._registry.spec(request.printer)
        page = await self._outcomes.page(PRINT_JOB, request.printer, request)
        return ListPrintJobsResponse(jobs=page.messages, next_page_token=page.next_id)

    async def watch_print_job(self, _call: Call, request: WatchPrintJobRequest) -> AsyncIterator[PrintJob]:
        """A job as it changes."""
        async for message in self._outcomes.watch(PRINT_JOB, request.printer, request.job):
            yield message

    async def cancel_print_job(self, call: Call, request: CancelPrintJobRequest) -> PrintJob:
        """Take a job back that has not begun."""
        queue = await self._queue(request.printer)
        cancelled = await queue.cancel(request.job, call.principal.name)
        message = cancelled or await self._outcomes.get(PRINT_JOB, request.printer, request.job)
        if message.state != PrintJob.CANCELLED:
            raise ApiError(
                Code.FAILED_PRECONDITION,
                f"{message.name} is {PrintJob.State.Name(message.state)} already: only a job that has not begun to "
                "print can be cancelled.",
                reason="JOB_BEGUN",
            )
        return message

    async def get_printer_status(self, _call: Call, request: GetPrinterStatusRequest) -> PrinterStatus:
        """Ask the sensors now."""
        queue = await self._queue(request.printer)
        status = await queue.owner.call("status", _status, start_within=5)
        message = PrinterStatus(
            name=f"printers/{request.printer}/status",
            answers=status.answers,
            online=status.online,
            paper=_PAPER[status.paper],
            cover_open=status.cover_open,
            error=status.error,
            drawer_pin_high=status.drawer_pin_high,
            queue_length=queue.length,
        )
        message.read_time.GetCurrentTime()
        return message

    async def render_document(self, _call: Call, request: RenderDocumentRequest) -> HttpBody:
        """A document as it will look."""
        columns = request.columns or 48
        check_range("/columns", columns, 16, 96)
        document = documents.to_driver(request.document, demonstration=self._demonstration)
        picture = request.format != RenderDocumentRequest.TEXT
        try:
            data = await asyncio.to_thread(_render, document, columns, picture)
        except doc.DocumentError as error:
            raise documents.document_error(error) from error
        return HttpBody(content_type="image/png" if picture else "text/plain; charset=utf-8", data=data)

    async def _queue(self, printer: str) -> PrintQueue:
        self._registry.owner(printer, Device.PRINTER)  # raises what is wrong with it
        queue = self._queues[printer][0]
        await queue.recovered.wait()
        return queue

    def _check(self, call: Call, request: CreatePrintJobRequest) -> None:
        if bool(request.raw) == request.HasField("document"):
            raise invalid("", "needs either document or raw")
        if request.raw and call.principal.role != Role.TECHNICIAN:
            raise ApiError(
                Code.PERMISSION_DENIED,
                "Raw bytes need a technician's token: they can do anything to a printer. Send a document instead.",
                reason="ROLE_MISSING",
            )
        if len(request.raw) > _RAW_LIMIT:
            raise invalid("/raw", f"has {len(request.raw)} bytes, allowed are {_RAW_LIMIT}")
        check_range("/copies", request.copies, 0, 20)
        check_range("/priority", request.priority, -100, 100)
        check_text("/reference", request.reference, 128)

    async def _encode(self, queue: PrintQueue, request: CreatePrintJobRequest, source: bytes, copies: int) -> bytes:
        await self._warm.wait()
        work = partial(
            documents.encode,
            source,
            queue.owner.spec,
            copies=copies,
            duplicate=False,
            demonstration=self._demonstration,
        )
        if documents.has_pictures(request.document):
            return await asyncio.to_thread(work)
        return work()

    async def _accept(
        self, call: Call, queue: PrintQueue, message: PrintJob, source: bytes, payload: bytes
    ) -> PrintJob:
        def store(transaction: Transaction, accepted: PrintJob) -> None:
            transaction.claim(call.key, accepted.name)
            insert(transaction, PRINT_JOB, accepted, private=source, principal=call.principal.name)

        return await queue.accept(message, payload, store)

    def _policy(self, printer: str) -> OnUncertain:
        return _POLICIES[self._registry.spec(printer).options.get("on_uncertain", "ask")]


async def _status(driver: ReceiptPrinter) -> base.PrinterStatus:
    return await driver.status()


def _render(document: doc.Document, columns: int, picture: bool) -> bytes:
    slip = doc.layout(document, doc.Paper(columns))
    if not picture:
        return doc.render_text(slip).encode()
    from drivers.document.raster import render_png  # noqa: PLC0415 - Pillow is only needed here

    return render_png(slip)
