"""What every document must keep to whatever the paper, said in plain words."""

import struct
from collections.abc import Callable, Iterator

from drivers.document._bars import complete
from drivers.document.blocks import (
    FIELD_NAMES,
    Barcode,
    Block,
    Columns,
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

MAX_BLOCKS = 2000
MAX_CHARACTERS = 200_000
MAX_COLUMNS = 8
MAX_QR_BYTES = 2000
MAX_PNG_BYTES = 256 * 1024
MAX_PIXELS = 4_000_000
MAX_IMAGE_WIDTH = 4096

#: Field and complaint of one thing wrong with a block.
_Complaint = tuple[str, str]

#: Numeric fields: block, field, lowest, highest. Zero, where below, is the default of the contract.
_RANGES: tuple[tuple[type[Block], str, int, int], ...] = (
    (Text, "width", 0, 8),
    (Text, "height", 0, 8),
    (Qr, "size", 0, 16),
    (Image, "width", 0, MAX_IMAGE_WIDTH),
    (Barcode, "height", 0, 255),
    (Feed, "lines", 0, 50),
)


def validate(document: Document) -> None:
    """Raise DocumentError for the first thing that no printer could print."""
    if len(document.blocks) > MAX_BLOCKS:
        raise DocumentError(
            "blocks", f"A document has at most {MAX_BLOCKS} blocks, this one has {len(document.blocks)}."
        )
    characters = pulses = 0
    for index, block in enumerate(document.blocks):
        name = FIELD_NAMES.get(type(block))
        if name is None:
            raise DocumentError(f"blocks/{index}", "This is no block that a document knows.")
        for field, complaint in _complaints(block):
            raise DocumentError(f"blocks/{index}/{name}/{field}", complaint)
        characters += _characters(block)
        if characters > MAX_CHARACTERS:
            raise DocumentError(
                f"blocks/{index}/{name}", f"A document has at most {MAX_CHARACTERS} characters of text."
            )
        if isinstance(block, DrawerPulse):
            pulses += 1
            if pulses > 1:
                raise DocumentError(f"blocks/{index}/{name}", "A document opens the drawer at most once.")


def _characters(block: Block) -> int:
    if isinstance(block, Text):
        return len(block.text)
    if isinstance(block, Columns):
        return sum(len(column.text) for column in block.columns)
    return 0


def _complaints(block: Block) -> Iterator[_Complaint]:
    """What is wrong with one block, the numbers first."""
    for kind, field, lowest, highest in _RANGES:
        if type(block) is kind and not lowest <= getattr(block, field) <= highest:
            yield (
                field,
                f"{getattr(block, field)} is out of range: {max(lowest, 1)} to {highest}, or 0 for the default.",
            )
    check = _CHECKS.get(type(block))
    if check is not None:
        yield from check(block)


def _columns(block: Columns) -> Iterator[_Complaint]:
    if not 1 <= len(block.columns) <= MAX_COLUMNS:
        yield "columns", f"A row has 1 to {MAX_COLUMNS} columns, this one has {len(block.columns)}."
    for place, column in enumerate(block.columns):
        if not 0 <= column.width <= 255:
            yield f"columns/{place}/width", f"{column.width} is out of range: 1 to 255, or 0 to share what is left."


def _rule(block: Rule) -> Iterator[_Complaint]:
    if len(block.character) > 1:
        yield "character", "A rule is made of one character."


def _qr(block: Qr) -> Iterator[_Complaint]:
    if not block.data:
        yield "data", "A QR code needs something to say."
    # A control character here could be taken as a command by the printer: DLE works even within data.
    control = next((sign for sign in block.data if (sign < " " and sign not in "\t\n\r") or sign == "\x7f"), None)
    if control is not None:
        yield "data", f"The control character U+{ord(control):04X} cannot be printed in a QR code."
    size = len(block.data.encode("utf-8", "replace"))
    if size > MAX_QR_BYTES:
        yield "data", f"A QR code takes at most {MAX_QR_BYTES} bytes, this one has {size}."


def _image(block: Image) -> Iterator[_Complaint]:
    if len(block.png) > MAX_PNG_BYTES:
        yield "png", f"A picture has at most {MAX_PNG_BYTES // 1024} KiB, this one has {len(block.png) // 1024} KiB."
    if block.png[:8] != b"\x89PNG\r\n\x1a\n" or len(block.png) < 33 or block.png[12:16] != b"IHDR":
        yield "png", "This is not a PNG file."
        return
    width, height = struct.unpack(">II", block.png[16:24])
    if not 1 <= width * height <= MAX_PIXELS:
        yield "png", f"A picture has at most {MAX_PIXELS} pixels, this one has {width} x {height}."


def _barcode(block: Barcode) -> Iterator[_Complaint]:
    try:
        complete(block.symbology or Symbology.CODE128, block.data)
    except ValueError as error:
        yield "data", str(error)


def _drawer(block: DrawerPulse) -> Iterator[_Complaint]:
    if block.pin not in {0, 2, 5}:
        yield "pin", f"A drawer hangs on connector pin 2 or 5, not {block.pin}."


_CHECKS: dict[type[Block], Callable[..., Iterator[_Complaint]]] = {
    Columns: _columns,
    Rule: _rule,
    Qr: _qr,
    Image: _image,
    Barcode: _barcode,
    DrawerPulse: _drawer,
}
