"""A document laid out for one paper: wrapped, aligned and measured, still in no printer's language."""

import bisect
import functools
from collections.abc import Callable, Iterator
from itertools import zip_longest

from drivers.document._bars import complete, count_modules
from drivers.document._check import validate
from drivers.document.blocks import (
    FIELD_NAMES,
    Alignment,
    Barcode,
    Block,
    Columns,
    Correction,
    Cut,
    Document,
    DocumentError,
    DrawerPulse,
    Feed,
    Image,
    Qr,
    Rule,
    Symbology,
    Text,
)
from drivers.document.characters import printable_lines
from drivers.document.lines import (
    LINE_PITCH,
    PLAIN,
    Bars,
    CutMark,
    Gap,
    Item,
    Line,
    Paper,
    Pulse,
    QrCode,
    Run,
    Slip,
    Style,
)

#: Ten metres of paper: more is a mistake of the caller, and would exhaust memory as a picture.
MAX_HEIGHT = 80_000

_QUIET_ZONE = 4  # modules, ISO/IEC 18004
_BAR_MODULES = (3, 2)  # dots per module, widest first; 1 is too fine for most scanners


def layout(document: Document, paper: Paper = Paper()) -> Slip:  # noqa: B008 - immutable
    """Lay a document out. Raises DocumentError for what is wrong in itself or does not fit this paper."""
    validate(document)
    items: list[Item] = []
    height = 0
    for index, block in enumerate(document.blocks):
        place = f"blocks/{index}/{FIELD_NAMES[type(block)]}"
        for item in _LAYOUTS[type(block)](block, paper, place):
            items.append(item)
            height += item.height
        if height > MAX_HEIGHT:
            raise DocumentError(place, "From here on the slip would be longer than 10 metres.")
    return Slip(tuple(items), paper)


def wrap(line: str, columns: int) -> Iterator[str]:
    """Break one line at blanks to at most `columns` characters; longer words are broken anywhere.

    Blanks at the beginning stay, blanks at a break and at the end go.
    """
    while len(line) > columns:
        at = line.rfind(" ", 1, columns + 1)
        if at < 0 or not line[:at].strip():
            at = columns
        yield line[:at].rstrip()
        line = line[at:].lstrip(" ")
        if not line:
            return
    yield line.rstrip()


def _lines(text: str, columns: int, encoding: str) -> list[str]:
    """Printable lines of at most `columns` characters; no-break blanks have done their work and become blanks."""
    wrapped = [part for line in printable_lines(text, encoding) for part in wrap(line, columns)]
    return [line.replace("\u00a0", " ") for line in wrapped]


def _text(block: Text, paper: Paper, _place: str) -> Iterator[Item]:
    style = Style(block.bold, block.underline, block.invert, block.width or 1, block.height or 1)
    align = block.align or Alignment.LEFT
    for line in _lines(block.text, max(1, paper.columns // style.width), paper.encoding):
        yield Line((Run(line, style),), align)


def _columns(block: Columns, paper: Paper, place: str) -> Iterator[Item]:
    widths = _column_widths(block, paper, place)
    style = Style(bold=True) if block.bold else PLAIN
    last = len(widths) - 1
    cells: list[list[str]] = []
    for number, (column, width) in enumerate(zip(block.columns, widths, strict=True)):
        # A column that shares keeps one blank before its neighbour; one with a given width is used to its edge.
        usable = width - 1 if column.width == 0 and number < last and width > 1 else width
        justify = _JUSTIFY[column.align or Alignment.LEFT]
        cells.append([justify(line, usable).ljust(width) for line in _lines(column.text, usable, paper.encoding)])
    for row in zip_longest(*cells):
        parts = [part if part is not None else " " * width for part, width in zip(row, widths, strict=True)]
        yield Line((Run("".join(parts).rstrip(), style),))


def _column_widths(block: Columns, paper: Paper, place: str) -> list[int]:
    """Characters of each column; those of width 0 share the rest, the first ones take what is over."""
    given = sum(column.width for column in block.columns)
    sharing = sum(column.width == 0 for column in block.columns)
    rest = paper.columns - given
    if rest < sharing:
        needed = given + sharing
        raise DocumentError(f"{place}/columns", f"The row needs {needed} characters, the paper has {paper.columns}.")
    shares = iter([rest // sharing + (number < rest % sharing) for number in range(sharing)] if sharing else [])
    return [column.width or next(shares) for column in block.columns]


_JUSTIFY: dict[Alignment, Callable[[str, int], str]] = {
    Alignment.LEFT: str.ljust,
    Alignment.CENTER: str.center,
    Alignment.RIGHT: str.rjust,
}


def _rule(block: Rule, paper: Paper, _place: str) -> Iterator[Item]:
    sign = printable_lines(block.character or "-", paper.encoding)[0][:1].strip() or "-"
    yield Line((Run(sign * paper.columns),))


def _qr(block: Qr, paper: Paper, place: str) -> Iterator[Item]:
    correction = block.correction or Correction.M
    modules = _qr_modules(len(block.data.encode("utf-8", "replace")), correction)
    if modules is None:
        message = f"This is too much for a QR code with error correction {correction.name}: shorten it or take L."
        raise DocumentError(f"{place}/data", message)
    module = min(block.size or 6, paper.dots // (modules + 2 * _QUIET_ZONE))
    data = block.data.encode("utf-8", "replace").decode()
    yield Gap(_QUIET_ZONE * module)
    yield QrCode(data, module, correction, block.align or Alignment.CENTER, modules)
    yield Gap(_QUIET_ZONE * module)


def _qr_modules(size: int, correction: Correction) -> int | None:
    """Modules across for `size` bytes in byte mode (the largest that a printer may choose); None if it cannot be."""
    version = bisect.bisect_left(_qr_capacities(correction), size) + 1
    return 17 + 4 * version if version <= 40 else None


@functools.cache
def _qr_capacities(correction: Correction) -> list[int]:
    """Bytes that versions 1 to 40 hold in byte mode (ISO/IEC 18004, table 7)."""
    from qrcode.base import rs_blocks  # noqa: PLC0415 - importing it costs 50 ms

    from drivers.document._qr import LEVELS  # noqa: PLC0415

    return [
        sum(block.data_count for block in rs_blocks(version, LEVELS[correction])) - (2 if version < 10 else 3)
        for version in range(1, 41)
    ]


def _image(block: Image, paper: Paper, place: str) -> Iterator[Item]:
    from drivers.document._picture import picture  # noqa: PLC0415 - Pillow is needed only here

    try:
        yield picture(block.png, block.width, paper.dots, block.align or Alignment.CENTER)
    except ValueError as error:
        raise DocumentError(f"{place}/png", str(error)) from error


def _barcode(block: Barcode, paper: Paper, place: str) -> Iterator[Item]:
    symbology = block.symbology or Symbology.CODE128
    data = complete(symbology, block.data)
    modules = count_modules(symbology, data)
    module = next((dots for dots in _BAR_MODULES if modules * dots <= paper.dots), None)
    if module is None:
        message = f"This barcode is too long for the paper: {modules} bars of 2 dots, the paper has {paper.dots} dots."
        raise DocumentError(f"{place}/data", message)
    yield Bars(data, symbology, module, block.height or 80, block.text, block.align or Alignment.CENTER)


def _feed(block: Feed, _paper: Paper, _place: str) -> Iterator[Item]:
    yield Gap((block.lines or 1) * LINE_PITCH)


def _cut(block: Cut, _paper: Paper, _place: str) -> Iterator[Item]:
    yield CutMark(block.full)


def _drawer(block: DrawerPulse, _paper: Paper, _place: str) -> Iterator[Item]:
    yield Pulse(block.pin or 2)


_LAYOUTS: dict[type[Block], Callable[..., Iterator[Item]]] = {
    Text: _text,
    Columns: _columns,
    Rule: _rule,
    Qr: _qr,
    Image: _image,
    Barcode: _barcode,
    Feed: _feed,
    Cut: _cut,
    DrawerPulse: _drawer,
}
