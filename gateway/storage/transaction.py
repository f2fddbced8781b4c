"""What a unit of work may do inside a transaction."""

import sqlite3
import time
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from google.protobuf import any_pb2
from google.protobuf.message import Message

from gateway.storage.errors import DuplicateRequestError


@dataclass(frozen=True)
class StoredEvent:
    """One row of the journal. `time_ms` is Unix time in milliseconds, `data` a serialised google.protobuf.Any.

    `message` is what listeners get now; the journal may keep less of it (a caller's number).
    """

    seq: int
    time_ms: int
    type: str
    subject: str
    device: str
    principal: str
    data: bytes
    message: Message | None = None

    @cached_property
    def any(self) -> any_pb2.Any:
        """The resource as it was then."""
        if self.message is not None:
            packed = any_pb2.Any()
            packed.Pack(self.message)
            return packed
        return any_pb2.Any.FromString(self.data)


@dataclass(frozen=True, slots=True)
class RequestKey:
    """What makes a creating request the same as an earlier one; `fingerprint` is the SHA-256 of its content."""

    principal: str
    method: str
    request_id: str
    fingerprint: bytes


class Transaction:
    """The open transaction that a unit of work is given. Use it on the writer's thread only."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.events: list[StoredEvent] = []

    def execute(self, sql: str, parameters: tuple[Any, ...] = ()) -> sqlite3.Cursor:
        """Run one statement."""
        return self.connection.execute(sql, parameters)

    def claim(self, key: RequestKey | None, resource: str) -> None:
        """Bind a request id to the resource it makes. Raises DuplicateRequestError when it is bound already."""
        if key is None:
            return
        try:
            self.execute(
                "INSERT INTO idempotency VALUES (?, ?, ?, ?, ?, ?)",
                (key.principal, key.method, key.request_id, key.fingerprint, resource, now_ms()),
            )
        except sqlite3.IntegrityError:
            row = find_request(key, self.connection)
            assert row is not None
            raise DuplicateRequestError(*row) from None

    def release(self, key: RequestKey | None) -> None:
        """Free a request id again, because what it asked for provably did not happen."""
        if key is not None:
            self.execute(
                "DELETE FROM idempotency WHERE principal = ? AND method = ? AND request_id = ?",
                (key.principal, key.method, key.request_id),
            )

    def event(
        self,
        kind: str,
        subject: str,
        message: Message,
        *,
        device: str = "",
        principal: str = "",
        keep: Message | None = None,
    ) -> None:
        """Append to the journal; `message` must not change any more. `keep` is stored instead of it where the disk must
        know less than listeners."""
        packed = any_pb2.Any()
        packed.Pack(keep if keep is not None else message)
        data = packed.SerializeToString()
        now = now_ms()
        cursor = self.execute(
            "INSERT INTO events (time_ms, type, subject, device, principal, data) VALUES (?, ?, ?, ?, ?, ?)",
            (now, kind, subject, device, principal, data),
        )
        assert cursor.lastrowid is not None
        self.events.append(StoredEvent(cursor.lastrowid, now, kind, subject, device, principal, data, message))


def find_request(key: RequestKey, connection: sqlite3.Connection) -> tuple[str, bytes] | None:
    """The resource and fingerprint that a request id is bound to."""
    row = connection.execute(
        "SELECT resource, fingerprint FROM idempotency WHERE principal = ? AND method = ? AND request_id = ?",
        (key.principal, key.method, key.request_id),
    ).fetchone()
    return None if row is None else (row[0], row[1])


def now_ms() -> int:
    """Unix time in milliseconds."""
    return time.time_ns() // 1_000_000
