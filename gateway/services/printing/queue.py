"""The durable queue of one printer.

A job is on disk before it is accepted, marked SENDING on disk before its first byte leaves, and its outcome is on disk
before anybody is told. What may have been printed is never sent again unmarked.
"""

import asyncio
import heapq
import logging
import time
from dataclasses import dataclass
from functools import partial
from typing import Final

from drivers.base import Evidence, ReceiptPrinter
from drivers.errors import DriverError, Outcome
from gateway.api import ApiError, Code
from gateway.devices import DeviceOwner
from gateway.ids import new_id
from gateway.ops.metrics import Metrics
from gateway.ops.tasks import first_of
from gateway.services.kinds import PRINT_JOB
from gateway.services.printing import documents
from gateway.storage import Database, Records, StorageError, Transaction
from gateway.storage.records import copy_of, insert, update
from kassenwart.v1 import Device, OnUncertain, PrintJob

log = logging.getLogger("kassenwart.print")

_MOST_WAITING: Final = 10_000
_IN_MEMORY: Final = 200  # jobs whose bytes are kept at hand; those of longer queues are read when their turn comes
_START_WITHIN: Final = 5.0
_QUIET: Final = 0.05  # seconds that a confirmation may take before anybody is told that it is awaited
_EVIDENCE: Final = {
    Evidence.NONE: PrintJob.NONE,
    Evidence.STATUS: PrintJob.STATUS,
    Evidence.BARRIER: PrintJob.BARRIER,
    Evidence.PROCESS_ID: PrintJob.PROCESS_ID,
    Evidence.EPOS: PrintJob.EPOS,
}


@dataclass(eq=False, slots=True)
class QueuedJob:
    """A job in the queue; `source` as in `documents`, `payload` None when it must be made from the stored source."""

    message: PrintJob
    payload: bytes | None
    begun: bool = False

    @property
    def id(self) -> str:
        """The last part of its name."""
        return self.message.name.rpartition("/")[2]


class PrintQueue:
    """Prints the jobs of one printer one after another, the highest priority first."""

    def __init__(
        self, owner: DeviceOwner, database: Database, records: Records, metrics: Metrics, *, demonstration: bool
    ) -> None:
        self.owner = owner
        self.device = owner.spec.id
        self._database = database
        self._records = records
        self._metrics = metrics
        self._demonstration = demonstration
        self._heap: list[tuple[int, str, QueuedJob]] = []
        self._jobs: dict[str, QueuedJob] = {}
        self._expiries: list[tuple[float, str, QueuedJob]] = []
        self._changed = asyncio.Event()
        self._paused = False
        self.recovered = asyncio.Event()

    @property
    def length(self) -> int:
        """Jobs waiting or printing."""
        return len(self._jobs)

    def admit(self) -> None:
        """Raises RESOURCE_EXHAUSTED when the queue is full."""
        if len(self._jobs) >= _MOST_WAITING:
            raise ApiError(
                Code.RESOURCE_EXHAUSTED,
                f"{_MOST_WAITING} jobs wait for {self.device} already. {self.owner.reason}".strip(),
                reason="QUEUE_FULL",
                retry_after=30,
            )

    def put(self, message: PrintJob, payload: bytes | None) -> None:
        """Take a job that is on disk."""
        job = QueuedJob(message, payload if len(self._jobs) < _IN_MEMORY else None)
        self._jobs[job.id] = job
        heapq.heappush(self._heap, (-message.priority, job.id, job))
        if message.HasField("expire_time"):
            heapq.heappush(self._expiries, (message.expire_time.ToNanoseconds() / 1e9, job.id, job))
        self._metrics.print_queue.labels(self.device).set(len(self._jobs))
        self._changed.set()

    async def cancel(self, record: str, principal: str) -> PrintJob | None:
        """Take a job back; None when it has begun or is unknown here."""
        job = self._jobs.get(record)
        if job is None or job.begun:
            return None
        job.begun = True  # so that the queue leaves it alone meanwhile
        await self._finish(job, PrintJob.CANCELLED, principal=principal)
        return job.message

    def pause(self) -> None:
        """Begin no more jobs: the daemon stops."""
        self._paused = True

    async def run(self) -> None:
        """The queue's task."""
        await self._recover()
        self.recovered.set()
        while True:
            seen = self.owner.version
            self._changed.clear()
            await self._expire()
            job = self._best()
            if job is not None and not self._paused:
                if self.owner.state == Device.READY:
                    await self._print(job)
                    continue
                await self._hold(job, self.owner.reason)
            await first_of(self._changed.wait(), self.owner.changed(seen), timeout=self._until_expiry())

    async def _expire(self) -> None:
        """End the jobs whose time is over."""
        while self._expiries and self._expiries[0][0] <= time.time():
            job = heapq.heappop(self._expiries)[2]
            if not job.begun:
                job.begun = True
                await self._finish(job, PrintJob.EXPIRED)

    def _until_expiry(self) -> float | None:
        return max(0.01, self._expiries[0][0] - time.time()) if self._expiries else None

    async def _print(self, job: QueuedJob) -> None:
        job.begun = True
        if job.payload is None and not await self._load(job):
            return
        payload = job.payload
        assert payload is not None
        message = job.message
        before = copy_of(message)
        message.state, message.hold_reason = PrintJob.SENDING, ""
        try:
            await self.store(message)
        except StorageError as error:
            # The intent is not on disk, so nothing is sent.
            message.CopyFrom(before)
            job.begun = False
            log.warning("%s: %s", self.device, error)
            await asyncio.sleep(1)
            return
        progress = _Progress(self, job)
        try:
            evidence = await self.owner.call("print", partial(_send, payload, progress), start_within=_START_WITHIN)
        except DriverError as error:
            await progress.stop()
            await self._failed(job, error)
        except Exception as error:  # a fault of the driver: what it had sent is not known
            await progress.stop()
            log.exception("%s: printing failed", self.device)
            await self._failed(job, DriverError(f"The driver failed ({type(error).__name__})."))
        else:
            await progress.stop()
            message.evidence = _EVIDENCE[evidence]
            seconds = time.time() - message.create_time.ToMilliseconds() / 1000
            self._metrics.print_duration.labels(self.device).observe(max(0.0, seconds))
            await self._finish(job, PrintJob.PRINTED)

    async def _failed(self, job: QueuedJob, error: DriverError) -> None:
        if error.outcome is Outcome.NOT_STARTED:
            await self._hold(job, error.message)
            job.begun = False
            await asyncio.sleep(0.2)  # the owner finds out by itself what is wrong
        elif error.outcome is Outcome.FAILED:
            await self._finish(job, PrintJob.FAILED, failure=f"{error.message} {error.hint}".strip())
        else:
            await self._uncertain(job, f"{error.message} {error.hint}".strip())

    async def _uncertain(self, job: QueuedJob, why: str) -> None:
        advice = "It may have been printed, wholly or in part: look at the printer, then reprint it or leave it."
        again = None
        if job.message.on_uncertain == OnUncertain.REPRINT and not job.message.reprint_of:
            again = new_reprint(job.message, self.device)
            advice = f"It may have been printed, wholly or in part. A marked duplicate follows ({again.name})."
        await self._finish(job, PrintJob.UNCERTAIN, failure=f"{why} {advice}".strip(), also=again)

    async def _hold(self, job: QueuedJob, reason: str) -> None:
        if (job.message.state, job.message.hold_reason) != (PrintJob.HELD, reason):
            job.message.state, job.message.hold_reason = PrintJob.HELD, reason
            try:
                await self.store(job.message)
            except StorageError as error:
                log.warning("%s: %s", self.device, error)

    async def _load(self, job: QueuedJob) -> bool:
        """Make the bytes of a job again from its stored source; False when that is no longer possible."""
        source = await self._records.get_private(PRINT_JOB, self.device, job.id)
        assert source is not None
        message = job.message
        work = partial(
            documents.encode,
            source,
            self.owner.spec,
            copies=message.copies,
            duplicate=bool(message.reprint_of),
            demonstration=self._demonstration,
        )
        try:
            job.payload = await asyncio.to_thread(work)
        except ApiError as error:
            await self._finish(job, PrintJob.FAILED, failure=f"It can no longer be printed: {error.message}")
            return False
        except Exception as error:  # a fault of ours in one job must not stop the others, here and after each restart
            log.exception("%s cannot be encoded", message.name)
            why = f"It cannot be printed: an error inside Kassenwart ({type(error).__name__})."
            await self._finish(job, PrintJob.FAILED, failure=why)
            return False
        return True

    async def _finish(
        self,
        job: QueuedJob,
        state: PrintJob.State,
        *,
        failure: str = "",
        principal: str = "",
        also: PrintJob | None = None,
    ) -> None:
        message = job.message
        message.state, message.failure, message.hold_reason = state, failure, ""
        message.finish_time.GetCurrentTime()
        final = copy_of(message)
        follower = copy_of(also) if also is not None else None

        def work(transaction: Transaction) -> None:
            update(transaction, PRINT_JOB, final, principal=principal)
            if follower is not None:
                row = transaction.execute(
                    "SELECT private FROM records WHERE kind = ? AND device = ? AND id = ?",
                    (PRINT_JOB.name, self.device, job.id),
                ).fetchone()
                insert(transaction, PRINT_JOB, follower, private=row[0], principal=final.principal)

        await self._database.write_at_last(work, message.name)
        self._jobs.pop(job.id, None)
        self._metrics.print_jobs.labels(self.device, PrintJob.State.Name(state).lower()).inc()
        self._metrics.print_queue.labels(self.device).set(len(self._jobs))
        self._changed.set()
        if also is not None:
            self.put(also, None)

    async def store(self, message: PrintJob) -> None:
        """Put a changed job on disk."""
        await self._database.write(partial(_update, copy_of(message)))

    async def _recover(self) -> None:
        """Take up what the last run left: waiting jobs wait on, those under way are uncertain."""
        for message, _ in await self._records.unfinished(PRINT_JOB, self.device):
            if message.state in {PrintJob.QUEUED, PrintJob.HELD}:
                self.put(message, None)
                continue
            job = QueuedJob(message, None, begun=True)
            await self._uncertain(job, "The daemon was stopped while this job was on its way to the printer.")

    def _best(self) -> QueuedJob | None:
        while self._heap and self._heap[0][2].id not in self._jobs:
            heapq.heappop(self._heap)
        return next((job for _, _, job in self._heap[:1] if not job.begun), None)


class _Progress:
    """Follows one job while the driver sends it; speaks up only when that takes more than a moment."""

    def __init__(self, queue: PrintQueue, job: QueuedJob) -> None:
        self._queue = queue
        self._job = job
        self._task: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(_QUIET, self._begin)

    async def sent(self) -> None:
        """All bytes have left."""
        self._job.message.state = PrintJob.CONFIRMING

    async def stop(self) -> None:
        """The outcome is known: say no more."""
        self._timer.cancel()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _begin(self) -> None:
        self._task = asyncio.create_task(self._tell(), name=f"progress-{self._queue.device}")

    async def _tell(self) -> None:
        told: tuple[int, str] = (PrintJob.SENDING, "")
        while True:
            message = self._job.message
            message.hold_reason = getattr(self._queue.owner.driver, "waiting_for", "")
            if (now := (message.state, message.hold_reason)) != told:
                told = now
                try:
                    await self._queue.store(message)
                except StorageError as error:
                    log.warning("%s: %s", self._queue.device, error)
            await asyncio.sleep(0.5)


def _update(message: PrintJob, transaction: Transaction) -> None:
    update(transaction, PRINT_JOB, message)


async def _send(payload: bytes, progress: _Progress, driver: ReceiptPrinter) -> Evidence:
    return await driver.send(payload, progress)


def new_reprint(original: PrintJob, device: str) -> PrintJob:
    """A job that prints another one again, with a duplicate mark."""
    again = PrintJob(
        name=PRINT_JOB.resource_name(device, new_id()),
        state=PrintJob.QUEUED,
        principal=original.principal,
        priority=original.priority,
        copies=1,
        on_uncertain=OnUncertain.ASK,
        reprint_of=original.name,
        reference=original.reference,
    )
    again.create_time.GetCurrentTime()
    return again
