"""The printer's bytes told apart, the simulator's tokenizer, and faults."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.base import Paper
from drivers.document.lines import Bars, Gap, Line, Picture, QrCode
from drivers.errors import CodecError
from drivers.escpos._interpreter import Interpreter, Kick, Query, Strange
from drivers.escpos._tokens import Command, Text, Tokenizer, Unknown
from drivers.escpos.codec import (
    MAX_BLOCK,
    AutoStatus,
    Block,
    Flow,
    Noise,
    Parser,
    Plain,
    RealTime,
    decode_identity,
    decode_status,
    online,
)
from drivers.escpos.simulator import FAULTS, Faults, parse_faults


@pytest.mark.parametrize(
    ("data", "answers"),
    [
        (b"\x16", [RealTime(0x16)]),
        (b"\x1e\x32\x12\x7e", [RealTime(0x1E), RealTime(0x32), RealTime(0x12), RealTime(0x7E)]),
        (b"\x14\x00\x00\x0f", [AutoStatus(b"\x14\x00\x00\x0f")]),
        (b"\x00\x0f", [Plain(0), Plain(0x0F)]),
        (b"\x37\x22\x30\x30\x30\x31\x00\x16", [Block(b'7"0001'), RealTime(0x16)]),
        (b"_TM\x13-T\x1188\x00", [Flow(go=False), Flow(go=True), Block(b"_TM-T88")]),
        (b"\x14\x00\x16", [Noise(b"\x14\x00"), RealTime(0x16)]),
        (b"\xff\x80", [Noise(b"\xff"), Noise(b"\x80")]),
        (b"_" + b"a" * (MAX_BLOCK - 1) + b"\x16", [Noise(b"_" + b"a" * (MAX_BLOCK - 1)), RealTime(0x16)]),
    ],
)
def test_answers_are_told_apart_in_pieces_of_any_size(data, answers):
    assert Parser().feed(data) == answers
    parser = Parser()
    assert [answer for value in data for answer in parser.feed(bytes((value,)))] == answers


@given(st.lists(st.binary(max_size=40)))
@settings(max_examples=200)
def test_the_parser_takes_everything_and_keeps_little(pieces):
    parser = Parser()
    for piece in pieces:
        parser.feed(piece)
    parser.reset()
    assert parser.feed(b"\x16") == [RealTime(0x16)]


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ((0x16, 0x12, 0x12, 0x12), (True, Paper.OK, False, "", True)),
        ((0x12, 0x12, 0x12, 0x1E), (True, Paper.NEAR_END, False, "", False)),
        ((0x1E, 0x32, 0x12, 0x7E), (False, Paper.OUT, False, "", True)),
        ((0x1E, 0x16, 0x12, 0x12), (False, Paper.OK, True, "", True)),
    ],
)
def test_status(values, status):
    found = decode_status(*values)
    assert (found.online, found.paper, found.cover_open, found.error, found.drawer_pin_high) == status


@pytest.mark.parametrize(("value", "word"), [(0x1A, "cutter"), (0x32, "fault"), (0x52, "hot"), (0x16, "mechanical")])
def test_errors_have_words(value, word):
    assert word in decode_status(0x1E, 0x52, value).error
    assert decode_status(0x16).paper is Paper.UNKNOWN
    assert online(0x16)


def test_bytes_that_are_no_answer():
    for values in ((0x00,), (0x16, 0x00), (0x16, 0x12, 0x00), (0x16, 0x12, 0x12, 0x00)):
        with pytest.raises(CodecError):
            decode_status(*values)
    with pytest.raises(CodecError):
        decode_identity(b"7x")
    assert decode_identity(b"_TM-T88VI ") == "TM-T88VI"


SAMPLES = [
    b"text\xe4",
    b"\n",
    b"\x1b@",
    b"\x1bt\x13",
    b"\x1bp\x00\x19\xfa",
    b"\x1b*\x21\x02\x00abcdef",
    b"\x1b*\x00\x02\x00ab",
    b"\x1bD\x08\x10\x00",
    b"\x1d(k\x05\x001P0\xc3\x84",
    b"\x1dv0\x00\x02\x00\x02\x00abcd",
    b"\x1dkI\x04{Bab",
    b"\x1dk\x0212345\x00",
    b"\x1dVB\x00",
    b"\x1dV\x01",
    b"\x1d8L\x02\x00\x00\x00ab",
    b"\x10\x04\x01",
    b"\x10\x14\x01\x00\x01",
    b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08",
]


@pytest.mark.parametrize("cut", range(1, 6))
def test_the_tokenizer_finds_every_command_however_it_is_cut(cut):
    data = b"".join(SAMPLES)
    tokenizer = Tokenizer()
    tokens = [token for at in range(0, len(data), cut) for token in tokenizer.feed(data[at : at + cut])]
    assert b"".join(token.raw for token in tokens) == data
    assert tokenizer.pending == b""
    assert [token.raw for token in tokens if isinstance(token, Command)] == SAMPLES[1:]
    assert not [token for token in tokens if isinstance(token, Unknown)]


@given(st.lists(st.one_of(st.binary(max_size=30), st.sampled_from([sample[:-1] for sample in SAMPLES]))))
@settings(max_examples=150)
def test_the_simulator_survives_any_bytes(pieces):
    tokenizer, interpreter = Tokenizer(), Interpreter(48)
    seen = b""
    for piece in pieces:
        for token in tokenizer.feed(piece):
            seen += token.raw
            interpreter.execute(token)
    assert seen + tokenizer.pending == b"".join(pieces)


def run(data, columns=48, **options):
    interpreter = Interpreter(columns, **options)
    return [effect for token in Tokenizer().feed(data) for effect in interpreter.execute(token)]


def test_the_interpreter_prints_as_a_printer_does():
    def texts(data, **options):
        return ["".join(run_.text for run_ in line.runs) for line in run(data, **options) if isinstance(line, Line)]

    assert texts(b"abcdef\n", columns=4) == ["abcd", "ef"]
    assert texts(b"\x1bt\x13\xd5\n\x1bt\x10\x80\n") == ["€", "€"]
    assert texts(b"\xc4\xe3\n\x1c.\xc4\xe3\n", chinese=True) == ["你", "─π"]
    assert texts(b"\x1c&\xc4\xe3\n") == ["你"]
    assert texts(b"lost\x1b@kept\x1di\x1bi") == ["kept"]
    assert texts(b"no line feed") == []
    assert run(b"\x1b!\xb8x\n")[0].runs[0].style.width == 2
    assert run(b"\x1bG\x01x\n")[0].runs[0].style.bold
    assert run(b"\x1b3\x3cx\n\x1b2x\n")[1] == Gap(30)
    assert run(b"x\x1bJ\x00") == run(b"x\n")
    assert run(b"x\x1bd\x02")[1:] == [Gap(60)]
    assert [type(effect) for effect in run(b"x\x1bm")] == [Line, type(run(b"\x1bm")[0])]
    assert run(b"\x1bp\x01\x19\xfa\x1dr\x01\x1dI\x43") == [Kick(5, 50, 500), Query("r", 1), Query("I", 67)]


@pytest.mark.parametrize(
    "data",
    [
        b"\x1bt\x63",
        b"\x1bR\x02",
        b"\x1bp\x07\x01\x01",
        b"\x1dv0\x00\x00\x00\x01\x00",
        b"\x1d(L\x02\x0000",
        b"\x1dkI\x02{C",
        b"\x1dkC\x03123",
        b"\x1dkZ\x01x",
        b"\x1dw\x06\x1dkI\x12{B0123456789abcdef",
        b"\x1d(k\x04\x081P0" + b"x" * 2049 + b"\x1d(k\x03\x001E3\x1d(k\x03\x001Q0",
        b"\x1d\x99",
        b"\x00",
    ],
)
def test_what_a_printer_cannot_do_is_told(data):
    assert [effect for effect in run(data) if isinstance(effect, Strange)]


def test_codes_and_pictures_are_understood():
    assert isinstance(run(b"\x1dv0\x00\x01\x00\x01\x00\xff")[0], Picture)
    assert isinstance(run(b"\x1dk\x0312345670\x00")[0], Bars)
    (code,) = run(b"\x1d(k\x05\x001P0ab\x1d(k\x03\x001C\x05\x1d(k\x03\x001Q0")
    assert isinstance(code, QrCode)
    assert (code.data, code.module, code.modules) == ("ab", 5, 21)
    assert run(b"\x1d(k\x03\x001Q0") == []
    assert run(b"a\x1b$\x00\x00b\n")[0].runs[0].text == "ab"
    assert Tokenizer().feed(b"a") == [Text(b"a")]


def test_faults():
    assert parse_faults([]) == Faults()
    found = parse_faults(["paper-out", "drop=100", "near-end", "slow=50"])
    assert found == Faults(paper_out=0, drop=100, near_end=True, slow=50)
    assert parse_faults(["paper-out=3"]).paper_out == 3
    for wrong in ("fire", "drop", "drop=x", "near-end=1", "paper-out=", "drop=-1"):
        with pytest.raises(ValueError, match="fault"):
            parse_faults([wrong])
    assert all(FAULTS.values())
