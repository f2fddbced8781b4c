"""The durable queue of one printer.

A job is on disk before it is accepted, marked SENDING on disk before its first byte leaves, and its outcome is on disk
before anybody is told. What may have been printed is never sent again unmarked.

Syncing the disk is what takes time. So the mark SENDING shares a transaction with what comes just before it: with the
job itself where the printer waits for work, else with the outcome of the job before.
"""

import asyncio
import contextlib
import heapq
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from drivers.base import Evidence, ReceiptPrinter
from drivers.errors import DriverError, Outcome
from gateway.api import ApiError, Code
from gateway.devices import DeviceOwner
from gateway.ids import new_id
from gateway.ops.metrics import Metrics
from gateway.services.kinds import PRINT_JOB
from gateway.services.printing import documents
from gateway.storage import Database, Records, StorageError, Transaction
from gateway.storage.records import copy_of, insert, update
from kassenwart.v1 import Device, OnUncertain, PrintJob

log = logging.getLogger("kassenwart.print")

_MOST_WAITING: Final = 10_000
_AT_HAND: Final = 16 << 20  # bytes of waiting jobs kept in memory; what is more is made anew when its turn comes
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
        self._at_hand = 0
        self._turn: QueuedJob | None = None  # marked SENDING on disk, not given to the printer yet
        self._promised = False  # a job is being stored with this mark
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

    async def accept(
        self, message: PrintJob, payload: bytes, store: Callable[[Transaction, PrintJob], None]
    ) -> PrintJob:
        """Put a new job on disk with `store` and take it; returns it as it was accepted."""
        accepted = copy_of(message)
        at_once = self._idle and not message.HasField("expire_time")
        if at_once:
            message.state = PrintJob.SENDING
        intent = copy_of(message)

        def work(transaction: Transaction) -> None:
            store(transaction, accepted)
            if at_once:
                update(transaction, PRINT_JOB, intent)

        self._promised |= at_once
        try:
            await self._database.write(work)
        finally:
            if at_once:
                self._promised = False
        self.put(message, payload)
        return accepted

    @property
    def _idle(self) -> bool:
        """True when a job that comes now is the next to be printed, at once."""
        return self.owner.state == Device.READY and not (self._jobs or self._promised or self._paused)

    def put(self, message: PrintJob, payload: bytes | None) -> None:
        """Take a job that is on disk."""
        if payload is not None and self._at_hand + len(payload) > _AT_HAND:
            payload = None
        job = QueuedJob(message, payload)
        self._at_hand += len(payload or b"")
        self._jobs[job.id] = job
        if message.state == PrintJob.SENDING:
            self._take_turn(job)
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
        async with asyncio.TaskGroup() as group:
            group.create_task(self._heed_printer(), name=f"printer-{self.device}")
            while True:
                self._changed.clear()
                await self._expire()
                if not await self._step():
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(self._until_expiry()):
                            await self._changed.wait()

    async def _heed_printer(self) -> None:
        """Look again after every change of the printer's state."""
        seen = self.owner.version
        while True:
            await self.owner.changed(seen)
            seen = self.owner.version
            self._changed.set()

    async def _step(self) -> bool:
        """Print the job whose turn it is, or have it wait; False when there is nothing more to do now."""
        job, self._turn = self._turn or self._best(), None
        self.owner.hurry = job is not None
        if job is None or (self._paused and not job.begun):
            return False
        if self._paused:
            await self._put_back(job, "The daemon was stopped before its turn.")
        elif self.owner.state != Device.READY:
            await self._put_back(job, self.owner.reason)
        else:
            await self._print(job)
            return True
        return False

    async def _expire(self) -> None:
        """End the jobs whose time is over."""
        while self._expiries and self._expiries[0][0] <= time.time():
            job = heapq.heappop(self._expiries)[2]
            if not job.begun:
                job.begun = True
                await self._finish(job, PrintJob.EXPIRED)

    def _until_expiry(self) -> float | None:
        return max(0.01, self._expiries[0][0] - time.time()) if self._expiries else None

    def _take_turn(self, job: QueuedJob) -> None:
        job.begun = True
        job.message.state, job.message.hold_reason = PrintJob.SENDING, ""
        self._turn = job

    async def _mark(self, job: QueuedJob) -> bool:
        """Put the mark SENDING on disk, unless it is there; False when that fails: then nothing may be sent."""
        message = job.message
        if message.state == PrintJob.SENDING:
            return True
        before = copy_of(message)
        message.state, message.hold_reason = PrintJob.SENDING, ""
        try:
            await self.store(message)
        except StorageError as error:
            message.CopyFrom(before)
            job.begun = False
            log.warning("%s: %s", self.device, error)
            await asyncio.sleep(1)
            return False
        return True

    async def _print(self, job: QueuedJob) -> None:
        job.begun = True
        if (job.payload is None and not await self._load(job)) or not await self._mark(job):
            return
        payload = job.payload
        assert payload is not None
        message = job.message
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
            await self._put_back(job, error.message)
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

    async def _put_back(self, job: QueuedJob, reason: str) -> None:
        """Have a job wait (again) of which nothing was sent."""
        if (job.message.state, job.message.hold_reason) != (PrintJob.HELD, reason):
            job.message.state, job.message.hold_reason = PrintJob.HELD, reason
            try:
                await self.store(job.message)
            except StorageError as error:
                log.warning("%s: %s", self.device, error)
        job.begun = False

    async def _load(self, job: QueuedJob) -> bool:
        """Make the bytes of a job again from its stored source; False when that is no longer possible."""
        source = await self._records.get_private(PRINT_JOB, self.device, job.id)
        message = job.message
        work = partial(
            documents.encode,
            source or b"",
            self.owner.spec,
            copies=message.copies,
            duplicate=bool(message.reprint_of),
            demonstration=self._demonstration,
        )
        try:
            job.payload = await asyncio.to_thread(work)
            self._at_hand += len(job.payload)
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
        if self._jobs.pop(job.id, None) is not None:
            self._at_hand -= len(job.payload or b"")
        following = self._following() if state == PrintJob.PRINTED else None
        if following is not None:
            self._take_turn(following)
        intent = copy_of(following.message) if following is not None else None

        def work(transaction: Transaction) -> None:
            update(transaction, PRINT_JOB, final, principal=principal)
            if intent is not None:
                update(transaction, PRINT_JOB, intent)
            if follower is not None:
                row = transaction.execute(
                    "SELECT private FROM records WHERE kind = ? AND device = ? AND id = ?",
                    (PRINT_JOB.name, self.device, job.id),
                ).fetchone()
                insert(transaction, PRINT_JOB, follower, private=row[0], principal=final.principal)

        await self._database.write_at_last(work, message.name)
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

    def _following(self) -> QueuedJob | None:
        """The job that goes to the printer next, where nothing stands in its way."""
        if self.owner.state != Device.READY or self._turn is not None or self._promised or self._paused:
            return None
        job = self._best()
        if job is None or job.payload is None or job.message.HasField("expire_time"):
            return None
        return job

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
