"""What a printer does with each command: the simulator's understanding of ESC/POS, without any paper yet. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from drivers.document.blocks import Alignment, Correction, Symbology
from drivers.document.lines import (
    LINE_PITCH,
    PLAIN,
    Bars,
    CutMark,
    Gap,
    Item,
    Line,
    Picture,
    QrCode,
    Run,
    Style,
)
from drivers.escpos._tokens import Command, Text, Token, Unknown


@dataclass(frozen=True, slots=True)
class Kick:
    """The drawer was kicked: connector pin 2 or 5, times in ms."""

    pin: int
    on_ms: int
    off_ms: int


@dataclass(frozen=True, slots=True)
class Query:
    """A question to be answered in its turn: `r` (GS r) or `I` (GS I), and its number."""

    kind: str
    n: int


@dataclass(frozen=True, slots=True)
class Strange:
    """Something this printer does not know or cannot do."""

    data: bytes


Effect = Item | Kick | Query | Strange

CODE_PAGES = {
    0: "cp437",
    2: "cp850",
    3: "cp860",
    4: "cp863",
    5: "cp865",
    13: "cp857",
    14: "cp737",
    15: "iso8859_7",
    16: "cp1252",
    17: "cp866",
    18: "cp852",
    19: "cp858",
}
_ALIGNMENTS = {0: Alignment.LEFT, 1: Alignment.CENTER, 2: Alignment.RIGHT}
_CORRECTIONS = {48: Correction.L, 49: Correction.M, 50: Correction.Q, 51: Correction.H}
_SYMBOLOGIES = {67: Symbology.EAN13, 68: Symbology.EAN8, 69: Symbology.CODE39, 73: Symbology.CODE128}
_BARCODE_FORM_A = {2: 67, 3: 68, 4: 69}


class Interpreter:
    """Keeps the printer's modes; `execute` says what comes of one token. `chinese` starts in Chinese mode."""

    def __init__(self, columns: int, *, chinese: bool = False) -> None:
        self._columns = columns
        self._chinese_default = chinese
        self._qr_data = b""
        self._qr_module, self._qr_correction = 3, Correction.L
        #: Commands without an entry here are taken and have no visible effect.
        self._actions: dict[bytes, Callable[[bytes], list[Effect]]] = {
            b"\n": self._line_feed,
            b"\x1b@": self._initialise,
            b"\x1b!": self._mode,
            b"\x1bE": lambda data: self._restyle(replace(self._style, bold=bool(data[0] & 1))),
            b"\x1bG": lambda data: self._restyle(replace(self._style, bold=bool(data[0] & 1))),
            b"\x1b-": lambda data: self._restyle(replace(self._style, underline=bool(data[0] & 3))),
            b"\x1dB": lambda data: self._restyle(replace(self._style, invert=bool(data[0] & 1))),
            b"\x1d!": self._size,
            b"\x1ba": self._set_align,
            b"\x1bt": self._page,
            b"\x1bR": lambda data: [Strange(b"\x1bR" + data)] if data[0] else [],
            b"\x1c.": lambda _data: self._set("_chinese", value=False),
            b"\x1c&": lambda _data: self._set("_chinese", value=True),
            b"\x1b2": lambda _data: self._set("_pitch", LINE_PITCH),
            b"\x1b3": lambda data: self._set("_pitch", data[0]),
            b"\x1bJ": lambda data: self._feed(data[0]),
            b"\x1bd": lambda data: self._feed(data[0] * self._pitch),
            b"\x1dv": self._raster,
            b"\x1d(": self._parenthesis,
            b"\x1dh": lambda data: self._set("_bar_height", data[0] or 1),
            b"\x1dw": lambda data: self._set("_bar_module", min(max(data[0], 1), 6)),
            b"\x1dH": lambda data: self._set("_bar_text", bool(data[0] & 2)),
            b"\x1dk": self._barcode,
            b"\x1dV": self._cut,
            b"\x1bi": lambda _data: self._cut(b"\0"),
            b"\x1bm": lambda _data: self._cut(b"\1"),
            b"\x1bp": self._kick,
            b"\x1dr": lambda data: [Query("r", data[0])],
            b"\x1dI": lambda data: [Query("I", data[0])],
        }
        self._initialise()

    def execute(self, token: Token) -> list[Effect]:
        """The effects of one token, in order."""
        match token:
            case Text(data):
                return self._text(data)
            case Unknown(data):
                return [Strange(data)]
            case Command(name, data):
                action = self._actions.get(name)
                return action(data) if action is not None else []

    # --- text ----------------------------------------------------------------------------------------------------

    def _initialise(self, _data: bytes = b"") -> list[Effect]:
        self._style = PLAIN
        self._align = Alignment.LEFT
        self._encoding = "cp437"
        self._chinese = self._chinese_default
        self._pitch = LINE_PITCH
        self._runs: list[Run] = []
        self._bar_height, self._bar_module, self._bar_text = 162, 3, False
        return []

    def _text(self, data: bytes) -> list[Effect]:
        """Collect characters; a line that is full is printed."""
        printed: list[Effect] = []
        for sign in data.decode("gb18030" if self._chinese else self._encoding, "replace"):
            used = sum(len(run.text) * run.style.width for run in self._runs)
            if used + self._style.width > self._columns:
                printed += self._line_feed(b"")
            if self._runs and self._runs[-1].style == self._style:
                self._runs[-1] = Run(self._runs[-1].text + sign, self._style)
            else:
                self._runs.append(Run(sign, self._style))
        return printed

    def _line_feed(self, _data: bytes) -> list[Effect]:
        line = Line(tuple(self._runs), self._align)
        self._runs = []
        extra = self._pitch - LINE_PITCH
        return [line, Gap(extra)] if extra > 0 else [line]

    def _feed(self, dots: int) -> list[Effect]:
        printed = self._line_feed(b"") if self._runs else []
        return [*printed, Gap(dots)] if dots else printed

    def _restyle(self, style: Style) -> list[Effect]:
        self._style = style
        return []

    def _size(self, data: bytes) -> list[Effect]:
        return self._restyle(replace(self._style, width=(data[0] >> 4 & 7) + 1, height=(data[0] & 7) + 1))

    def _mode(self, data: bytes) -> list[Effect]:
        """ESC !: bold 08, double height 10, double width 20, underline 80."""
        n = data[0]
        width, height = (2 if n & 0x20 else 1), (2 if n & 0x10 else 1)
        return self._restyle(Style(bool(n & 8), bool(n & 0x80), self._style.invert, width, height))

    def _page(self, data: bytes) -> list[Effect]:
        encoding = CODE_PAGES.get(data[0])
        if encoding is None:
            return [Strange(b"\x1bt" + data)]
        self._encoding = encoding
        return []

    def _set_align(self, data: bytes) -> list[Effect]:
        self._align = _ALIGNMENTS.get(data[0] & ~0x30, Alignment.LEFT)
        return []

    def _set(self, name: str, value: object) -> list[Effect]:
        setattr(self, name, value)
        return []

    # --- pictures and codes --------------------------------------------------------------------------------------

    def _raster(self, data: bytes) -> list[Effect]:
        row_bytes, rows = int.from_bytes(data[2:4], "little"), int.from_bytes(data[4:6], "little")
        if not row_bytes or not rows or data[0] != 0x30:
            return [Strange(b"\x1dv" + data[:6])]
        return [Picture(row_bytes * 8, rows, data[6:], self._align)]

    def _parenthesis(self, data: bytes) -> list[Effect]:
        """GS ( fn: only the QR codes of GS ( k are known (cn 49)."""
        if data[:1] != b"k" or len(data) < 5 or data[3] != 49:
            return [Strange(b"\x1d(" + data[:5])]
        function, rest = data[4], data[5:]
        if function == 67 and rest:
            self._qr_module = rest[0]
        elif function == 69 and rest[:1] and rest[0] in _CORRECTIONS:
            self._qr_correction = _CORRECTIONS[rest[0]]
        elif function == 80:
            self._qr_data = rest[1:]
        elif function == 81:
            return self._print_qr()
        return []

    def _print_qr(self) -> list[Effect]:
        from drivers.document._qr import symbol  # noqa: PLC0415 - Pillow and qrcode are slow to import

        if not self._qr_data:
            return []
        data = self._qr_data.decode("utf-8", "replace")
        try:
            modules = len(symbol(data.encode(), self._qr_correction))
        except ValueError:
            return [Strange(b"\x1d(k")]
        return [QrCode(data, self._qr_module, self._qr_correction, self._align, modules)]

    def _barcode(self, data: bytes) -> list[Effect]:
        from drivers.document._bars import complete, count_modules  # noqa: PLC0415

        kind = _SYMBOLOGIES.get(_BARCODE_FORM_A.get(data[0], data[0]))
        text = (data[2:] if data[0] >= 65 else data[1:-1]).decode("ascii", "replace")
        if kind is Symbology.CODE128:
            if not text.startswith("{B"):
                return [Strange(b"\x1dk" + data)]
            text = text[2:].replace("{{", "{")
        try:
            text = complete(kind or Symbology.UNSPECIFIED, text)
        except ValueError:
            return [Strange(b"\x1dk" + data)]
        if kind is None or count_modules(kind, text) * self._bar_module > self._columns * 12:
            return [Strange(b"\x1dk" + data)]  # printers leave out a barcode that is too wide
        return [Bars(text, kind, self._bar_module, self._bar_height, self._bar_text, self._align)]

    # --- the rest ------------------------------------------------------------------------------------------------

    def _cut(self, data: bytes) -> list[Effect]:
        printed = self._line_feed(b"") if self._runs else []
        return [*printed, CutMark(full=data[0] in {0, 48, 65})]

    def _kick(self, data: bytes) -> list[Effect]:
        if data[0] not in {0, 1, 48, 49}:
            return [Strange(b"\x1bp" + data)]
        return [Kick(5 if data[0] & 1 else 2, data[1] * 2, data[2] * 2)]
