"""What can go wrong with the store."""

import sqlite3

_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_TRUNCATE}


class StorageError(Exception):
    """The store could not do its work; the message says what to do next."""


class StorageFullError(StorageError):
    """No room (or no permission) to write. Nothing was changed; reads go on."""


class SchemaError(StorageError):
    """The database is damaged, or newer than this program; it was not touched."""


class AlreadyRunningError(StorageError):
    """Another daemon holds the state directory."""


class DuplicateRequestError(Exception):
    """A unit of work found that its request id was used before; `resource` and `fingerprint` are the first one's."""

    def __init__(self, resource: str, fingerprint: bytes) -> None:
        super().__init__(resource)
        self.resource = resource
        self.fingerprint = fingerprint


def storage_error(error: sqlite3.Error) -> StorageError:
    """The error to raise for one of SQLite's."""
    code = getattr(error, "sqlite_errorcode", 0)
    if code in _FULL or code == sqlite3.SQLITE_READONLY:
        return StorageFullError("The disk is full or write-protected: nothing was changed. Make room, then try again.")
    return StorageError(
        f"The database reported an error ({error}). Run `kassenwart config check` and look at the disk."
    )
