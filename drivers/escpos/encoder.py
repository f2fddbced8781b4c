"""Documents as ESC/POS bytes, ready for `EscposPrinter.send`.

Raster data and QR texts are kept free of real-time commands: many printers obey DLE EOT, DLE ENQ and DLE DC4 even
inside data (Epson, ESC/POS command reference, DLE EOT). In pictures such a pair of bytes is broken up by one black dot
more; documents refuse QR texts with control characters; other text has none.
"""

import re
from dataclasses import dataclass, replace

from drivers.document import (
    Alignment,
    Barcode,
    Block,
    Correction,
    Cut,
    Document,
    DrawerPulse,
    Paper,
    Qr,
    Slip,
    Text,
    layout,
)
from drivers.document.blocks import Symbology
from drivers.document.lines import (
    LINE_PITCH,
    PLAIN,
    Bars,
    CutMark,
    Gap,
    Item,
    Line,
    Picture,
    Pulse,
    QrCode,
    Run,
    Style,
)
from drivers.escpos import commands
from drivers.escpos._dummy import Recorder, recorder

MAX_COPIES = 20

_RASTER_ROWS = 128  # clones lose the rest of blocks of more than 255 rows
_REAL_TIME = re.compile(rb"\x10[\x04\x05\x14]")
_FEED_WITHOUT_KNIFE = 5  # lines, from the print head past the tear bar
_ALIGN = {Alignment.LEFT: "left", Alignment.CENTER: "center", Alignment.RIGHT: "right"}


@dataclass(frozen=True, slots=True)
class PrinterProfile:
    """What the encoder must know of a printer: paper width, code page by name and ESC t number, knife, drawer coil."""

    columns: int = 48
    encoding: str = "cp858"
    code_page: int = 19
    cutter: bool = True
    pulse_on_ms: int = 50
    pulse_off_ms: int = 500

    @property
    def paper(self) -> Paper:
        """What documents are laid out for."""
        return Paper(self.columns, self.encoding)


DEFAULT_PROFILE = PrinterProfile()


def encode(document: Document, profile: PrinterProfile = DEFAULT_PROFILE, *, copies: int = 1) -> bytes:
    """The whole job; copies are cut apart, and only the first kicks the drawer. Raises DocumentError."""
    if not 1 <= copies <= MAX_COPIES:
        raise ValueError(f"{copies} copies are out of range: 1 to {MAX_COPIES}")
    slip = layout(document, profile.paper)
    if copies > 1 and slip.items and not isinstance(slip.items[-1], CutMark):
        slip = replace(slip, items=(*slip.items, CutMark()))
    job = encode_slip(slip, profile)
    if copies > 1:
        quiet = replace(slip, items=tuple(item for item in slip.items if not isinstance(item, Pulse)))
        job += encode_slip(quiet, profile) * (copies - 1)
    return job


def encode_slip(slip: Slip, profile: PrinterProfile = DEFAULT_PROFILE) -> bytes:
    """A slip that was laid out for this profile's paper."""
    encoder = _Encoder(profile)
    for item in slip.items:
        encoder.add(item)
    return encoder.output


def duplicate_mark(document: Document) -> Document:
    """The document as a reprint: each of its slips headed as a duplicate, and no drawer is opened again."""
    mark = Text("DUPLIKAT / DUPLICATE", Alignment.CENTER, bold=True, invert=True, width=2, height=2)
    blocks: list[Block] = []
    fresh = True
    for block in document.blocks:
        if isinstance(block, DrawerPulse):
            continue
        if fresh:
            blocks.append(mark)
        blocks.append(block)
        fresh = isinstance(block, Cut)
    return Document(tuple(blocks))


def warm_up() -> None:
    """Import python-escpos and the code tables (0.3 s), so that no receipt waits for them."""
    encode(Document((Qr("warm"), Barcode("warm"))))


class _Encoder:
    """Bytes of one slip; remembers style and alignment, to send only changes."""

    def __init__(self, profile: PrinterProfile) -> None:
        self._profile = profile
        self._dummy: Recorder = recorder()
        self._style = PLAIN
        self._align = Alignment.LEFT
        page = commands.code_page(profile.code_page)
        self._dummy.raw(commands.INITIALISE + commands.CHINESE_OFF + commands.INTERNATIONAL_USA + page)

    @property
    def output(self) -> bytes:
        return self._dummy.output

    def add(self, item: Item) -> None:
        match item:
            case Line():
                self._set_align(item.align)
                for run in item.runs:
                    self._run(run)
                self._dummy.raw(b"\n")
            case Gap():
                self._gap(item.height)
            case QrCode():
                self._set_align(item.align)
                self._dummy.qr(item.data, _QR_LEVELS[item.correction], item.module, 2, native=True)
            case Picture():
                self._picture(item)
            case Bars():
                self._bars(item)
            case CutMark():
                knife = commands.cut(full=item.full)
                self._dummy.raw(knife if self._profile.cutter else commands.feed_lines(_FEED_WITHOUT_KNIFE))
            case Pulse():
                pulse = commands.drawer_pulse(item.pin, self._profile.pulse_on_ms, self._profile.pulse_off_ms)
                self._dummy.raw(pulse)

    def _run(self, run: Run) -> None:
        if run.text:
            self._set_style(run.style)
            self._dummy.raw(run.text.encode(self._profile.encoding, "replace"))

    def _set_align(self, align: Alignment) -> None:
        if align is not self._align:
            self._dummy.set(align=_ALIGN[align])
            self._align = align

    def _set_style(self, style: Style) -> None:
        before = self._style
        if style == before:
            return
        if (style.width, style.height) != (before.width, before.height):
            self._dummy.set(custom_size=True, width=style.width, height=style.height)
        if style.bold != before.bold:
            self._dummy.set(bold=style.bold)
        if style.underline != before.underline:
            self._dummy.set(underline=int(style.underline))
        if style.invert != before.invert:
            self._dummy.set(invert=style.invert)
        self._style = style

    def _gap(self, dots: int) -> None:
        lines, rest = divmod(dots, LINE_PITCH)
        if lines:
            self._dummy.raw(commands.feed_lines(lines))
        if rest:
            self._dummy.raw(commands.feed_dots(rest))

    def _picture(self, picture: Picture) -> None:
        """Bands in GS v 0, moved right by blank bytes: not every clone aligns raster data."""
        row_bytes = (picture.width + 7) // 8
        blank = bytes(picture.left(self._profile.paper.dots) // 8)
        self._set_align(Alignment.LEFT)
        for top in range(0, picture.height, _RASTER_ROWS):
            rows = range(top, min(top + _RASTER_ROWS, picture.height))
            data = b"".join([blank + picture.bits[row * row_bytes : (row + 1) * row_bytes] for row in rows])
            self._dummy.raw(commands.raster(len(blank) + row_bytes, len(rows)) + _without_real_time(data))

    def _bars(self, bars: Bars) -> None:
        self._set_align(bars.align)
        data = "{B" + bars.data.replace("{", "{{") if bars.symbology is Symbology.CODE128 else bars.data
        position = "BELOW" if bars.text else "OFF"
        self._dummy.hardware_barcode(data, bars.symbology.name, bars.bar_height, bars.module, position)


_QR_LEVELS = {Correction.L: 0, Correction.M: 1, Correction.Q: 2, Correction.H: 3}


def _without_real_time(data: bytes) -> bytes:
    """Picture bytes in which no real-time command can be read; each one costs a black dot more."""
    return _REAL_TIME.sub(lambda found: bytes((found[0][0], found[0][1] | 0x02)), data)
