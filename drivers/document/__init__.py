"""Documents: blocks, their layout, and previews as text; pictures are in `drivers.document.raster` (needs Pillow)."""

from drivers.document._check import validate
from drivers.document.blocks import (
    Alignment,
    Barcode,
    Block,
    Column,
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
from drivers.document.layout import layout
from drivers.document.lines import Paper, Slip
from drivers.document.text import render_text

__all__ = [
    "Alignment",
    "Barcode",
    "Block",
    "Column",
    "Columns",
    "Correction",
    "Cut",
    "Document",
    "DocumentError",
    "DrawerPulse",
    "Feed",
    "Image",
    "Paper",
    "Qr",
    "Rule",
    "Slip",
    "Symbology",
    "Text",
    "layout",
    "render_text",
    "validate",
]
