"""Things to print, from small typed parts. Amounts are whole minor units (cents), never floats.

document(text("Café Morgenrot", align=CENTER, bold=True), item("Espresso", 280), rule(), cut())
"""

from collections.abc import Iterable

from kassenwart import v1
from kassenwart.v1.document_pb2 import CENTER, LEFT, RIGHT

__all__ = [
    "CENTER",
    "LEFT",
    "RIGHT",
    "Content",
    "barcode",
    "column",
    "columns",
    "cut",
    "document",
    "drawer",
    "feed",
    "image",
    "item",
    "money",
    "qr",
    "rule",
    "text",
    "to_document",
]

Content = v1.Document | v1.Block | str | Iterable[v1.Block | str]
"""What can be printed: a document, its blocks, or plain text."""

# ISO 4217: currencies whose minor unit is not a hundredth.
_DIGITS = dict.fromkeys(("CLP", "ISK", "JPY", "KRW", "VND"), 0) | dict.fromkeys(("BHD", "JOD", "KWD", "OMR", "TND"), 3)


def document(*blocks: v1.Block | str) -> v1.Document:
    """A document of blocks from top to bottom; a string is a block of text."""
    return v1.Document(blocks=[text(block) if isinstance(block, str) else block for block in blocks])


def to_document(content: Content) -> v1.Document:
    """The document for anything that can be printed."""
    if isinstance(content, v1.Document):
        return content
    if isinstance(content, v1.Block | str):
        return document(content)
    return document(*content)


def text(
    content: str,
    *,
    align: v1.Alignment = LEFT,
    bold: bool = False,
    underline: bool = False,
    invert: bool = False,
    width: int = 1,
    height: int = 1,
) -> v1.Block:
    """Text, wrapped at the paper's width; `width` and `height` enlarge it 1 to 8 times."""
    return v1.Block(
        text=v1.TextBlock(
            text=content, align=align, bold=bold, underline=underline, invert=invert, width=width, height=height
        )
    )


def column(content: str, *, width: int = 0, align: v1.Alignment = LEFT) -> v1.ColumnsBlock.Column:
    """One column of `width` characters; 0 shares what the others leave."""
    return v1.ColumnsBlock.Column(text=content, width=width, align=align)


def columns(*cells: v1.ColumnsBlock.Column | str, bold: bool = False) -> v1.Block:
    """One row of at most 8 columns, from left to right."""
    made = [column(cell) if isinstance(cell, str) else cell for cell in cells]
    return v1.Block(columns=v1.ColumnsBlock(columns=made, bold=bold))


def money(amount_minor: int, currency_code: str = "EUR") -> str:
    """An amount in minor units in German notation: `money(123450)` is `1.234,50 EUR`."""
    if isinstance(amount_minor, bool) or not isinstance(amount_minor, int):
        raise TypeError("an amount is a whole number of minor units (cents)")
    digits = _DIGITS.get(currency_code, 2)
    whole, part = divmod(abs(amount_minor), 10**digits)
    shown = f"{whole:,}".replace(",", ".") + (f",{part:0{digits}d}" if digits else "")
    return f"{'-' if amount_minor < 0 else ''}{shown} {currency_code}"


def item(name: str, amount_minor: int, currency_code: str = "EUR", *, bold: bool = False) -> v1.Block:
    """A row with a name and its price in minor units."""
    price = money(amount_minor, currency_code)
    return columns(column(name), column(price, width=len(price) + 1, align=RIGHT), bold=bold)


def rule(character: str = "-") -> v1.Block:
    """A line across the paper, made of one character."""
    return v1.Block(rule=v1.RuleBlock(character=character))


def qr(
    data: str,
    *,
    size: int = 0,
    correction: v1.QrBlock.Correction = v1.QrBlock.M,
    align: v1.Alignment = CENTER,
) -> v1.Block:
    """A QR code; `size` in dots per module, 0 takes the largest up to 6 that fits."""
    return v1.Block(qr=v1.QrBlock(data=data, size=size, correction=correction, align=align))


def image(png: bytes, *, width: int = 0, align: v1.Alignment = CENTER) -> v1.Block:
    """A picture from a PNG file of at most 256 KiB; `width` in dots, 0 leaves it as it is."""
    return v1.Block(image=v1.ImageBlock(png=png, width=width, align=align))


def barcode(
    data: str,
    *,
    symbology: v1.BarcodeBlock.Symbology = v1.BarcodeBlock.CODE128,
    height: int = 80,
    show_text: bool = True,
    align: v1.Alignment = CENTER,
) -> v1.Block:
    """A one-dimensional barcode, `height` dots high; `show_text` prints its characters below."""
    return v1.Block(barcode=v1.BarcodeBlock(data=data, symbology=symbology, height=height, text=show_text, align=align))


def feed(lines: int = 1) -> v1.Block:
    """1 to 50 empty lines."""
    return v1.Block(feed=v1.FeedBlock(lines=lines))


def cut(*, full: bool = False) -> v1.Block:
    """A paper cut; not `full` leaves a little bridge."""
    return v1.Block(cut=v1.CutBlock(full=full))


def drawer(pin: int = 2) -> v1.Block:
    """A drawer pulse at this place of the slip, at most once in a document; connector pin 2 or 5."""
    return v1.Block(drawer=v1.DrawerBlock(pin=pin))
