"""The line model: a document laid out for one paper, before any printer language; also what a simulator prints."""

from dataclasses import dataclass, field

from drivers.document.blocks import Alignment, Correction, Symbology

#: Dots of one character of font A, and from one line to the next at single height.
CELL_WIDTH = 12
CELL_HEIGHT = 24
LINE_PITCH = 30


@dataclass(frozen=True, slots=True)
class Paper:
    """What a slip is laid out for: characters and dots across, and the code page as a Python codec name."""

    columns: int = 48
    encoding: str = "cp858"

    @property
    def dots(self) -> int:
        """Printable dots across: 576 for 48 characters (80 mm), 384 for 32 (58 mm)."""
        return self.columns * CELL_WIDTH


def shift(available: int, used: int, align: Alignment) -> int:
    """How far from the left edge something begins; the same unit in and out."""
    free = max(0, available - used)
    return {Alignment.CENTER: free // 2, Alignment.RIGHT: free}.get(align, 0)


@dataclass(frozen=True, slots=True)
class Style:
    """How a run of characters looks; `width` and `height` multiply the cell, 1 to 8."""

    bold: bool = False
    underline: bool = False
    invert: bool = False
    width: int = 1
    height: int = 1


PLAIN = Style()


@dataclass(frozen=True, slots=True)
class Run:
    """Characters of one style, all of them in the paper's code page."""

    text: str
    style: Style = PLAIN


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line."""

    runs: tuple[Run, ...] = ()
    align: Alignment = Alignment.LEFT

    @property
    def height(self) -> int:
        """Dots to the next line."""
        tallest = max((run.style.height for run in self.runs if run.text), default=1)
        return LINE_PITCH + CELL_HEIGHT * (tallest - 1)


@dataclass(frozen=True, slots=True)
class Gap:
    """Empty paper, in dots."""

    height: int


@dataclass(frozen=True, slots=True)
class Picture:
    """Black and white dots: rows of `(width + 7) // 8` bytes, highest bit left, 1 is black."""

    width: int
    height: int
    bits: bytes = field(repr=False)
    align: Alignment = Alignment.CENTER

    def left(self, paper_dots: int) -> int:
        """Dots from the left edge, a multiple of 8: printers take pictures in bytes."""
        return shift(paper_dots, self.width, self.align) // 8 * 8


@dataclass(frozen=True, slots=True)
class QrCode:
    """A QR code without its quiet zone; `module` in dots. `modules` across is what layout reckoned, for the height."""

    data: str
    module: int
    correction: Correction
    align: Alignment = Alignment.CENTER
    modules: int = 0

    @property
    def height(self) -> int:
        """Dots down the paper."""
        return self.module * self.modules


@dataclass(frozen=True, slots=True)
class Bars:
    """A barcode with its `complete` characters; `module` in dots, `bar_height` in dots; `text` prints them below."""

    data: str
    symbology: Symbology
    module: int
    bar_height: int
    text: bool
    align: Alignment = Alignment.CENTER

    @property
    def height(self) -> int:
        """Dots down the paper."""
        return self.bar_height + (LINE_PITCH if self.text else 0)


@dataclass(frozen=True, slots=True)
class CutMark:
    """The knife falls here."""

    full: bool = False

    @property
    def height(self) -> int:
        """Dots from the last line to the knife, which sits above the print head."""
        return 2 * LINE_PITCH


@dataclass(frozen=True, slots=True)
class Pulse:
    """The drawer is kicked here, on connector pin 2 or 5."""

    pin: int = 2
    height: int = field(default=0, init=False)


Item = Line | Gap | Picture | QrCode | Bars | CutMark | Pulse


@dataclass(frozen=True, slots=True)
class Slip:
    """Printed items from top to bottom, for one paper."""

    items: tuple[Item, ...]
    paper: Paper = Paper()
