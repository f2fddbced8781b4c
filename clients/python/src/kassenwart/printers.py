"""Receipt and kitchen printers."""

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Literal

from google.api import httpbody_pb2

from kassenwart import v1
from kassenwart._names import ids
from kassenwart._rpc import Rpc
from kassenwart._time import duration, moment
from kassenwart.documents import Content, to_document


class Printers:
    """Print jobs and printers. A job stands for itself: pass the `PrintJob`, or its `name`."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc

    async def print(
        self,
        printer: str,
        content: Content,
        *,
        copies: int = 1,
        priority: int = 0,
        reference: str = "",
        on_uncertain: v1.OnUncertain = v1.OnUncertain.ASK,
        expire_time: datetime | None = None,
        lease_number: int = 0,
        request_id: str | None = None,
        wait: float | None = None,
    ) -> v1.PrintJob:
        """Queue a document, or blocks, or plain text.

        Answers once the job is safely on disk; with `wait` once its outcome is known or after so many seconds (at
        most 600). Read `state`: PRINTED alone means that paper came out. `expire_time` needs a zone; `request_id`
        makes a repeat harmless, also after a restart of the till.
        """
        request = v1.CreatePrintJobRequest(
            printer=printer,
            document=to_document(content),
            copies=copies,
            priority=priority,
            reference=reference,
            on_uncertain=on_uncertain,
            expire_time=moment(expire_time),
            lease_number=lease_number,
            request_id=request_id,
            wait=duration(wait),
        )
        return await self._rpc.call(request, v1.PrintJob, wait=wait)

    async def print_raw(
        self,
        printer: str,
        data: bytes,
        *,
        reference: str = "",
        lease_number: int = 0,
        request_id: str | None = None,
        wait: float | None = None,
    ) -> v1.PrintJob:
        """Queue bytes in the printer's own language, at most 512 KiB. Technicians only."""
        request = v1.CreatePrintJobRequest(
            printer=printer,
            raw=data,
            reference=reference,
            lease_number=lease_number,
            request_id=request_id,
            wait=duration(wait),
        )
        return await self._rpc.call(request, v1.PrintJob, wait=wait)

    async def get(self, job: v1.PrintJob | str) -> v1.PrintJob:
        """The job as it is now."""
        printer, number = _ids(job)
        return await self._rpc.call(v1.GetPrintJobRequest(printer=printer, job=number), v1.PrintJob)

    def list(self, printer: str, *, where: str = "", page_size: int = 0) -> AsyncGenerator[v1.PrintJob, None]:
        """The jobs of a printer, newest first; `where` such as `state = UNCERTAIN AND reference = R-17`."""
        request = v1.ListPrintJobsRequest(printer=printer, page_size=page_size, filter=where)
        return self._rpc.pages(request, v1.ListPrintJobsResponse, lambda page: page.jobs)

    def watch(self, job: v1.PrintJob | str) -> AsyncGenerator[v1.PrintJob, None]:
        """The job now and each time it changes, until its state is final."""
        printer, number = _ids(job)
        return self._rpc.watch(v1.WatchPrintJobRequest(printer=printer, job=number), v1.PrintJob)

    async def cancel(self, job: v1.PrintJob | str) -> v1.PrintJob:
        """Cancel a job that has not begun to print."""
        printer, number = _ids(job)
        return await self._rpc.call(v1.CancelPrintJobRequest(printer=printer, job=number), v1.PrintJob)

    async def reprint(
        self, job: v1.PrintJob | str, *, request_id: str | None = None, wait: float | None = None
    ) -> v1.PrintJob:
        """Print a finished or uncertain job again, as a new job that carries a duplicate mark."""
        printer, number = _ids(job)
        request = v1.ReprintPrintJobRequest(printer=printer, job=number, request_id=request_id, wait=duration(wait))
        return await self._rpc.call(request, v1.PrintJob, wait=wait)

    async def status(self, printer: str) -> v1.PrinterStatus:
        """Ask the sensors: paper, cover, errors."""
        return await self._rpc.call(v1.GetPrinterStatusRequest(printer=printer), v1.PrinterStatus)

    async def render(self, content: Content, kind: Literal["PNG", "TEXT"] = "PNG", *, columns: int = 48) -> bytes:
        """How a document will look: a PNG picture, or text in UTF-8. 48 columns is 80 mm paper, 32 is 58 mm."""
        request = v1.RenderDocumentRequest(document=to_document(content), format=kind, columns=columns)
        return bytes((await self._rpc.call(request, httpbody_pb2.HttpBody)).data)


def _ids(job: v1.PrintJob | str) -> tuple[str, str]:
    printer, number = ids(job, "printers", "jobs")
    return printer, number
