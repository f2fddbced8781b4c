"""Lasting resources: each is one public message in one table, and every change of one is an event in the journal."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from google.protobuf.message import Message

from gateway.storage.database import Database
from gateway.storage.transaction import Transaction

M = TypeVar("M", bound=Message)


@dataclass(frozen=True)
class RecordKind(Generic[M]):
    """One kind of resource.

    `collection` is its place in names with `{}` for the device; `final` are the states in which nothing changes any
    more by itself. The message has the fields `name` and `state`, and may have `reference` and `principal`.
    """

    name: str
    message: type[M]
    collection: str
    final: frozenset[int]

    def resource_name(self, device: str, record: str) -> str:
        """The resource's full name."""
        return f"{self.collection.format(device)}/{record}"

    def split(self, name: str) -> tuple[str, str] | None:
        """Device and id of a resource name; None when it names something else."""
        head, middle = self.collection.split("{}")
        if not name.startswith(head):
            return None
        device, _, rest = name.removeprefix(head).partition("/")
        if f"/{rest}".startswith(f"{middle}/"):
            record = f"/{rest}".removeprefix(f"{middle}/")
            return (device, record) if record and "/" not in record else None
        return None

    def is_final(self, message: M) -> bool:
        """True when nothing will change any more by itself."""
        return message.state in self.final  # type: ignore[attr-defined]

    def state_name(self, message: M) -> str:
        """The state as in event types: lower case."""
        value = message.DESCRIPTOR.fields_by_name["state"].enum_type.values_by_number[message.state]  # type: ignore[attr-defined, union-attr]
        return str(value.name).lower()


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """A page of a list, newest first; `next_id` is where the next page goes on, empty on the last."""

    messages: list[M]
    next_id: str


class Records:
    """Reads and writes the records of all kinds."""

    def __init__(self, database: Database, kinds: tuple[RecordKind[Any], ...]) -> None:
        self._database = database
        self._kinds = kinds

    def kind_of(self, name: str) -> tuple[RecordKind[Any], str, str] | None:
        """Kind, device and id of a resource name."""
        for kind in self._kinds:
            if found := kind.split(name):
                return kind, *found
        return None

    async def get(self, kind: RecordKind[M], device: str, record: str) -> M | None:
        """One record."""
        row = await self._database.read(partial(_select, kind.name, device, record))
        return None if row is None else kind.message.FromString(row[0])

    async def snapshot(self, kind: RecordKind[M], device: str, record: str) -> tuple[M | None, int]:
        """One record, and the number of the latest event that it reflects."""
        row = await self._database.read(partial(_select, kind.name, device, record))
        return (None, 0) if row is None else (kind.message.FromString(row[0]), row[2])

    async def get_private(self, kind: RecordKind[M], device: str, record: str) -> bytes | None:
        """What only we need of a record."""
        row = await self._database.read(partial(_select, kind.name, device, record))
        return None if row is None else row[1]

    async def find(self, name: str) -> Message | None:
        """One record by its full name."""
        place = self.kind_of(name)
        return None if place is None else await self.get(*place)

    async def unfinished(self, kind: RecordKind[M], device: str) -> list[tuple[M, bytes]]:
        """The records of a device that are not final, oldest first, with their private part."""
        rows = await self._database.read(partial(_unfinished, kind.name, device))
        return [(kind.message.FromString(body), private) for body, private in rows]

    async def page(
        self, kind: RecordKind[M], device: str, *, size: int, before: str, where: Mapping[str, str | int]
    ) -> Page[M]:
        """A page of a device's records, newest first. `where` compares the columns `state` and `reference`."""
        rows = await self._database.read(partial(_page, kind.name, device, size + 1, before, where))
        messages = [kind.message.FromString(body) for _, body in rows[:size]]
        return Page(messages, rows[size - 1][0] if len(rows) > size else "")


def copy_of(message: M) -> M:
    """A copy to hand to a unit of work: the original may change before the writer's thread gets to it."""
    copy = type(message)()
    copy.CopyFrom(message)
    return copy


def insert(
    transaction: Transaction, kind: RecordKind[M], message: M, *, private: bytes = b"", principal: str = ""
) -> None:
    """Store a new record and tell the journal."""
    device, record = _place(kind, message)
    transaction.execute(
        "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (kind.name, device, record, *_columns(kind, message), message.SerializeToString(), private),
    )
    _tell(transaction, kind, message, device, principal)


def update(
    transaction: Transaction, kind: RecordKind[M], message: M, *, private: bytes | None = None, principal: str = ""
) -> None:
    """Store a changed record and tell the journal. `private` None leaves that part as it is."""
    device, record = _place(kind, message)
    state, final, reference = _columns(kind, message)
    sets = "state = ?, final = ?, reference = ?, body = ?" + ("" if private is None else ", private = ?")
    values: tuple[Any, ...] = (state, final, reference, message.SerializeToString())
    values += () if private is None else (private,)
    cursor = transaction.execute(
        f"UPDATE records SET {sets} WHERE kind = ? AND device = ? AND id = ?",  # noqa: S608 - constant text
        (*values, kind.name, device, record),
    )
    if cursor.rowcount != 1:
        raise LookupError(f"no record {message.name}")  # type: ignore[attr-defined]
    _tell(transaction, kind, message, device, principal)


def _tell(transaction: Transaction, kind: RecordKind[M], message: M, device: str, principal: str) -> None:
    name: str = message.name  # type: ignore[attr-defined]
    event = f"kassenwart.{kind.name}.{kind.state_name(message)}"
    transaction.event(event, name, message, device=device, principal=principal)


def _place(kind: RecordKind[M], message: M) -> tuple[str, str]:
    place = kind.split(message.name)  # type: ignore[attr-defined]
    assert place is not None
    return place


def _columns(kind: RecordKind[M], message: M) -> tuple[int, int, str]:
    return message.state, int(kind.is_final(message)), getattr(message, "reference", "")  # type: ignore[attr-defined]


def _select(kind: str, device: str, record: str, connection: sqlite3.Connection) -> tuple[bytes, bytes, int] | None:
    row: tuple[bytes, bytes, int] | None = connection.execute(
        "SELECT body, private, (SELECT seq FROM sqlite_sequence WHERE name = 'events') "
        "FROM records WHERE kind = ? AND device = ? AND id = ?",
        (kind, device, record),
    ).fetchone()
    return row


def _unfinished(kind: str, device: str, connection: sqlite3.Connection) -> list[tuple[bytes, bytes]]:
    return connection.execute(
        "SELECT body, private FROM records WHERE kind = ? AND device = ? AND final = 0 ORDER BY id", (kind, device)
    ).fetchall()


def _page(
    kind: str, device: str, limit: int, before: str, where: Mapping[str, str | int], connection: sqlite3.Connection
) -> list[tuple[str, bytes]]:
    sql = "SELECT id, body FROM records WHERE kind = ? AND device = ?"
    values: list[Any] = [kind, device]
    if before:
        sql += " AND id < ?"
        values.append(before)
    for column in ("state", "reference"):
        if column in where:
            sql += f" AND {column} = ?"
            values.append(where[column])
    return connection.execute(f"{sql} ORDER BY id DESC LIMIT ?", (*values, limit)).fetchall()
