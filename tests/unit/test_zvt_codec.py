"""The ZVT codec: layers one by one, limits, and what must never leave as text."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.errors import CodecError
from drivers.zvt.codec import Apdu, ApduReader, decode_message
from drivers.zvt.codec.bcd import decode_bcd, decode_var_length, digits, encode_bcd, encode_var
from drivers.zvt.codec.bmp import BMPS, Field, Fields
from drivers.zvt.codec.frame import crc16, decode_frame, encode_frame
from drivers.zvt.codec.messages import (
    Abort,
    AbortMessage,
    Acknowledgement,
    Authorisation,
    Completion,
    IntermediateStatus,
    LogOff,
    PrintBlock,
    PrintLine,
    Registration,
    RepeatReceipt,
    StatusEnquiry,
    StatusInformation,
    TerminalStatus,
)
from drivers.zvt.codec.receipts import ADMINISTRATION, CUSTOMER, MERCHANT, ReceiptCollector
from drivers.zvt.codec.text import CHARSETS, UTF8, decode_text, encode_text, mask_pan, mask_text
from drivers.zvt.codec.texts import card_type_name, result_text, status_text, terminal_condition
from drivers.zvt.codec.tlv import Tlv, decode_length, decode_tlv, encode_length, encode_tlv, group, select

FUZZ = settings(max_examples=150, deadline=None)
COMMANDS = [
    0x0600,
    0x0601,
    0x06B0,
    0x0501,
    0x0620,
    0x0602,
    0x060F,
    0x061E,
    0x040F,
    0x04FF,
    0x06D1,
    0x06D3,
    0x8000,
    0x8483,
]


# --- numbers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [0, 1, 10, 1234, 999_999_999_999])
def test_bcd_round_trip(number):
    assert decode_bcd(encode_bcd(number, 6)) == number


@pytest.mark.parametrize(("value", "size"), [(10**12, 6), (-1, 6), ("12a", 3), ("", 1), ("٣", 1)])
def test_bcd_refuses_what_does_not_fit(value, size):
    with pytest.raises(CodecError):
        encode_bcd(value, size)


def test_bcd_refuses_other_nibbles():
    with pytest.raises(CodecError):
        decode_bcd(b"\x1f")
    assert digits(b"\x00\x12") == "0012"
    assert digits(b"") == ""


@pytest.mark.parametrize(("places", "size"), [(2, 0), (2, 99), (3, 0), (3, 999)])
def test_variable_lengths(places, size):
    coded = encode_var(bytes(size), places)
    assert decode_var_length(coded, places) == size
    assert len(coded) == places + size


@pytest.mark.parametrize(("data", "places"), [(b"\xf1", 2), (b"\x11\xf1", 2), (b"\xf1\xfa", 2)])
def test_variable_lengths_that_are_none(data, places):
    with pytest.raises(CodecError):
        decode_var_length(data, places)


def test_variable_lengths_end():
    with pytest.raises(CodecError):
        encode_var(bytes(100), 2)


# --- APDU --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 254, 255, 256, 65535])
def test_apdu_lengths(size):
    raw = Apdu(0x06D3, bytes(size)).encode()
    assert raw[2] == min(size, 0xFF)
    assert len(raw) == size + (3 if size < 255 else 5)
    assert Apdu.decode(raw) == Apdu(0x06D3, bytes(size))
    assert ApduReader().feed(raw) == [Apdu(0x06D3, bytes(size))]


def test_apdu_limits():
    with pytest.raises(CodecError):
        Apdu(0x0601, bytes(65536)).encode()
    with pytest.raises(CodecError):
        Apdu(0x10000).encode()
    with pytest.raises(CodecError):
        ApduReader(limit=100).feed(bytes.fromhex("0601FFFF00"))
    for broken in (b"", b"\x06\x01", b"\x06\x01\x01", b"\x06\x01\x00\x00", b"\x06\x01\xff\x00"):
        with pytest.raises(CodecError):
            Apdu.decode(broken)


@FUZZ
@given(st.lists(st.builds(Apdu, st.integers(0, 0xFFFF), st.binary(max_size=300)), max_size=6), st.data())
def test_any_segmentation_gives_the_same_apdus(apdus, data):
    stream = b"".join(apdu.encode() for apdu in apdus)
    reader, found, at = ApduReader(), [], 0
    while at < len(stream):
        step = data.draw(st.integers(1, 40))
        found += reader.feed(stream[at : at + step])
        at += step
    assert found == apdus
    assert not reader.pending


@FUZZ
@given(st.binary(max_size=400))
def test_reader_takes_anything(data):
    reader = ApduReader(limit=300)
    try:
        reader.feed(data)
    except CodecError:
        return
    assert sum(len(apdu.encode()) for apdu in ApduReader().feed(data)) <= len(data)


# --- frames ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("apdu", "checksum"),
    [("800000", "F51F"), ("067000", "D9F9"), ("061800", "563A"), ("849C00", "C341"), ("069303123456", "CAA4")],
)
def test_checksums_of_the_specification(apdu, checksum):
    assert encode_frame(bytes.fromhex(apdu))[-2:].hex().upper() == checksum
    assert crc16(b"123456789") == 0x2189


def test_header_with_10_is_doubled_and_checksum_is_not():
    frame = encode_frame(bytes.fromhex("061000"))
    assert frame[:8].hex() == "1002061010001003"
    for low in range(256):  # some of these give a checksum byte of 10, 03 or 06
        apdu = bytes([0x06, 0x10, 0x01, low])
        assert decode_frame(encode_frame(apdu)) == apdu


@pytest.mark.parametrize(
    "broken", ["", "1003", "100206", "10028000001003", "10028000001003F51E", "100280000010", "1002801000", "1002800000"]
)
def test_broken_frames(broken):
    with pytest.raises(CodecError):
        decode_frame(bytes.fromhex(broken))


@FUZZ
@given(st.binary(max_size=300))
def test_frames_round_trip(data):
    assert decode_frame(encode_frame(data)) == data


@FUZZ
@given(st.binary(max_size=60))
def test_frame_decoder_takes_anything(data):
    with contextlib.suppress(CodecError):
        assert encode_frame(decode_frame(b"\x10\x02" + data)) == b"\x10\x02" + data


# --- TLV ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 127, 128, 255, 256, 65535])
def test_tlv_lengths(size):
    coded = encode_length(size)
    assert decode_length(coded, 0) == (size, len(coded))
    assert decode_tlv(Tlv(0x1F07, bytes(size)).encode()) == (Tlv(0x1F07, bytes(size)),)


@pytest.mark.parametrize("broken", ["1F", "1F81", "1F81818181", "07", "0780", "0783", "0781", "078200", "07820100"])
def test_broken_tlv(broken):
    with pytest.raises(CodecError):
        decode_tlv(bytes.fromhex(broken))


def test_tlv_too_long():
    with pytest.raises(CodecError):
        encode_length(65536)


def test_tlv_paths():
    objects = (group(0x24, Tlv(0x07, b"a"), Tlv(0x07, b"b")), Tlv(0x07, b"c"), Tlv(0x24, b"\x07\x05"))
    assert list(select(objects, 0x24, 0x07)) == [b"a", b"b"]  # the broken second 24 is skipped
    assert objects[0].constructed
    assert not objects[1].constructed
    assert not Tlv(0x1F07).constructed


tlvs = st.recursive(
    st.builds(Tlv, st.sampled_from([0x07, 0x41, 0x1F07, 0x1F8000]), st.binary(max_size=150)),
    lambda inner: st.builds(lambda each: group(0x24, *each), st.lists(inner, max_size=3)),
    max_leaves=6,
)


@FUZZ
@given(st.lists(tlvs, max_size=4))
def test_tlv_round_trip(objects):
    assert decode_tlv(encode_tlv(objects)) == tuple(objects)


@FUZZ
@given(st.binary(max_size=80))
def test_tlv_decoder_takes_anything(data):
    try:
        for each in decode_tlv(data):
            _ = each.constructed
            list(select([each], each.tag, 0x07))
    except CodecError:
        pass


# --- fields ------------------------------------------------------------------------------------------------------


@st.composite
def field(draw):
    number = draw(st.sampled_from(sorted(BMPS)))
    row = BMPS[number]
    if row.size > 0:
        return Field(number, draw(st.binary(min_size=row.size, max_size=row.size)))
    if number == 0x06:
        return Field(number, encode_tlv(draw(st.lists(tlvs, max_size=2))))
    return Field(number, draw(st.binary(max_size=99)))


@FUZZ
@given(st.lists(field(), max_size=8))
def test_fields_round_trip(items):
    fields = Fields(tuple(items))
    assert Fields.decode(fields.encode()) == fields
    for item in items:
        fields.number(item.number)
        fields.digits(item.number)
        fields.text(item.number)


@FUZZ
@given(st.binary(max_size=120))
def test_salvage_takes_anything_and_loses_nothing_canonical(data):
    fields = Fields.salvage(data)
    again = fields.encode()
    assert Fields.salvage(again) == fields
    try:
        assert Fields.decode(data) == fields
    except CodecError:
        assert fields.rest


def test_broken_field_keeps_what_came_before():
    fields = Fields.salvage(bytes.fromhex("2700" + "0400000000"))
    assert fields.number(0x27) == 0
    assert fields.rest == bytes.fromhex("0400000000")
    with pytest.raises(CodecError):
        Fields.decode(bytes.fromhex("27000400000000"[:10]))


def test_fields_from_plain_values():
    fields = Fields.of({0x04: 1234, 0x49: 978, 0x29: "00000012", 0x3C: "Grüße", 0x2A: "VU1", 0x27: 5, 0x22: b"\x12"})
    assert fields.number(0x04) == 1234
    assert fields.digits(0x29) == "00000012"
    assert fields.text(0x3C) == "Grüße"
    assert fields.text(0x2A) == "VU1"
    assert fields.number(0x88) is None
    assert fields.digits(0x88) == ""
    assert Fields.of({0x04: bytes.fromhex("00000000000F")}).number(0x04) is None
    assert Fields.of({0x04: bytes.fromhex("00000000000F")}).digits(0x04) == ""


@pytest.mark.parametrize("values", [{0x99: 1}, {0x27: 256}, {0x27: "x"}, {0x04: 10**12}])
def test_values_that_no_field_holds(values):
    with pytest.raises(CodecError):
        Fields.of(values)


@pytest.mark.parametrize("item", [Field(0x99, b""), Field(0x04, b"\0"), Field(0x22, bytes(100))])
def test_fields_that_cannot_be_written(item):
    with pytest.raises(CodecError):
        item.encode()


# --- messages ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "message",
    [
        Registration("123456", 0x8E, 978, Fields.of({0x06: (group(0x26, Tlv(0x0A, b"\x06\xd3")),)})),
        Registration("000000", 0),
        Authorisation(Fields.of({0x04: 1, 0x49: 978})),
        Abort(),
        LogOff(),
        StatusEnquiry(),
        StatusEnquiry("000000", Fields.of({0x03: 2})),
        RepeatReceipt("000000", Fields.of({0x03: 3})),
        StatusInformation(Fields.of({0x27: 0})),
        IntermediateStatus(0x0A),
        IntermediateStatus(0xFF, 10, Fields.of({0x06: (group(0x24, Tlv(0x07, b"Hallo")),)})),
        IntermediateStatus(0x17, None, Fields.of({0x06: (Tlv(0x1F73, bytes(3)),)})),
        Completion(),
        AbortMessage(),
        AbortMessage(0x6F, Fields.of({0x49: 978})),
        PrintLine(0x40, b"Zeile"),
        PrintLine(0x81, b"x", Fields.of({0x06: (Tlv(0x1F07, b"\1"),)})),
        PrintBlock(Fields.of({0x06: (group(0x25, Tlv(0x07, b"x")),)})),
        Acknowledgement(),
        Acknowledgement(0x9C, b"\1"),
    ],
)
def test_messages_round_trip(message):
    assert decode_message(Apdu.decode(message.apdu().encode())) == message


@pytest.mark.parametrize(
    "broken", ["060003123456", "0600051234568E09", "060006123456" + "8E0F78", "0501021234", "06200312345F", "06020100",
               "04FF00", "06D100", "06010104", "06B00104"]
)  # fmt: skip
def test_malformed_messages(broken):
    with pytest.raises(CodecError):
        decode_message(Apdu.decode(bytes.fromhex(broken)))


def test_registration_with_fields_needs_a_currency():
    with pytest.raises(CodecError):
        Registration("123456", 0, None, Fields.of({0x03: 1})).apdu()


@FUZZ
@given(st.sampled_from(COMMANDS), st.binary(max_size=120))
def test_any_message_decodes_or_is_a_codec_error(control, data):
    try:
        message = decode_message(Apdu(control, data))
    except CodecError:
        return
    repr(message)
    message.apdu().encode()
    if isinstance(message, StatusInformation):
        _ = (message.result_code, message.trace_number, message.card_type, message.masked_pan, message.terminal_time)
        message.texts()
    elif isinstance(message, IntermediateStatus):
        message.texts()
    elif isinstance(message, PrintLine | PrintBlock):
        collector = ReceiptCollector()
        collector.add(message)
        assert sum(len(receipt.lines) for receipt in collector.receipts) <= 2000
    elif isinstance(message, Completion):
        _ = message.fields
        try:
            _ = message.terminal_status
        except CodecError:
            assert not data


@pytest.mark.parametrize("status", [0x00, 0x9C, 0xF0, 0xF6])
@pytest.mark.parametrize("version", ["", "2.14.15"])
def test_status_enquiry_end(status, version):
    told = TerminalStatus(status, version, Fields.of({0x06: (Tlv(0x1F44, b"\1"),)}))
    assert told.completion().terminal_status == told
    assert TerminalStatus(status, version).completion().terminal_status == TerminalStatus(status, version)


def test_status_of_the_specification():
    end = Completion(bytes.fromhex("F0F0F7322E31342E313500"))
    assert end.terminal_status == TerminalStatus(0, "2.14.15")
    assert Completion(bytes.fromhex("F0F0F5")).terminal_status.status == 0xF0


def test_intermediate_status_with_a_timeout_that_is_none():
    message = decode_message(Apdu(0x04FF, b"\x0a\xff"))
    assert (message.status, message.timeout_minutes, message.fields.rest) == (0x0A, None, b"\xff")


def test_card_types_and_traces_beyond_the_classic_fields():
    fields = Fields.of({0x8A: 0xFF, 0x0B: 0, 0x06: (Tlv(0x41, b"\x01\x04"), Tlv(0x1F2B, bytes.fromhex("10016005")))})
    message = StatusInformation(fields)
    assert (message.card_type, message.trace_number) == (260, "10016005")
    assert StatusInformation(Fields.of({0x8A: 5, 0x06: (Tlv(0x41, b"\6"),)})).card_type == 5
    assert StatusInformation(Fields.of({0x0C: "112233"})).terminal_time == "11:22:33"


# --- text --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "masked"),
    [
        ("EEEEEEEEEEEE4771", "************4771"),
        ("4111111111111111", "************1111"),
        ("672590EEEEEEEEE0014F", "***************0014"),
        ("5966666666D20021220100", "******6666"),
        ("11EEEE2E", "******2*"),
        ("1234", "****"),
        ("", ""),
        ("FF", ""),
    ],
)
def test_card_numbers_are_masked(raw, masked):
    assert mask_pan(bytes.fromhex(raw)) == masked
    assert sum(char.isdigit() for char in mask_pan(bytes.fromhex(raw))) <= 4


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Karte 4111111111111111", "Karte ************1111"),
        ("Karte 4111 1111 1111 1111 gültig", "Karte **** **** **** 1111 gültig"),
        ("VU-Nr. 4111111111111112", "VU-Nr. 4111111111111112"),
        ("Trace 000123", "Trace 000123"),
        ("01234567890123456789012345", "01234567890123456789012345"),
    ],
)
def test_card_numbers_in_text_are_masked(text, masked):
    assert mask_text(text) == masked
    assert decode_text(text.encode("cp437")) == masked


def test_no_card_number_in_any_repr():
    secret = Fields.of({0x22: bytes.fromhex("4111111111111111"), 0x23: b"4111111111111111"})
    for message in (StatusInformation(secret), Authorisation(secret), secret, secret.items[0], Apdu(1, b"4111")):
        assert "4111" not in repr(message)
    assert "987654" not in repr(Registration("987654", 0))


def test_character_sets():
    for charset in CHARSETS:
        assert decode_text(encode_text("Summe 1,00", charset), charset) == "Summe 1,00"
    assert decode_text("5 €".encode(), UTF8) == "5 €"
    assert encode_text("5 €") == b"5 ?"
    assert decode_text(b"a\r\nb\rc\x07") == "a\nb\nc"
    with pytest.raises(CodecError):
        encode_text("x", 99)


# --- receipts ----------------------------------------------------------------------------------------------------


def test_lines_split_on_the_last_line_and_tell_their_kind_by_words():
    collector = ReceiptCollector()
    lines = [
        (0x40, "** Händlerbeleg **"),
        (0x02, "eingerückt"),
        (0xFF, "\2"),
        (0x00, "Summe 1,00 EUR, danke sehr"),
        (0x81, ""),
    ]
    lines += [(0x00, "Kundenbeleg"), (0xFF, ""), (0x80, "weiter"), (0x90, "Ende"), (0x00, "Diagnose")]
    for attribute, text in lines:
        collector.add(PrintLine(attribute, encode_text(text)))
    merchant, customer, other = collector.receipts
    assert merchant.kind == MERCHANT
    assert merchant.lines == ("    ** Händlerbeleg **", "  eingerückt", "", "", "Summe 1,00 EUR, danke sehr")
    assert (customer.kind, customer.lines) == (CUSTOMER, ("Kundenbeleg", "", "weiter", "Ende"))
    assert (other.kind, other.lines) == (ADMINISTRATION, ("Diagnose",))


def block(kind, *items):
    return PrintBlock(Fields.of({0x06: (Tlv(0x1F07, bytes([kind])), group(0x25, *items))}))


def test_one_receipt_may_span_blocks_and_another_kind_begins_a_new_one():
    collector = ReceiptCollector()
    collector.add(block(2, Tlv(0x07, b"eins")))
    collector.add(block(2, Tlv(0x07, b"zwei"), Tlv(0x09, b"\x81")))
    collector.add(block(2, Tlv(0x07, b"drei")))
    collector.add(block(1, Tlv(0x07, b"vier"), Tlv(0x09, b""), Tlv(0x0B, b"?")))
    assert [(each.kind, each.lines) for each in collector.receipts] == [
        (CUSTOMER, ("eins", "zwei")),
        (CUSTOMER, ("drei",)),
        (MERCHANT, ("vier",)),
    ]


def test_broken_block_costs_its_lines_only():
    collector = ReceiptCollector()
    collector.add(PrintBlock(Fields.of({0x06: (Tlv(0x25, b"\x07\x09x"),)})))
    assert collector.receipts == ()


def test_endless_receipt_is_bounded():
    collector = ReceiptCollector()
    for _ in range(2500):
        collector.add(PrintLine(0, b"x"))
    assert len(collector.receipts[0].lines) == 2000


# --- what the codes mean -----------------------------------------------------------------------------------------


def test_every_code_has_words():
    for code in range(256):
        assert result_text(code).message
        assert result_text(code).message_de
        assert status_text(code).en
        assert status_text(code).de
        ready, reason = terminal_condition(code)
        assert ready or reason


def test_some_words():
    assert "code 27" in result_text(27).message
    assert "error D0" in result_text(0xD0).message
    assert result_text(None).message
    assert "remove the card" in status_text(0x44).en
    assert status_text(0x4B) == status_text(0x0B)
    assert card_type_name(5) == "girocard"
    assert card_type_name(77) == ""
