"""SQLite with group commit: several units of work share one transaction and so one fsync.

WAL and synchronous=FULL: when `write` returns, its effect survives a power cut. One connection writes, another reads.
"""

import asyncio
import fcntl
import logging
import os
import sqlite3
import time
from collections import deque
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any, Final, Protocol, Self, TypeVar

import aiosqlite

from gateway.storage.errors import AlreadyRunningError, SchemaError, StorageError, storage_error
from gateway.storage.transaction import StoredEvent, Transaction

T = TypeVar("T")

SCHEMA_VERSION: Final = 1
_BATCH: Final = 256  # units in one commit: bounds the time that the first of them waits
_PENDING: Final = 10_000
_AGAIN: Final = 1.0  # seconds between attempts to store what must be stored

log = logging.getLogger("kassenwart.storage")


class CommitObserver(Protocol):
    """Is told how long commits take."""

    def __call__(self, seconds: float, /) -> None:
        """One commit took this long."""
        ...


class _Unit:
    __slots__ = ("future", "work")

    def __init__(self, work: Callable[[Transaction], Any], future: asyncio.Future[Any]) -> None:
        self.work = work
        self.future = future


class Database:
    """The open store; made by `Database.open`."""

    def __init__(self, path: Path, lock: int, writer: aiosqlite.Connection, reader: aiosqlite.Connection) -> None:
        self.path = path
        self._lock = lock
        self._writer = writer
        self._reader = reader
        self._pending: deque[_Unit] = deque()
        self._work = asyncio.Event()
        self._closing = False
        self._task = asyncio.create_task(self._commit_loop(), name="database-writer")
        #: Called on the event loop with the events of each commit, in their order, before `write` returns.
        self.on_events: Callable[[list[StoredEvent]], None] = lambda _events: None
        self.on_commit: CommitObserver = lambda _seconds: None

    @classmethod
    async def open(cls, directory: Path) -> Self:
        """Open (or make) `kassenwart.db` in `directory`, check it and bring its schema up to date.

        Raises AlreadyRunningError, SchemaError (damaged or newer: nothing is overwritten) or StorageError.
        """
        lock = _lock_directory(directory)
        path = directory / "kassenwart.db"
        try:
            writer = await aiosqlite.connect(path, isolation_level=None)
            try:
                await _run(writer, prepare, writer._conn, path)  # noqa: SLF001 - see _run
                reader = await aiosqlite.connect(path, isolation_level=None)
                await reader.execute("PRAGMA query_only = 1")
            except BaseException:
                await writer.close()
                raise
        except sqlite3.Error as error:
            os.close(lock)
            raise StorageError(
                f"{path} cannot be opened: {error}. Check that the directory exists and belongs to this user."
            ) from error
        except BaseException:
            os.close(lock)
            raise
        return cls(path, lock, writer, reader)

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in the next transaction; when this returns, its effect is on disk.

        `work` runs on the writer's thread and must only touch the transaction. What it raises is raised here, and only
        its own changes are undone. Cancelling the wait does not undo the work.
        """
        if self._closing:
            raise StorageError("The daemon is shutting down.")
        if len(self._pending) >= _PENDING:
            raise StorageError("The disk is too slow for the present load. Try again in a moment.")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._pending.append(_Unit(work, future))
        self._work.set()
        return await asyncio.shield(future)

    async def write_at_last(self, work: Callable[[Transaction], T], what: str) -> T:
        """`write`, repeated until it succeeds: for what has happened outside and must not be forgotten."""
        while True:
            try:
                return await self.write(work)
            except StorageError as error:
                log.error("%s cannot be stored yet: %s", what, error)
                await asyncio.sleep(_AGAIN)

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Run `query` on the reader's thread; it sees everything that `write` has returned for."""
        try:
            result: T = await _run(self._reader, query, self._reader._conn)  # noqa: SLF001 - see _run
        except sqlite3.Error as error:
            raise storage_error(error) from error
        return result

    async def close(self) -> None:
        """Commit what is pending, close the files and let go of the lock."""
        if self._closing:
            return
        self._closing = True
        self._work.set()
        await self._task
        await self._reader.close()
        await self._writer.close()
        os.close(self._lock)

    async def _commit_loop(self) -> None:
        while self._pending or not self._closing:
            if not self._pending:
                self._work.clear()
                await self._work.wait()
                continue
            batch = [self._pending.popleft() for _ in range(min(len(self._pending), _BATCH))]
            started = time.perf_counter()
            try:
                outcomes, events = await _run(self._writer, _commit, self._writer._conn, batch)  # noqa: SLF001 - see _run
            except Exception as error:  # noqa: BLE001 - one failed commit must not end the writer
                failure = storage_error(error) if isinstance(error, sqlite3.Error) else StorageError(str(error))
                outcomes, events = [(None, failure)] * len(batch), []
            self.on_commit(time.perf_counter() - started)
            if events:
                self.on_events(events)
            for unit, (result, problem) in zip(batch, outcomes, strict=True):
                if unit.future.cancelled():
                    continue
                if problem is None:
                    unit.future.set_result(result)
                else:
                    unit.future.set_exception(problem)
                    unit.future.exception()  # the caller may have gone: then nobody else retrieves it


async def _run(connection: aiosqlite.Connection, function: Callable[..., T], *args: Any) -> T:
    """Run `function` on the connection's own thread.

    aiosqlite's public methods take one statement and cost two thread hops each; a whole unit of work in one hop needs
    its `_execute`. `tests/unit/test_database.py` would notice if it went away.
    """
    result: T = await connection._execute(function, *args)  # type: ignore[no-untyped-call]  # noqa: SLF001
    return result


def _commit(
    connection: sqlite3.Connection, batch: list[_Unit]
) -> tuple[list[tuple[Any, Exception | None]], list[StoredEvent]]:
    """Run a batch in one transaction, each unit in a savepoint of its own."""
    outcomes: list[tuple[Any, Exception | None]] = []
    transaction = Transaction(connection)
    connection.execute("BEGIN IMMEDIATE")
    try:
        for unit in batch:
            mark = len(transaction.events)
            connection.execute("SAVEPOINT unit")
            try:
                result = unit.work(transaction)
                connection.execute("RELEASE unit")
                outcomes.append((result, None))
            except Exception as error:
                if not connection.in_transaction:  # SQLite itself rolled everything back, as on a full disk
                    raise
                connection.execute("ROLLBACK TO unit")
                connection.execute("RELEASE unit")
                del transaction.events[mark:]
                outcomes.append((None, storage_error(error) if isinstance(error, sqlite3.Error) else error))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return outcomes, transaction.events


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Check, set up and migrate; raises SchemaError without having written when the file is damaged or newer."""
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise SchemaError(
                f"{path} was written by a newer Kassenwart (schema {version}, this program knows {SCHEMA_VERSION}). "
                "Nothing was changed. Install the newer version again, or restore a backup made by this one."
            )
        problems = [row[0] for row in connection.execute("PRAGMA quick_check(3)")]
        if problems != ["ok"]:
            raise SchemaError(_damaged(path, "; ".join(problems)))
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA wal_autocheckpoint = 4000")
        for number in range(version + 1, SCHEMA_VERSION + 1):
            script = resources.files("gateway.storage").joinpath(f"migrations/{number:04}.sql").read_text("utf-8")
            connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
            raise SchemaError(_damaged(path, str(error))) from error
        raise


def _damaged(path: Path, detail: str) -> str:
    return (
        f"{path} is damaged ({' '.join(detail.split())}). Nothing was changed. Move the file aside and restore the "
        "last backup; without a backup, keep the file: `sqlite3 FILE .recover` may save most of it."
    )


def _lock_directory(directory: Path) -> int:
    """Take the state directory for this process; the lock ends with it, however it ends."""
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o750)
        lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    except OSError as error:
        raise StorageError(
            f"The state directory {directory} cannot be used: {error.strerror}. Make it writable for this user."
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        raise AlreadyRunningError(
            f"Another Kassenwart already works in {directory}. Stop it first (systemctl stop kassenwart)."
        ) from error
    return lock
