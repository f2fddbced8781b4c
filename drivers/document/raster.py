"""A slip as a picture, one pixel for each printer dot: the preview, and what the printer simulator puts out."""

import functools
import importlib.util
import io
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFont

from drivers.document._bars import modules
from drivers.document._qr import symbol
from drivers.document.blocks import Alignment
from drivers.document.lines import (
    CELL_HEIGHT,
    CELL_WIDTH,
    LINE_PITCH,
    PLAIN,
    Bars,
    CutMark,
    Item,
    Line,
    Picture,
    QrCode,
    Run,
    Slip,
    Style,
    shift,
)

_MARGIN = CELL_HEIGHT  # blank paper above and below, dots
_FONT_SIZE = 20  # pixels: DejaVu Sans Mono is then 12 wide, a cell of font A
_BASELINE = 19
_THRESHOLD = 180  # of 255: grey edges of a glyph below it become black, as heat would
_BLACK, _WHITE = 0, 255


def render_image(slip: Slip) -> Image.Image:
    """The slip in mode `L`, black on white, as wide as the paper's printable dots."""
    sheet = Image.new("L", (slip.paper.dots, 2 * _MARGIN + sum(item.height for item in slip.items)), _WHITE)
    top = _MARGIN
    for item in slip.items:
        _draw(sheet, top, item)
        top += item.height
    return sheet


def render_png(slip: Slip) -> bytes:
    """The slip as a PNG file in black and white."""
    file = io.BytesIO()
    render_image(slip).convert("1", dither=Image.Dither.NONE).save(file, "PNG")
    return file.getvalue()


def _draw(sheet: Image.Image, top: int, item: Item) -> None:
    match item:
        case Line():
            _draw_line(sheet, top, item)
        case Picture():
            dots = Image.frombytes("1", (item.width, item.height), item.bits)
            sheet.paste(ImageChops.invert(dots.convert("L")), (item.left(sheet.width), top))
        case QrCode():
            rows = symbol(item.data.encode(), item.correction)
            flat = bytes(_BLACK if black else _WHITE for row in rows for black in row)
            code = Image.frombytes("L", (len(rows), len(rows)), flat)
            _place(sheet, top, code.resize((item.module * code.width,) * 2, Image.Resampling.NEAREST), item.align)
        case Bars():
            _draw_bars(sheet, top, item)
        case CutMark():
            # Dashes across; a partial cut leaves its bridge in the middle.
            draw, middle = ImageDraw.Draw(sheet), top + item.height - LINE_PITCH // 2
            for left in range(0, sheet.width, 16):
                if item.full or abs(left + 5 - sheet.width // 2) > 24:
                    draw.rectangle((left, middle, left + 9, middle + 1), fill=_BLACK)
        case _:
            pass


def _draw_line(sheet: Image.Image, top: int, line: Line) -> None:
    """Characters of several heights stand on one base line."""
    left = shift(sheet.width, sum(len(run.text) * run.style.width for run in line.runs) * CELL_WIDTH, line.align)
    bottom = top + line.height - (LINE_PITCH - CELL_HEIGHT)
    for run in line.runs:
        for sign in run.text:
            glyph = _glyph(sign, run.style)
            sheet.paste(glyph, (left, bottom - glyph.height))
            left += glyph.width


def _draw_bars(sheet: Image.Image, top: int, bars: Bars) -> None:
    pattern = modules(bars.symbology, bars.data)
    row = Image.frombytes("L", (len(pattern), 1), bytes(_BLACK if bar == "1" else _WHITE for bar in pattern))
    _place(sheet, top, row.resize((bars.module * len(pattern), bars.bar_height), Image.Resampling.NEAREST), bars.align)
    if bars.text:
        _draw_line(sheet, top + bars.bar_height, Line((Run(bars.data),), bars.align))


def _place(sheet: Image.Image, top: int, part: Image.Image, align: Alignment) -> None:
    sheet.paste(part, (shift(sheet.width, part.width, align), top))


@functools.lru_cache(maxsize=2048)
def _glyph(sign: str, style: Style) -> Image.Image:
    """One character in its cell."""
    if style != PLAIN and (style.width, style.height) != (1, 1):
        cell = _glyph(sign, Style(style.bold, style.underline, style.invert))
        size = (CELL_WIDTH * style.width, CELL_HEIGHT * style.height)
        return cell.resize(size, Image.Resampling.NEAREST)
    cell = Image.new("L", (CELL_WIDTH, CELL_HEIGHT), _WHITE)
    draw = ImageDraw.Draw(cell)
    for offset in (0, 1) if style.bold else (0,):  # bold is struck twice, one dot apart
        draw.text((offset, _BASELINE), sign, fill=_BLACK, font=_font(), anchor="ls")
    cell = cell.point(lambda level: _BLACK if level < _THRESHOLD else _WHITE)
    if style.underline:
        ImageDraw.Draw(cell).rectangle((0, CELL_HEIGHT - 2, CELL_WIDTH, CELL_HEIGHT), fill=_BLACK)
    return ImageChops.invert(cell) if style.invert else cell


@functools.cache
def _font() -> ImageFont.FreeTypeFont:
    """DejaVu Sans Mono as python-barcode ships it, found without importing that package."""
    spec = importlib.util.find_spec("barcode")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("python-barcode is not installed: its font draws the previews")
    path = Path(spec.submodule_search_locations[0]) / "fonts" / "DejaVuSansMono.ttf"
    return ImageFont.truetype(str(path), _FONT_SIZE, layout_engine=ImageFont.Layout.BASIC)
