"""The picture preview, read by an independent reader."""

import io

import pytest
import zxingcpp
from PIL import Image as PilImage

from drivers.document import Alignment, Barcode, Cut, Document, Image, Paper, Qr, Symbology, Text, layout
from drivers.document.raster import render_image, render_png

FISCAL = "V0;955002-00;Kassenbeleg-V1;Beleg^0.00_2.55^2.55:Bar;18;112;" + "MEQCIAy4P9k7x9saDO0uRZ4El8QwN" * 9

WIDE = Paper()


def render(*blocks, paper=WIDE):
    return render_image(layout(Document(blocks), paper))


@pytest.mark.parametrize("columns", [32, 48])
@pytest.mark.parametrize("data", [FISCAL, "Grüße aus Köln €"])
def test_the_qr_code_can_be_read(columns, data):
    paper = Paper(columns)
    slip = layout(Document((Text("oben"), Qr(data), Text("unten"))), paper)
    image = PilImage.open(io.BytesIO(render_png(slip)))
    assert image.width == columns * 12
    (code,) = zxingcpp.read_barcodes(image)
    assert code.text == data


@pytest.mark.parametrize(
    ("symbology", "data", "read"),
    [
        (Symbology.UNSPECIFIED, "Bon {4711}", "Bon {4711}"),
        (Symbology.EAN13, "400638133393", "4006381333931"),
        (Symbology.EAN8, "1234567", "12345670"),
        (Symbology.CODE39, "AB-12", "AB-12"),
    ],
)
def test_barcodes_can_be_read(symbology, data, read):
    (code,) = zxingcpp.read_barcodes(render(Barcode(data, symbology, text=True)))
    assert code.text == read


def ink(image, box=None):
    region = image.crop(box) if box else image
    return region.histogram()[0]


def test_styles_change_the_ink():
    plain = ink(render(Text("Summe")))
    assert plain > 100
    assert ink(render(Text("Summe", bold=True))) > plain * 1.2
    assert ink(render(Text("Summe", underline=True))) > plain
    assert ink(render(Text("Summe", width=2, height=2))) == plain * 4
    assert ink(render(Text("Summe", invert=True))) == 5 * 12 * 24 - plain
    assert render(Text("x", height=2)).height - render(Text("x")).height == 24


def test_alignment_moves_the_ink():
    right = render(Text("x", Alignment.RIGHT))
    assert ink(right, (564, 0, 576, right.height)) == ink(right) == ink(render(Text("x")))
    centred = render(Text("xx", Alignment.CENTER))
    assert ink(centred, (276, 0, 300, centred.height)) == ink(centred)


def test_a_cut_is_a_dashed_line_and_a_picture_is_black():
    assert ink(render(Cut(full=True))) > ink(render(Cut())) > 500
    file = io.BytesIO()
    PilImage.new("1", (16, 16), 0).save(file, "PNG")
    assert ink(render(Image(file.getvalue()))) == 256
