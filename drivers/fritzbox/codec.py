"""The lines of the FRITZ!Box call monitor: semicolon-separated text, one event a line, never anything sent back.

    06.11.14 17:15:30;RING;0;03023125222;990133;SIP0;

There is no official document; the shapes are those of recorded lines from FRITZ!OS of 2010 to 2026.
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Final

from drivers.base import CallStep, LineEvent
from drivers.errors import CodecError

PORT: Final = 1012
MAX_LINE: Final = 4096  # octets; the longest seen had 80

_STAMP: Final = "%d.%m.%y %H:%M:%S"
_NUMBER: Final = re.compile(r"[0-9]{1,9}")


def parse(line: bytes) -> LineEvent:
    """Read one line, with or without its end. Raises CodecError, but loses no call for an unreadable time stamp."""
    if len(line) > MAX_LINE:
        raise CodecError(f"a line of {len(line)} bytes")
    fields = line.decode("ascii", "replace").strip("\r\n").split(";")
    word = fields[1] if len(fields) > 1 else ""
    if word not in _READERS:
        raise CodecError(f"{word[:20]!r} is no event of the call monitor")
    least, read = _READERS[word]
    if len(fields) < least:
        raise CodecError(f"{word} with {len(fields)} fields instead of {least}")
    try:
        stamp = datetime.strptime(fields[0], _STAMP)  # noqa: DTZ007 - the box tells no zone
    except ValueError:
        stamp = None
    return read(fields, stamp)


def encode(event: LineEvent) -> bytes:
    """The line a FRITZ!Box sends for this event, with its end."""
    stamp = event.device_time.strftime(_STAMP) if event.device_time else ""
    extension = "" if event.extension is None else str(event.extension)
    rest = {
        CallStep.RING: (event.remote, event.local, event.line),
        CallStep.CALL: (extension, event.local, event.remote, event.line),
        CallStep.CONNECT: (extension, event.remote),
        CallStep.DISCONNECT: (str(event.duration),),
    }[event.step]
    fields = (stamp, event.step.name, str(event.connection), *rest)
    if any(set(field) & set(";\r\n") for field in fields):
        raise CodecError("a field holds a semicolon or a line end")
    try:
        return (";".join(fields) + ";\r\n").encode("ascii")
    except UnicodeEncodeError as error:
        raise CodecError("a field holds what is not ASCII") from error


class LineSplitter:
    """Cuts a byte stream into lines. A line without an end in sight is thrown away and counted in `overlong`."""

    def __init__(self) -> None:
        self.overlong = 0
        self._rest = b""
        self._skipping = False

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that are complete now, without their ends, empty ones left out."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if lines and self._skipping:
            del lines[0]
            self._skipping = False
        if len(self._rest) > MAX_LINE or (self._skipping and self._rest):
            self.overlong += not self._skipping
            self._skipping = True
            self._rest = b""
        return [line for line in (line.rstrip(b"\r") for line in lines) if line]


# Extension numbers of FRITZ!OS, first match counts.
_EXTENSIONS: Final = (
    (range(3), "fon"),
    (range(3, 4), "call_through"),
    (range(4, 5), "isdn"),
    (range(5, 6), "fax"),
    (range(6, 7), "answering_machine"),
    (range(10, 20), "dect"),
    (range(20, 30), "ip_phone"),
    (range(32, 37), "data"),
    (range(40, 50), "answering_machine"),
    (range(50, 60), "isdn"),
)


def extension_kind(extension: int | None) -> str:
    """What sort of telephone an extension number stands for: fon1 to fon3, dect, answering_machine …; "" if unknown."""
    if extension is None:
        return ""
    kind = next((kind for numbers, kind in _EXTENSIONS if extension in numbers), "")
    return f"fon{extension + 1}" if kind == "fon" else kind


# --- one reader for each event -------------------------------------------------------------------------------------


def _ring(fields: list[str], stamp: datetime | None) -> LineEvent:
    remote, local, line = fields[3], fields[4], _optional(fields, 5)
    return LineEvent(CallStep.RING, _count(fields[2]), stamp, _dialled(remote), local, line)


def _call(fields: list[str], stamp: datetime | None) -> LineEvent:
    extension, local, remote, line = fields[3], fields[4], fields[5], _optional(fields, 6)
    return LineEvent(CallStep.CALL, _count(fields[2]), stamp, _dialled(remote), local, line, _extension(extension))


def _connect(fields: list[str], stamp: datetime | None) -> LineEvent:
    extension, remote = fields[3], fields[4]
    return LineEvent(CallStep.CONNECT, _count(fields[2]), stamp, _dialled(remote), extension=_extension(extension))


def _disconnect(fields: list[str], stamp: datetime | None) -> LineEvent:
    return LineEvent(CallStep.DISCONNECT, _count(fields[2]), stamp, duration=_count(fields[3]))


#: Fewest fields, time stamp included, and the reader.
_READERS: Final[dict[str, tuple[int, Callable[[list[str], datetime | None], LineEvent]]]] = {
    "RING": (5, _ring),
    "CALL": (6, _call),
    "CONNECT": (5, _connect),
    "DISCONNECT": (4, _disconnect),
}


def _optional(fields: list[str], index: int) -> str:
    return fields[index] if len(fields) > index else ""


def _count(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise CodecError(f"{text[:20]!r} is no number")
    return int(text)


def _extension(text: str) -> int | None:
    return _count(text) if text else None


def _dialled(text: str) -> str:
    return text.strip().removesuffix("#")  # the key that some press to end dialling
