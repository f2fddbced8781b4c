"""ESC/POS told apart into commands and text, as a printer reads it. Pure and incremental; used by the simulator.

A table says how long each command is; what it does not know is skipped by its first two bytes, as printers do.
"""

from collections.abc import Callable
from dataclasses import dataclass

MAX_COMMAND = 256 * 1024  # the largest is one raster block

ESC, FS, GS, DLE = 0x1B, 0x1C, 0x1D, 0x10


@dataclass(frozen=True, slots=True)
class Text:
    """Printable bytes in the current code page."""

    data: bytes

    @property
    def raw(self) -> bytes:
        """The bytes it was read from."""
        return self.data


@dataclass(frozen=True, slots=True)
class Command:
    """One command: `name` are its two leading bytes, or one for LF and its like; `data` is all behind them."""

    name: bytes
    data: bytes = b""

    @property
    def raw(self) -> bytes:
        """The bytes it was read from."""
        return self.name + self.data


@dataclass(frozen=True, slots=True)
class Unknown:
    """Bytes that are no command this printer knows."""

    data: bytes

    @property
    def raw(self) -> bytes:
        """The bytes it was read from."""
        return self.data


Token = Text | Command | Unknown

#: Given what follows the two leading bytes: how many bytes of it belong to the command, None while that is not known.
_Length = Callable[[bytes], int | None]


def _counted(at: int) -> _Length:
    """A length of two bytes, low first, stands at `at` and counts what comes behind it."""

    def length(data: bytes) -> int | None:
        return at + 2 + int.from_bytes(data[at : at + 2], "little") if len(data) >= at + 2 else None

    return length


def _raster(data: bytes) -> int | None:
    if len(data) < 6:
        return None
    return 6 + int.from_bytes(data[2:4], "little") * int.from_bytes(data[4:6], "little")


def _column_bits(data: bytes) -> int | None:
    if len(data) < 3:
        return None
    return 3 + int.from_bytes(data[1:3], "little") * (3 if data[0] >= 32 else 1)


def _barcode(data: bytes) -> int | None:
    """GS k: up to a NUL in form A (m 0 to 6), counted in form B."""
    if not data:
        return None
    if data[0] >= 65:
        return 2 + data[1] if len(data) > 1 else None
    end = data.find(b"\0", 1)
    return end + 1 if end >= 0 else None


def _cut(data: bytes) -> int | None:
    return None if not data else 2 if data[0] >= 65 else 1


def _tabs(data: bytes) -> int | None:
    end = data.find(b"\0")
    return end + 1 if end >= 0 else None


def _real_time_pulse(data: bytes) -> int | None:
    """DLE DC4: fn 1 pulse and fn 2 power off have two parameters, fn 8 has seven."""
    return None if not data else {8: 8}.get(data[0], 3)


#: Commands by their two leading bytes: a fixed number of parameters, or how to find it.
_LENGTHS: dict[bytes, int | _Length] = {
    **{bytes((ESC, sign)): 0 for sign in b"@2im<SL"},
    **{bytes((ESC, sign)): 1 for sign in b" !-3EGJKMRTVadert{=U"},
    **{bytes((ESC, sign)): 2 for sign in b"$\\B"},
    b"\x1bp": 3,
    b"\x1bc": 2,
    b"\x1bW": 8,
    b"\x1b*": _column_bits,
    b"\x1bD": _tabs,
    b"\x1b(": _counted(1),
    **{bytes((FS, sign)): 0 for sign in b".&"},
    **{bytes((FS, sign)): 1 for sign in b"!-WC"},
    b"\x1cS": 2,
    b"\x1cp": 2,
    b"\x1c(": _counted(1),
    **{bytes((GS, sign)): 1 for sign in b"!BHIabfhrw/:"},
    **{bytes((GS, sign)): 2 for sign in b"LWP$\\"},
    b"\x1dV": _cut,
    b"\x1dk": _barcode,
    b"\x1dv": _raster,
    b"\x1d(": _counted(1),
    b"\x1d8": lambda data: 5 + int.from_bytes(data[1:5], "little") if len(data) >= 5 else None,
    b"\x10\x04": 1,
    b"\x10\x05": 1,
    b"\x10\x14": _real_time_pulse,
}
_PREFIXES = frozenset({ESC, FS, GS, DLE})
_SINGLE = frozenset(b"\n\r\t\x0c\x18")


class Tokenizer:
    """Feed bytes as they come; `pending` are those of a command that is not complete."""

    def __init__(self) -> None:
        self.pending = b""

    def feed(self, data: bytes) -> list[Token]:
        """The tokens that are complete with these bytes."""
        data, tokens, at = self.pending + data, [], 0
        while at < len(data):
            token, length = _next(data, at)
            if token is None:
                break
            tokens.append(token)
            at += length
        self.pending = data[at:]
        return tokens


def _next(data: bytes, at: int) -> tuple[Token | None, int]:
    first = data[at]
    if first >= 0x20 and first != 0x7F:
        end = at + 1
        while end < len(data) and data[end] >= 0x20 and data[end] != 0x7F:
            end += 1
        return Text(data[at:end]), end - at
    if first in _SINGLE:
        return Command(data[at : at + 1]), 1
    if first not in _PREFIXES:
        return Unknown(data[at : at + 1]), 1
    if len(data) < at + 2:
        return None, 0
    name = data[at : at + 2]
    rule = _LENGTHS.get(name)
    if rule is None:
        return Unknown(name), 2
    length = rule if isinstance(rule, int) else rule(data[at + 2 :])
    if length is not None and length > MAX_COMMAND:
        return Unknown(name), 2
    if length is None or len(data) < at + 2 + length:
        return None, 0
    return Command(name, data[at + 2 : at + 2 + length]), 2 + length
