"""Documents as ESC/POS bytes."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PilImage

from drivers.document import (
    Alignment,
    Barcode,
    Column,
    Columns,
    Cut,
    Document,
    DrawerPulse,
    Feed,
    Image,
    Paper,
    Qr,
    Slip,
    Symbology,
    Text,
)
from drivers.document.lines import Picture
from drivers.escpos import PrinterProfile, commands, duplicate_mark, encode
from drivers.escpos._interpreter import Interpreter, Kick, Strange
from drivers.escpos._tokens import Tokenizer
from drivers.escpos.encoder import encode_slip

START = b"\x1b@\x1c.\x1bR\x00\x1bt\x13"


def job(*blocks, **options):
    return encode(Document(blocks), **options)


@pytest.mark.parametrize(
    ("block", "data"),
    [
        (Text("äöüÄÖÜß€"), b"\x84\x94\x81\x8e\x99\x9a\xe1\xd5\n"),
        (Text("x", Alignment.CENTER, bold=True), b"\x1ba\x01\x1bE\x01x\n"),
        (Text("x", Alignment.RIGHT, underline=True, invert=True), b"\x1ba\x02\x1b-\x01\x1dB\x01x\n"),
        (Text("x", width=2, height=3), b"\x1d!\x12x\n"),
        (Text("a\n\nb", bold=True), b"\x1bE\x01a\n\nb\n"),
        (Columns((Column("a", 3), Column("b"))), b"a  b\n"),
        (Feed(), b"\x1bd\x01"),
        (Feed(50), b"\x1bd\x32"),
        (Cut(), b"\x1dVB\x00"),
        (Cut(full=True), b"\x1dVA\x00"),
        (DrawerPulse(), b"\x1bp\x00\x19\xfa"),
        (DrawerPulse(5), b"\x1bp\x01\x19\xfa"),
        (
            Qr("Ä", size=5),
            b"\x1bJ\x14\x1ba\x01\x1d(k\x04\x001A2\x00\x1d(k\x03\x001C\x05\x1d(k\x03\x001E1\x1d(k\x05\x001P0\xc3\x84\x1d(k\x03\x001Q0\x1bJ\x14",
        ),
        (Barcode("a{b", text=True), b"\x1ba\x01\x1dhP\x1dw\x03\x1df\x00\x1dH\x02\x1dkI\x06{Ba{{b"),
        (
            Barcode("1234567", Symbology.EAN8, 40, align=Alignment.LEFT),
            b"\x1dh\x28\x1dw\x03\x1df\x00\x1dH\x00\x1dkD\x0812345670",
        ),
    ],
)
def test_golden_bytes(block, data):
    assert job(block) == START + data


def test_style_is_switched_back():
    assert job(Text("a", bold=True), Text("b")) == START + b"\x1bE\x01a\n\x1bE\x00b\n"


def test_profiles():
    profile = PrinterProfile(columns=32, encoding="cp1252", code_page=16, cutter=False, pulse_on_ms=400)
    data = job(Text("€"), Cut(), DrawerPulse(), profile=profile)
    assert data == b"\x1b@\x1c.\x1bR\x00\x1bt\x10\x80\n\x1bd\x05\x1bp\x00\x3f\xfc"


def test_copies_are_cut_apart_and_open_the_drawer_once():
    data = job(Text("x"), DrawerPulse(), copies=3)
    assert data.count(START) == data.count(b"x\n") == data.count(b"\x1dVB\x00") == 3
    assert data.count(b"\x1bp") == 1
    assert job(Text("x"), Cut(), copies=2) == job(Text("x"), Cut()) * 2
    with pytest.raises(ValueError, match="21 copies"):
        job(copies=21)


def test_a_duplicate_is_marked_on_each_slip_and_opens_no_drawer():
    mark = duplicate_mark(Document((DrawerPulse(), Text("a"), Cut(), Text("b"), Cut())))
    assert [type(block).__name__ for block in mark.blocks] == ["Text", "Text", "Cut", "Text", "Text", "Cut"]
    assert encode(mark).count(b"DUPLIKAT / DUPLICATE\n") == 2


def test_the_coil_rests_long_enough():
    for on_ms in (2, 50, 126, 5000):
        for off_ms in (0, 100, 5000):
            _, _, _, on, off = commands.drawer_pulse(2, on_ms, off_ms)
            assert on >= 1
            assert off >= 4 * on
    with pytest.raises(ValueError, match="pin 3"):
        commands.drawer_pulse(3, 50, 500)


def test_pictures_go_out_in_bands_where_they_stand_on_paper():
    file = io.BytesIO()
    PilImage.new("1", (16, 200), 0).save(file, "PNG")
    data = job(Image(file.getvalue(), Alignment.RIGHT))[len(START) :]
    head = b"\x1dv0\x00\x48\x00"
    row = bytes(70) + b"\xff\xff"
    assert data == head + b"\x80\x00" + row * 128 + head + b"\x48\x00" + row * 72


@given(st.binary(min_size=300, max_size=300), st.sampled_from(Alignment))
@settings(max_examples=50)
def test_no_picture_contains_a_real_time_command(bits, align):
    bits = bits.replace(b"\x10", b"\x10\x10\x14").replace(b"a", b"\x10\x04")[:300]
    data = encode_slip(Slip((Picture(80, 30, bits, align),), Paper()))
    assert not any(b"\x10" + bytes((second,)) in data for second in (4, 5, 0x14))
    same = encode_slip(Slip((Picture(80, 30, bytes(300), align),), Paper()))
    assert len(data) == len(same)


def effects(data):
    interpreter = Interpreter(48)
    return [effect for token in Tokenizer().feed(data) for effect in interpreter.execute(token)]


TEXTS = st.text(alphabet=st.one_of(st.characters(), st.sampled_from("\x1b\x1d\x10\x04\x14\x01\x00p@{V\n\r\t€ä")))


@given(TEXTS, TEXTS, st.booleans(), st.integers(1, 8))
@settings(max_examples=150)
def test_no_text_can_inject_a_command(text, column, flag, width):
    blocks = (Text(text, bold=flag, width=width), Columns((Column(column), Column(text[:8], 9))), Text("Ende"))
    data = encode(Document(blocks))
    tokenizer = Tokenizer()
    tokenizer.feed(data)
    assert tokenizer.pending == b""
    assert not [effect for effect in effects(data) if isinstance(effect, (Kick, Strange))]
    assert b"\x10" not in data.replace(b"\x1d!\x10", b"")


def test_python_escpos_is_imported_quietly(tmp_path):
    code = (
        "import logging, drivers.escpos as e; e.warm_up();"
        "assert not logging.root.handlers; import os; assert 'ESCPOS_CAPABILITIES_PICKLE_DIR' not in os.environ"
    )
    environment = {key: value for key, value in os.environ.items() if key != "ESCPOS_CAPABILITIES_PICKLE_DIR"}
    environment |= {"TMPDIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment, cwd=Path.cwd()
    )
    assert done.stdout == done.stderr == ""
    assert list(tmp_path.iterdir()) == []
