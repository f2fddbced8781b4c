"""What an ESC/POS printer says, told apart byte by byte. Pure: no I/O, no clock.

The printer answers on the channel that carries the jobs, without frames (Epson, ESC/POS command reference, "Printer
status"). Each kind of answer has a bit pattern of its own:

    DLE EOT     0xx1xx10    one byte, at once; does not say which question it answers
    ASB         0xx1xx00    followed by three bytes 0xx0xxxx
    GS r, GS I  0xx0xxxx    one byte, in turn
    block       37 3B 3D 5F 35 ... 00
    XON, XOFF   11, 13      serial lines only, even within a block
"""

from dataclasses import dataclass

from drivers.base import Paper, PrinterStatus
from drivers.errors import CodecError

MAX_BLOCK = 512  # the longest real one (GS ( H, GS I) is below 100 bytes

_BLOCK_HEADS = frozenset(b"\x37\x3b\x3d\x5f\x35")
_XON, _XOFF = 0x11, 0x13
_ASB_LENGTH = 4


@dataclass(frozen=True, slots=True)
class RealTime:
    """Answer to DLE EOT."""

    value: int


@dataclass(frozen=True, slots=True)
class AutoStatus:
    """Four bytes of Automatic Status Back."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Plain:
    """Answer to GS r, or a GS I answer of one byte."""

    value: int


@dataclass(frozen=True, slots=True)
class Block:
    """An answer of several bytes, its head included, its closing NUL not."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Flow:
    """XON (`go`) or XOFF."""

    go: bool


@dataclass(frozen=True, slots=True)
class Noise:
    """Bytes that no printer should send; to be ignored."""

    data: bytes


Answer = RealTime | AutoStatus | Plain | Block | Flow | Noise


class Parser:
    """Sorts the printer's bytes, in pieces of any size; never fails."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> list[Answer]:
        """The answers that are complete with these bytes."""
        answers: list[Answer] = []
        for value in data:
            self._take(value, answers)
        return answers

    def reset(self) -> None:
        """Forget an unfinished answer."""
        self._pending.clear()

    def _take(self, value: int, answers: list[Answer]) -> None:
        if value in {_XON, _XOFF}:
            answers.append(Flow(value == _XON))
        elif self._pending and self._pending[0] in _BLOCK_HEADS:
            self._continue_block(value, answers)
        elif self._pending:
            self._continue_auto_status(value, answers)
        elif value in _BLOCK_HEADS or value & 0x93 == 0x10:
            self._pending.append(value)
        elif value & 0x93 == 0x12:
            answers.append(RealTime(value))
        elif value & 0x90 == 0x00:
            answers.append(Plain(value))
        else:
            answers.append(Noise(bytes((value,))))

    def _continue_block(self, value: int, answers: list[Answer]) -> None:
        if value == 0:
            answers.append(Block(bytes(self._pending)))
            self._pending.clear()
            return
        self._pending.append(value)
        if len(self._pending) >= MAX_BLOCK:
            answers.append(Noise(bytes(self._pending)))
            self._pending.clear()

    def _continue_auto_status(self, value: int, answers: list[Answer]) -> None:
        if value & 0x90 != 0:
            answers.append(Noise(bytes(self._pending)))
            self._pending.clear()
            self._take(value, answers)
            return
        self._pending.append(value)
        if len(self._pending) == _ASB_LENGTH:
            answers.append(AutoStatus(bytes(self._pending)))
            self._pending.clear()


def online(printer: int) -> bool:
    """Whether DLE EOT 1 says on-line. Raises CodecError for a byte that is no DLE EOT answer."""
    return not _real_time(printer) & 0x08


def decode_status(printer: int, offline: int = 0x12, error: int = 0x12, paper: int | None = None) -> PrinterStatus:
    """The answers to DLE EOT 1 to 4 together; `paper` None where it was not asked.

    Raises CodecError for a byte that is no DLE EOT answer.
    """
    return PrinterStatus(
        online=online(printer),
        paper=_paper(offline, paper),
        cover_open=bool(_real_time(offline) & 0x04),
        error=_error(_real_time(error)),
        drawer_pin_high=bool(_real_time(printer) & 0x04),
    )


def _paper(offline: int, paper: int | None) -> Paper:
    if offline & 0x20 or (paper is not None and _real_time(paper) & 0x60):
        return Paper.OUT
    if paper is None:
        return Paper.UNKNOWN
    return Paper.NEAR_END if paper & 0x0C else Paper.OK


#: DLE EOT 3, the gravest first.
_ERRORS = (
    (0x20, "The printer has a serious fault. Switch it off and on; if it stays, have it repaired."),
    (0x08, "The printer's cutter is jammed. Open the cover, take out the paper scrap and close it again."),
    (0x04, "The printer has a mechanical error. Check the paper path, then switch it off and on."),
    (0x40, "The print head is too hot. Printing goes on by itself when it has cooled down."),
)


def _error(value: int) -> str:
    return next((words for bit, words in _ERRORS if value & bit), "")


def _real_time(value: int) -> int:
    if value & 0x93 != 0x12:
        raise CodecError(f"byte {value:02X} is no answer to DLE EOT")
    return value


def decode_identity(block: bytes) -> str:
    """The text of a GS I answer (`_text`). Raises CodecError for another block."""
    if not block.startswith(b"_"):
        raise CodecError(f"block {block[:8].hex(' ')} is no answer to GS I")
    return block[1:].decode("ascii", "replace").strip()
