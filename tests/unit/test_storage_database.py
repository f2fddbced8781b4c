"""The database: group commit, savepoints, durability, refusal of what it must not touch."""

import asyncio
import hashlib
import multiprocessing
import os
import sqlite3
import threading

import pytest
from google.protobuf.wrappers_pb2 import StringValue

from gateway.storage import (
    SCHEMA_VERSION,
    AlreadyRunningError,
    Database,
    DuplicateRequestError,
    RequestKey,
    SchemaError,
    StorageError,
    StorageFullError,
)
from gateway.storage import database as module
from gateway.storage.errors import storage_error
from gateway.storage.tokens import create_token, find_token, list_tokens, revoke_token
from kassenwart.v1 import Role


@pytest.fixture
async def database(tmp_path):
    opened = await Database.open(tmp_path)
    yield opened
    await opened.close()


def put(key, value="1"):
    return lambda transaction: transaction.execute("INSERT INTO facts VALUES (?, ?)", (key, value))


def tell(text):
    return lambda transaction: transaction.event("test", f"things/{text}", StringValue(value=text))


async def facts(database):
    return dict(await database.read(lambda connection: connection.execute("SELECT key, value FROM facts").fetchall()))


class Gate:
    """Keeps the writer's thread busy until opened, so that what is written meanwhile gathers in one batch."""

    def __init__(self, database):
        self._open = threading.Event()
        self._held = threading.Event()
        self._database = database

    async def __aenter__(self):
        self._task = asyncio.create_task(self._database.write(self._hold))
        await asyncio.to_thread(self._held.wait, 5)
        return self

    async def __aexit__(self, *exc):
        self._open.set()
        await self._task

    def _hold(self, _transaction):
        self._held.set()
        assert self._open.wait(10)


async def test_writers_share_commits(database):
    commits = []
    database.on_commit = commits.append
    async with Gate(database):
        writes = [asyncio.create_task(database.write(put(f"k{number}"))) for number in range(100)]
        await asyncio.sleep(0)
    await asyncio.gather(*writes)
    assert len(await facts(database)) == 100
    assert len(commits) == 2  # the gate's, and one for all hundred
    assert all(seconds >= 0 for seconds in commits)


async def test_a_batch_has_a_bound(database, monkeypatch):
    monkeypatch.setattr(module, "_BATCH", 10)
    commits = []
    database.on_commit = commits.append
    async with Gate(database):
        writes = [asyncio.create_task(database.write(put(f"k{number}"))) for number in range(25)]
        await asyncio.sleep(0)
    await asyncio.gather(*writes)
    assert len(commits) == 1 + 3


async def test_a_failing_unit_rolls_back_alone(database):
    told = []
    database.on_events = told.extend

    def fails_late(transaction):
        put("half")(transaction)
        tell("half")(transaction)
        raise LookupError("changed my mind")

    async with Gate(database):
        writes = [
            asyncio.create_task(database.write(work))
            for work in (put("first"), fails_late, tell("whole"), put("first"), put("last"))
        ]
        await asyncio.sleep(0)
    results = await asyncio.gather(*writes, return_exceptions=True)
    assert isinstance(results[1], LookupError)
    assert isinstance(results[3], StorageError)  # a twin of the first key
    assert not isinstance(results[0], Exception)
    assert not isinstance(results[4], Exception)
    assert set(await facts(database)) == {"first", "last"}
    assert [event.subject for event in told] == ["things/whole"]
    stored = await database.read(lambda connection: connection.execute("SELECT subject FROM events").fetchall())
    assert stored == [("things/whole",)]


async def test_write_returns_what_the_unit_returns(database):
    assert await database.write(lambda _transaction: 42) == 42


async def test_what_write_returned_for_is_read_at_once(database):
    for number in range(20):
        await database.write(put(f"k{number}"))
        assert f"k{number}" in await facts(database)


async def test_what_was_written_is_there_after_reopening(tmp_path):
    first = await Database.open(tmp_path)
    await first.write(put("kept", "yes"))
    await first.close()
    second = await Database.open(tmp_path)
    try:
        assert await facts(second) == {"kept": "yes"}
    finally:
        await second.close()


def _write_and_die(directory, written):
    async def work():
        database = await Database.open(directory)
        for number in range(10):
            await database.write(put(f"k{number}"))
            written.put(number)
        written.close()
        written.join_thread()
        os._exit(9)  # no close, no atexit: as kill -9

    asyncio.run(work())


async def test_what_was_written_survives_a_killed_process(tmp_path):
    context = multiprocessing.get_context("spawn")
    written = context.Queue()
    process = context.Process(target=_write_and_die, args=(tmp_path, written))
    await asyncio.to_thread(process.start)
    await asyncio.to_thread(process.join, 20)
    assert process.exitcode == 9
    database = await Database.open(tmp_path)  # the dead process's lock is gone with it
    try:
        assert set(await facts(database)) == {f"k{number}" for number in range(10)}
    finally:
        await database.close()


async def test_the_pragmas_that_durability_needs(database):
    def pragmas(transaction):
        return [
            transaction.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "user_version")
        ]

    assert await database.write(pragmas) == ["wal", 2, SCHEMA_VERSION]


async def test_the_reader_cannot_write(database):
    with pytest.raises(StorageError):
        await database.read(lambda connection: connection.execute("INSERT INTO facts VALUES ('a', 'b')"))


async def test_events_are_published_in_order_before_write_returns(database):
    told = []
    database.on_events = told.extend

    async def write(text):
        await database.write(tell(text))
        assert f"things/{text}" in [event.subject for event in told]

    await asyncio.gather(*(write(str(number)) for number in range(60)))
    numbers = [event.seq for event in told]
    assert numbers == list(range(1, 61))


async def test_a_cancelled_waiter_does_not_undo_its_work(database):
    async with Gate(database):
        waiter = asyncio.create_task(database.write(put("kept")))
        other = asyncio.create_task(database.write(put("other")))
        failing = asyncio.create_task(database.write(lambda _transaction: 1 / 0))
        await asyncio.sleep(0)
        waiter.cancel()
        failing.cancel()
        await asyncio.wait({waiter, failing})
        assert waiter.cancelled()
    await other
    assert set(await facts(database)) == {"kept", "other"}


async def test_a_full_mailbox_is_told(database, monkeypatch):
    monkeypatch.setattr(module, "_PENDING", 2)
    async with Gate(database):
        writes = [asyncio.create_task(database.write(put(f"k{number}"))) for number in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(StorageError, match="too slow"):
            await writes[2]
    await asyncio.gather(*writes[:2])
    assert len(await facts(database)) == 2


async def test_write_after_close_is_refused_and_what_was_pending_is_stored(tmp_path):
    database = await Database.open(tmp_path)
    async with Gate(database):
        pending = asyncio.create_task(database.write(put("pending")))
        await asyncio.sleep(0)
        closing = asyncio.create_task(database.close())
        await asyncio.sleep(0)
        with pytest.raises(StorageError, match="shutting down"):
            await database.write(put("late"))
    await pending
    await closing
    await database.close()  # twice is no error
    connection = sqlite3.connect(tmp_path / "kassenwart.db")
    assert connection.execute("SELECT key FROM facts").fetchall() == [("pending",)]
    connection.close()


async def test_a_failed_commit_fails_its_batch_and_not_the_writer(database):
    def spoil(transaction):
        put("spoilt")(transaction)
        transaction.execute("ROLLBACK")  # as SQLite itself does on a full disk
        raise sqlite3.OperationalError("disk I/O error")

    async with Gate(database):
        writes = [asyncio.create_task(database.write(work)) for work in (put("first"), spoil, put("last"))]
        await asyncio.sleep(0)
    results = await asyncio.gather(*writes, return_exceptions=True)
    assert all(isinstance(result, StorageError) for result in results)
    assert await facts(database) == {}
    await database.write(put("after"))
    assert set(await facts(database)) == {"after"}


async def test_a_full_disk_is_told_as_such_and_nothing_is_changed(database):
    await database.write(put("before"))
    pages = await database.write(lambda transaction: transaction.execute("PRAGMA page_count").fetchone()[0])
    await database.write(lambda transaction: transaction.execute(f"PRAGMA max_page_count = {pages}").fetchone())
    with pytest.raises(StorageFullError, match="Make room"):
        await database.write(put("big", "x" * 1_000_000))
    assert set(await facts(database)) == {"before"}
    await database.write(lambda transaction: transaction.execute("PRAGMA max_page_count = 1000000").fetchone())
    await database.write(put("after"))
    assert set(await facts(database)) == {"before", "after"}


def test_other_errors_of_sqlite_are_no_full_disk():
    error = storage_error(sqlite3.OperationalError("no such table"))
    assert type(error) is StorageError
    assert "no such table" in str(error)


# --- request ids -----------------------------------------------------------------------------------------------------

KEY = RequestKey("till", "OpenDrawer", "r1", b"\x01" * 32)


async def test_a_request_id_is_bound_once(database):
    await database.write(lambda transaction: transaction.claim(KEY, "drawers/d/openings/1"))
    with pytest.raises(DuplicateRequestError) as error:
        await database.write(lambda transaction: transaction.claim(KEY, "drawers/d/openings/2"))
    assert error.value.resource == "drawers/d/openings/1"
    assert error.value.fingerprint == KEY.fingerprint


async def test_of_twins_in_one_commit_one_wins(database):
    def make(number):
        def work(transaction):
            put(f"made-{number}")(transaction)
            transaction.claim(KEY, f"things/{number}")

        return work

    async with Gate(database):
        writes = [asyncio.create_task(database.write(make(number))) for number in range(5)]
        await asyncio.sleep(0)
    results = await asyncio.gather(*writes, return_exceptions=True)
    assert [type(result) for result in results[1:]] == [DuplicateRequestError] * 4
    assert {result.resource for result in results[1:]} == {"things/0"}
    assert set(await facts(database)) == {"made-0"}


@pytest.mark.parametrize(
    "other",
    [
        RequestKey("till-2", "OpenDrawer", "r1", KEY.fingerprint),
        RequestKey("till", "CreatePayment", "r1", KEY.fingerprint),
        RequestKey("till", "OpenDrawer", "r2", KEY.fingerprint),
    ],
)
async def test_principal_method_and_id_make_the_key(database, other):
    await database.write(lambda transaction: transaction.claim(KEY, "things/1"))
    await database.write(lambda transaction: transaction.claim(other, "things/2"))


async def test_a_released_request_id_is_free_and_none_is_no_key(database):
    await database.write(lambda transaction: transaction.claim(KEY, "things/1"))
    await database.write(lambda transaction: transaction.release(KEY))
    await database.write(lambda transaction: transaction.claim(KEY, "things/2"))
    for _ in range(2):
        await database.write(lambda transaction: transaction.claim(None, "things/3"))
    await database.write(lambda transaction: transaction.release(None))
    rows = await database.read(lambda connection: connection.execute("SELECT resource FROM idempotency").fetchall())
    assert rows == [("things/2",)]


# --- opening ---------------------------------------------------------------------------------------------------------


def fingerprint(directory):
    """Every file of the directory but the lock, with its content."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(directory.iterdir())
        if path.name != "lock"
    }


async def test_a_newer_schema_is_refused_and_not_touched(tmp_path):
    await (await Database.open(tmp_path)).close()
    connection = sqlite3.connect(tmp_path / "kassenwart.db")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    before = fingerprint(tmp_path)
    with pytest.raises(SchemaError, match="newer Kassenwart"):
        await Database.open(tmp_path)
    assert fingerprint(tmp_path) == before
    with pytest.raises(SchemaError):  # the lock was let go: the same answer, not AlreadyRunningError
        await Database.open(tmp_path)


@pytest.mark.parametrize("damage", ["header", "page", "cut"])
async def test_a_damaged_file_is_refused_and_not_touched(tmp_path, damage):
    database = await Database.open(tmp_path)
    for number in range(300):
        await database.write(put(f"k{number}", "x" * 200))
    await database.close()
    path = tmp_path / "kassenwart.db"
    data = bytearray(path.read_bytes())
    match damage:
        case "header":
            data[:16] = b"this is no store"
        case "page":
            for start in range(4096, len(data), 4096):
                data[start : start + 64] = os.urandom(64)
        case "cut":
            del data[len(data) // 2 :]
    path.write_bytes(data)
    before = fingerprint(tmp_path)
    with pytest.raises(SchemaError, match=r"is damaged.*Nothing was changed"):
        await Database.open(tmp_path)
    assert fingerprint(tmp_path) == before


async def test_a_second_opener_is_refused(database, tmp_path):
    with pytest.raises(AlreadyRunningError, match="already works"):
        await Database.open(tmp_path)
    await database.write(put("still"))
    assert await facts(database) == {"still": "1"}


async def test_a_directory_that_cannot_be_used_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be used"):
        await Database.open(tmp_path / "file" / "state")
    (tmp_path / "state" / "kassenwart.db").mkdir(parents=True)
    with pytest.raises(StorageError, match="cannot be opened"):
        await Database.open(tmp_path / "state")
    (tmp_path / "state" / "kassenwart.db").rmdir()
    await (await Database.open(tmp_path / "state")).close()  # the lock was let go


async def test_migrations_run_in_order_and_each_whole(tmp_path, monkeypatch):
    await (await Database.open(tmp_path)).close()
    monkeypatch.setattr(module, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
    migrations = tmp_path / "package"
    (migrations / "migrations").mkdir(parents=True)
    monkeypatch.setattr(module.resources, "files", lambda _name: migrations)
    script = migrations / "migrations" / f"{SCHEMA_VERSION + 1:04}.sql"
    script.write_text("CREATE TABLE extra (a); INSERT INTO extra VALUES (1); INSERT INTO nowhere VALUES (1);")
    with pytest.raises(StorageError, match="nowhere"):
        await Database.open(tmp_path)
    connection = sqlite3.connect(tmp_path / "kassenwart.db")
    assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    assert connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'extra'").fetchone() == (0,)
    connection.close()
    script.write_text("CREATE TABLE extra (a); INSERT INTO extra VALUES (1);")
    database = await Database.open(tmp_path)
    try:
        assert await database.read(lambda connection: connection.execute("SELECT a FROM extra").fetchall()) == [(1,)]
    finally:
        await database.close()


# --- tokens ----------------------------------------------------------------------------------------------------------


async def test_only_hashes_of_tokens_are_stored(database, tmp_path):
    token = await database.write(lambda transaction: create_token(transaction, "till", Role.POS))
    assert token.startswith("kw_")
    await database.write(lambda transaction: transaction.execute("PRAGMA user_version").fetchone())
    for path in tmp_path.iterdir():
        assert token.encode() not in path.read_bytes(), path
    found = await database.read(lambda connection: find_token(token, connection))
    assert (found.name, found.role, found.revoke_ms) == ("till", Role.POS, None)
    assert await database.read(lambda connection: find_token(token[:-1], connection)) is None


async def test_tokens_are_revoked_by_id_or_name(database):
    tokens = [
        await database.write(lambda unit, name=name: create_token(unit, name, Role.POS)) for name in ("a", "b", "b")
    ]
    first = (await database.read(list_tokens))[0]
    assert await database.write(lambda unit: revoke_token(unit, first.id)) == 1
    assert await database.write(lambda unit: revoke_token(unit, "b")) == 2
    assert await database.write(lambda unit: revoke_token(unit, "b")) == 0
    for token in tokens:
        assert await database.read(lambda connection, token=token: find_token(token, connection)) is None
    assert all(one.revoke_ms is not None for one in await database.read(list_tokens))
