"""What the software TSE keeps on disk, so that a crash at any moment neither loses nor repeats a number.

    key.pem           the private key                          (written once)
    certificate.pem   its certificate                          (written once)
    log.jsonl         every log message, one a line            (appended, on the disk before the answer goes out)
    state.json        what follows from the log up to a place  (now and then, so that a long log starts fast)
    lock              held while a device runs here

The log is the truth: counters, clients and open transactions are read back from it.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from drivers.tse import logmessage

_CHECKPOINT_EVERY: Final = 1000  # log messages


class StoreError(Exception):
    """The directory is in use, damaged, or cannot be written; the message says what to do."""


class Store:
    """The files of one software TSE."""

    def __init__(self, directory: Path) -> None:
        """Take the directory. Raises StoreError when another device runs on it."""
        self.directory = directory
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(directory / "lock", flags, 0o600)
        except OSError as error:
            raise StoreError(f"The directory {directory} cannot be used: {error.strerror}.") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._log = os.open(directory / "log.jsonl", flags, 0o600)
            _sync_directory(directory)
        except BlockingIOError as error:
            os.close(self._lock)
            raise StoreError(
                f"Another software TSE already runs on {directory}. Stop it first, or choose another directory."
            ) from error
        except OSError as error:
            os.close(self._lock)
            raise StoreError(f"The directory {directory} cannot be used: {error.strerror}.") from error
        self._end = os.fstat(self._log).st_size
        self._since_checkpoint = 0
        self._broken = False

    @property
    def empty(self) -> bool:
        """Whether nothing was ever signed here."""
        return self._end == 0 and not (self.directory / "state.json").exists()

    def close(self) -> None:
        """Let go of the directory."""
        os.close(self._log)
        os.close(self._lock)

    def read_once(self, name: str) -> bytes | None:
        """The content of a file that was written once; None when it was not."""
        try:
            return (self.directory / name).read_bytes()
        except FileNotFoundError:
            return None

    def write_once(self, name: str, data: bytes) -> None:
        """Write a whole file durably: after a crash it is there complete, or not at all."""
        temporary = self.directory / f"{name}.new"
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(handle, "wb", closefd=False) as file:
                file.write(data)
            os.fsync(handle)
        finally:
            os.close(handle)
        temporary.replace(self.directory / name)
        _sync_directory(self.directory)

    def load_state(self) -> tuple[dict[str, Any], Iterator[logmessage.LogMessage]]:
        """The last checkpoint, and the log messages that came after it. Raises StoreError when they do not fit.

        A last line without its end was never answered (the crash came in between) and is cut off.
        """
        state: dict[str, Any] = {}
        offset = 0
        if (saved := self.read_once("state.json")) is not None:
            try:
                state = json.loads(saved)
                offset = state["log_size"]
            except (ValueError, KeyError, TypeError) as error:
                raise StoreError(f"{self.directory / 'state.json'} is damaged. Restore it from a backup.") from error
        if offset > self._end:
            raise StoreError(
                f"{self.directory / 'log.jsonl'} is shorter than it was: signed records are missing. "
                "Restore it from a backup, or begin with an empty directory as a new TSE."
            )
        return state, self._replay(offset)

    def _replay(self, offset: int) -> Iterator[logmessage.LogMessage]:
        with os.fdopen(os.dup(self._log), "rb") as file:
            file.seek(offset)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                try:
                    yield logmessage.parse(bytes.fromhex(json.loads(line)["der"]))
                except (ValueError, KeyError, TypeError) as error:
                    raise StoreError(
                        f"{self.directory / 'log.jsonl'} is damaged at byte {offset}. Restore it from a backup."
                    ) from error
                offset += len(line)
                self._since_checkpoint += 1
        os.ftruncate(self._log, offset)
        self._end = offset

    def append(self, message: logmessage.LogMessage) -> None:
        """Put one log message on the disk. Raises OSError; then nothing more is taken until a restart."""
        if self._broken:
            raise OSError("an earlier record could not be stored")
        line = json.dumps({"name": message.file_name, "der": message.encode().hex()}).encode() + b"\n"
        self._broken = True
        if os.write(self._log, line) != len(line):
            raise OSError("the disk is full")
        os.fdatasync(self._log)
        self._broken = False
        self._end += len(line)
        self._since_checkpoint += 1

    def checkpoint(self, state: dict[str, Any], *, force: bool = False) -> None:
        """Remember what follows from the log so far, when it has grown enough."""
        if self._broken or not self._since_checkpoint or (self._since_checkpoint < _CHECKPOINT_EVERY and not force):
            return
        self.write_once("state.json", json.dumps(state | {"log_size": self._end}).encode())
        self._since_checkpoint = 0


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
