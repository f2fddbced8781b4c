"""Documents: validation, characters, layout, text preview."""

import io
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PilImage

from drivers.document import (
    Alignment,
    Barcode,
    Column,
    Columns,
    Correction,
    Cut,
    Document,
    DocumentError,
    DrawerPulse,
    Feed,
    Image,
    Paper,
    Qr,
    Rule,
    Symbology,
    Text,
    layout,
    render_text,
    validate,
)
from drivers.document.characters import printable_lines
from drivers.document.layout import wrap
from drivers.document.lines import Bars, Line, Picture, QrCode

WIDE = Paper()
NARROW = Paper(columns=32)


def text_of(*blocks, paper=WIDE):
    return render_text(layout(Document(blocks), paper))


def png(width=20, height=10, mode="L", colour=0):
    file = io.BytesIO()
    PilImage.new(mode, (width, height), colour).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("block", "pointer"),
    [
        (Text("x", width=9), "blocks/1/text/width"),
        (Text("x", height=-1), "blocks/1/text/height"),
        (Columns(()), "blocks/1/columns/columns"),
        (Columns((Column("x"),) * 9), "blocks/1/columns/columns"),
        (Columns((Column("x"), Column("y", width=-1))), "blocks/1/columns/columns/1/width"),
        (Columns((Column("x", width=47), Column("y"), Column("z"))), "blocks/1/columns/columns"),
        (Rule("=="), "blocks/1/rule/character"),
        (Qr(""), "blocks/1/qr/data"),
        (Qr("x" * 2001), "blocks/1/qr/data"),
        (Qr("\x10\x04\x01"), "blocks/1/qr/data"),
        (Qr("x" * 1500, correction=Correction.H), "blocks/1/qr/data"),
        (Qr("x", size=17), "blocks/1/qr/size"),
        (Image(b"GIF89a"), "blocks/1/image/png"),
        (Image(png()[:40]), "blocks/1/image/png"),
        (Image(png() + bytes(256 * 1024)), "blocks/1/image/png"),
        (Image(png(2001, 2000, "1")), "blocks/1/image/png"),
        (Image(png(1, 200), width=300), "blocks/1/image/png"),
        (Image(png(), width=5000), "blocks/1/image/width"),
        (Barcode(""), "blocks/1/barcode/data"),
        (Barcode("ä"), "blocks/1/barcode/data"),
        (Barcode("a", Symbology.CODE39), "blocks/1/barcode/data"),
        (Barcode("4006381333932", Symbology.EAN13), "blocks/1/barcode/data"),
        (Barcode("123", Symbology.EAN8), "blocks/1/barcode/data"),
        (Barcode("x" * 40), "blocks/1/barcode/data"),
        (Barcode("x", height=256), "blocks/1/barcode/height"),
        (Feed(51), "blocks/1/feed/lines"),
        (DrawerPulse(3), "blocks/1/drawer/pin"),
        (Text("x" * 200_001), "blocks/1/text"),
        ("no block", "blocks/1"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(block, pointer):
    with pytest.raises(DocumentError) as caught:
        layout(Document((Text("first"), block)))
    assert caught.value.pointer == pointer
    assert caught.value.message.endswith(".")


def test_limits_of_the_whole_document():
    with pytest.raises(DocumentError, match="at most 2000") as caught:
        validate(Document((Feed(),) * 2001))
    assert caught.value.pointer == "blocks"
    with pytest.raises(DocumentError, match="at most once") as caught:
        validate(Document((DrawerPulse(), DrawerPulse(5))))
    assert caught.value.pointer == "blocks/1/drawer"
    with pytest.raises(DocumentError, match="10 metres"):
        layout(Document((Feed(50),) * 60))


@pytest.mark.parametrize(
    ("text", "encoding", "lines"),
    [
        ("Grüße: 3,50 €", "cp858", ["Grüße: 3,50 €"]),
        ("3,50 €", "cp437", ["3,50 EUR"]),
        ("Öl für „Ärzte“ – heiß…", "cp858", ['Öl für "Ärzte" - heiß...']),
        ("Öl", "ascii", ["Oel"]),
        ("u\u0308", "cp858", ["ü"]),
        ("Čapek Ωmega 日本", "cp858", ["Capek ?mega ??"]),
        ("ﬁn ⅔", "cp858", ["fin 2?3"]),
        ("a\r\nb\rc\nd", "cp858", ["a", "b", "c", "d"]),
        ("a\tb", "cp858", ["a       b"]),
        ("\x1bp\x00\x7f\x85\x9b", "cp858", ["?p????"]),
        ("a\u202eb\u200bc\ufeffd\u00ade", "cp858", ["abcde"]),
        ("a\u2028b\u2029c\u2003d", "cp858", ["a b c d"]),
        ("\ud800", "cp858", ["?"]),
    ],
)
def test_characters(text, encoding, lines):
    assert printable_lines(text, encoding) == lines


@given(st.text())
@settings(max_examples=200)
def test_no_control_character_survives(text):
    for line in printable_lines(text, "cp858"):
        data = line.encode("cp858")
        assert all(value >= 0x20 and value != 0x7F for value in data)


@given(st.text(alphabet="ab  c", max_size=60), st.integers(1, 12))
@settings(max_examples=200)
def test_wrapping_loses_no_letter_and_keeps_the_width(line, columns):
    parts = list(wrap(line, columns))
    assert parts
    assert all(len(part) <= columns for part in parts)
    assert "".join(parts).replace(" ", "") == line.replace(" ", "")


def test_wrapping_prefers_blanks_and_keeps_indents():
    assert list(wrap("  zwei Wörter", 8)) == ["  zwei", "Wörter"]
    assert list(wrap("Donaudampfschiff", 6)) == ["Donaud", "ampfsc", "hiff"]
    assert list(wrap("genau acht", 5)) == ["genau", "acht"]
    assert list(wrap("", 5)) == [""]
    assert text_of(Text("a" * 30 + " 10\u00a0000 EUR"), paper=NARROW) == "a" * 30 + "\n10 000 EUR\n"


def test_columns():
    price = Column("12,50 €", 10, Alignment.RIGHT)
    assert text_of(Columns((Column("Espresso"), price)), paper=NARROW) == "Espresso" + " " * 17 + "12,50 €\n"
    assert text_of(Columns((Column("x" * 24), price)), paper=NARROW) == "x" * 21 + "    12,50 €\nxxx\n"
    row = Columns((Column("a"), Column("b", 11, Alignment.CENTER), Column("c", 3, Alignment.RIGHT)))
    assert text_of(row, paper=NARROW) == "a" + " " * 22 + "b" + " " * 7 + "c\n"
    (line,) = layout(Document((Columns((Column("fett"),), bold=True),))).items
    assert isinstance(line, Line)
    assert line.runs[0].style.bold


def test_text_preview_shows_every_block():
    preview = text_of(
        Text("Mitte", Alignment.CENTER),
        Text("breit", Alignment.RIGHT, width=2),
        Rule("="),
        Qr("https://example.org"),
        Image(png(), Alignment.LEFT),
        Barcode("1234567", Symbology.EAN8, align=Alignment.RIGHT),
        Feed(2),
        DrawerPulse(),
        Cut(),
        paper=NARROW,
    )
    assert preview.splitlines() == [
        " " * 13 + "Mitte",
        " " * 22 + "breit",
        "=" * 32,
        "    [QR https://example.org]",
        "[picture 20 x 10]",
        " " * 17 + "[EAN8 12345670]",
        "",
        "",
        "- " * 15 + "-",
    ]
    assert text_of(Rule("\x1b")) == "?" * 48 + "\n"
    assert text_of(Rule(" ")) == "-" * 48 + "\n"


def test_sizes_follow_the_paper():
    def only(kind, block, paper=WIDE):
        return next(item for item in layout(Document((block,)), paper).items if isinstance(item, kind))

    assert only(QrCode, Qr("x" * 100)).module == 6
    assert only(QrCode, Qr("x" * 500), NARROW).module == 4
    assert only(QrCode, Qr("x" * 500, size=16), NARROW).module == 4
    assert only(QrCode, Qr("x", size=16)).module == 16
    assert only(Bars, Barcode("x" * 8)).module == 3
    assert only(Bars, Barcode("x" * 10), NARROW).module == 2
    assert only(Picture, Image(png(1000, 500))).width == 576
    assert (only(Picture, Image(png(), width=40)).width, only(Picture, Image(png(), width=40)).height) == (40, 20)
    assert only(Picture, Image(png(8, 1, "RGBA", (0, 0, 0, 0)))).bits == b"\0"  # transparent is white
    assert only(Picture, Image(png(8, 1))).bits == b"\xff"


def test_importing_documents_is_cheap():
    code = (
        "import sys, drivers.document, drivers.escpos;"
        "print([name for name in ('PIL', 'qrcode', 'escpos', 'barcode') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
