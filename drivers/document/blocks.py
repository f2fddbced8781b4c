"""Documents as POS programs write them: frozen blocks from top to bottom.

They mirror `Document` and its blocks of the contract field by field, zero values included, so that a conversion is
mechanical. A zero means the default that the contract names; `layout` resolves it.
"""

import enum
from dataclasses import dataclass


class DocumentError(ValueError):
    """A document that cannot be printed; `pointer` names the place, such as `blocks/3/qr/data`."""

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__(f"{pointer}: {message}")
        self.pointer = pointer
        self.message = message


class Alignment(enum.IntEnum):
    """Where a block stands on the line; UNSPECIFIED is the block's own default."""

    UNSPECIFIED = 0
    LEFT = 1
    CENTER = 2
    RIGHT = 3


class Correction(enum.IntEnum):
    """QR error correction: how much of the code may be damaged (7, 15, 25, 30 %). UNSPECIFIED is M."""

    UNSPECIFIED = 0
    L = 1
    M = 2
    Q = 3
    H = 4


class Symbology(enum.IntEnum):
    """Kinds of barcodes. UNSPECIFIED is CODE128."""

    UNSPECIFIED = 0
    CODE128 = 1
    EAN13 = 2
    EAN8 = 3
    CODE39 = 4


@dataclass(frozen=True, slots=True)
class Text:
    """Text, wrapped at the paper's width; `width` and `height` multiply the size, 1 to 8, 0 means 1."""

    text: str = ""
    align: Alignment = Alignment.UNSPECIFIED
    bold: bool = False
    underline: bool = False
    invert: bool = False
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a row; `width` in characters, 0 shares what the others leave."""

    text: str = ""
    width: int = 0
    align: Alignment = Alignment.UNSPECIFIED


@dataclass(frozen=True, slots=True)
class Columns:
    """One row of at most 8 columns; text that does not fit wraps within its column."""

    columns: tuple[Column, ...] = ()
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across the paper, made of one character; empty means `-`."""

    character: str = ""


@dataclass(frozen=True, slots=True)
class Qr:
    """A QR code, model 2: at most 2000 bytes of UTF-8; `size` in dots per module, 0 is the largest up to 6."""

    data: str = ""
    size: int = 0
    correction: Correction = Correction.UNSPECIFIED
    align: Alignment = Alignment.UNSPECIFIED


@dataclass(frozen=True, slots=True)
class Image:
    """A PNG file, at most 256 KiB and 4 million pixels; `width` in dots, 0 means as it is."""

    png: bytes = b""
    align: Alignment = Alignment.UNSPECIFIED
    width: int = 0


@dataclass(frozen=True, slots=True)
class Barcode:
    """A one-dimensional barcode; `height` in dots, 0 means 80; `text` prints the characters below."""

    data: str = ""
    symbology: Symbology = Symbology.UNSPECIFIED
    height: int = 0
    text: bool = False
    align: Alignment = Alignment.UNSPECIFIED


@dataclass(frozen=True, slots=True)
class Feed:
    """Empty lines, 1 to 50; 0 means 1."""

    lines: int = 0


@dataclass(frozen=True, slots=True)
class Cut:
    """A paper cut; not `full` leaves a little bridge."""

    full: bool = False


@dataclass(frozen=True, slots=True)
class DrawerPulse:
    """A drawer pulse at this place of the slip, at most once; `pin` 2 or 5, 0 means 2."""

    pin: int = 0


Block = Text | Columns | Rule | Qr | Image | Barcode | Feed | Cut | DrawerPulse

#: The name of each kind of block in the contract, for pointers.
FIELD_NAMES: dict[type[Block], str] = {
    Text: "text",
    Columns: "columns",
    Rule: "rule",
    Qr: "qr",
    Image: "image",
    Barcode: "barcode",
    Feed: "feed",
    Cut: "cut",
    DrawerPulse: "drawer",
}


@dataclass(frozen=True, slots=True)
class Document:
    """Something to print: at most 2000 blocks from top to bottom."""

    blocks: tuple[Block, ...] = ()
