"""The store: one SQLite database with group commit, the journal and the records."""

from gateway.storage.database import SCHEMA_VERSION, Database
from gateway.storage.errors import (
    AlreadyRunningError,
    DuplicateRequestError,
    SchemaError,
    StorageError,
    StorageFullError,
)
from gateway.storage.journal import EventsGoneError, Journal, SubscriberTooSlowError
from gateway.storage.records import Page, RecordKind, Records
from gateway.storage.transaction import RequestKey, StoredEvent, Transaction, now_ms

__all__ = [
    "SCHEMA_VERSION",
    "AlreadyRunningError",
    "Database",
    "DuplicateRequestError",
    "EventsGoneError",
    "Journal",
    "Page",
    "RecordKind",
    "Records",
    "RequestKey",
    "SchemaError",
    "StorageError",
    "StorageFullError",
    "StoredEvent",
    "SubscriberTooSlowError",
    "Transaction",
    "now_ms",
]
