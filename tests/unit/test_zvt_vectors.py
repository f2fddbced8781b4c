"""Real bytes: captures of terminals, test data and encoder output of other implementations."""

import json
from pathlib import Path

import pytest

from drivers.errors import CodecError
from drivers.zvt.codec import Apdu, decode_message
from drivers.zvt.codec.bcd import decode_var_length
from drivers.zvt.codec.bmp import BMPS, Fields
from drivers.zvt.codec.frame import decode_frame, encode_frame
from drivers.zvt.codec.messages import Completion, IntermediateStatus, StatusInformation, Unmodelled
from drivers.zvt.codec.receipts import CUSTOMER, ReceiptCollector
from drivers.zvt.codec.tlv import Tlv, decode_length, decode_tlv, encode_tlv

LINES = (Path(__file__).parents[1] / "vectors" / "zvt.jsonl").read_text(encoding="utf-8").splitlines()
VECTORS = [json.loads(line) for line in LINES]

#: Names that the vectors use for fields, by BMP number.
NAMES = {
    "amount": 0x04, "trace": 0x0B, "time": 0x0C, "date": 0x0D, "expiry": 0x0E, "card_seq": 0x17, "pan": 0x22,
    "result_code": 0x27, "terminal_id": 0x29, "orig_trace": 0x37, "currency": 0x49, "receipt_no": 0x87,
    "turnover_no": 0x88, "card_type": 0x8A, "payment_type_or_status": 0x19, "result_code_as": 0xA0,
    "network_card_type": 0x8C, "bmp_05": 0x05, "bmp_23": 0x23,
}  # fmt: skip


def chosen(*kinds, wellformed=True):
    return [
        pytest.param(vector, id=f"{at}-{vector['hex'][:16]}")
        for at, vector in enumerate(VECTORS)
        if vector["kind"] in kinds and vector.get("wellformed", False) is wellformed
    ]


def tree(objects: tuple[Tlv, ...], like: list) -> list:
    """TLV objects in the shape of the vector: nested where the vector nests."""
    return [
        [f"{each.tag:02X}", tree(each.children, told) if isinstance(told, list) else each.value.hex().upper()]
        for each, (_, told) in zip(objects, like, strict=True)
    ]


def check_fields(fields: Fields, decoded: dict) -> None:
    compared = 0
    for name, number in NAMES.items():
        if name in decoded and fields.raw(number) is not None:
            assert fields.raw(number).hex().upper() == decoded[name]
            compared += 1
    if "tlv" in decoded and fields.raw(0x06) is not None:
        assert tree(fields.tlv, decoded["tlv"]) == decoded["tlv"]
        compared += 1
    assert compared or not (set(decoded) & (NAMES.keys() | {"tlv"}))


@pytest.mark.parametrize("vector", chosen("apdu", "serial-frame"))
def test_wellformed_message_decodes_and_encodes_to_the_same_bytes(vector):
    raw = bytes.fromhex(vector["hex"])
    if vector["kind"] == "serial-frame":
        inner = decode_frame(raw)
        assert inner == bytes.fromhex(vector["apdu"])
        assert encode_frame(inner) == raw
        raw = inner
    apdu = Apdu.decode(raw)
    message = decode_message(apdu)
    decoded = vector["decoded"]
    assert f"{apdu.control:04X}" == decoded.get("cmd", f"{apdu.control:04X}")
    again = message.apdu()
    if apdu.control == 0x8400:  # positive as well: we say it as 80 00
        assert again == Apdu(0x8000)
    else:
        assert again == apdu
        if raw[2] != 0xFF or len(apdu.data) >= 0xFF:  # a long form for short data is legal, not canonical
            assert again.encode() == raw
    fields = message.fields if hasattr(message, "fields") else None
    if fields is not None and not isinstance(message, Unmodelled | Completion):
        assert not fields.rest
        if "password" not in decoded and not isinstance(message, IntermediateStatus):
            check_fields(fields, {k: v for k, v in decoded.items() if apdu.control != 0x061E or k != "result_code"})
    if "password" in decoded and hasattr(message, "password"):
        assert message.password == decoded["password"]
    if "config_byte" in decoded:
        assert f"{message.config:02X}" == decoded["config_byte"]
        assert f"{message.currency:04}" == decoded["currency"]


@pytest.mark.parametrize("vector", chosen("fragment-or-payload", wellformed=False))
def test_a_fragment_is_no_apdu(vector):
    with pytest.raises(CodecError):
        Apdu.decode(bytes.fromhex(vector["hex"]))


@pytest.mark.parametrize("vector", chosen("bmp-payload"))
def test_bitmaps(vector):
    raw = bytes.fromhex(vector["hex"])
    fields = Fields.decode(raw)
    assert not fields.rest
    assert fields.encode() == raw
    check_fields(fields, vector["decoded"])


@pytest.mark.parametrize("vector", chosen("tlv"))
def test_tlv(vector):
    raw = bytes.fromhex(vector["hex"])
    objects = decode_tlv(raw)
    assert encode_tlv(objects) == raw
    assert tree(objects, vector["decoded"]["tlv"]) == vector["decoded"]["tlv"]


@pytest.mark.parametrize("vector", chosen("tlv", wellformed=False))
def test_malformed_tlv(vector):
    with pytest.raises(CodecError):
        decode_tlv(bytes.fromhex(vector["hex"]))


def test_lengths():
    lengths = [vector for vector in VECTORS if vector["kind"] in {"llvar-length", "tlv-tag-or-length"}]
    assert len(lengths) == 3
    for vector in lengths:
        raw = bytes.fromhex(vector["hex"])
        if vector["kind"] == "llvar-length":
            assert decode_var_length(raw, len(raw)) == int(vector["expect"]["length"])
        else:
            assert decode_length(raw, 0)[0] == int(vector["expect"]["lengthInfo.Length"])


def test_a_bitmap_we_do_not_know_ends_the_reading_but_loses_nothing():
    vector = next(each for each in VECTORS if each["hex"] == "040FFF01006C")
    message = decode_message(Apdu.decode(bytes.fromhex(vector["hex"])))
    assert isinstance(message, StatusInformation)
    assert message.fields.rest == b"\x6c"
    assert message.result_code is None


def captured(start: str) -> bytes:
    return bytes.fromhex(next(each["hex"] for each in VECTORS if each["hex"].startswith(start)))


def test_a_captured_receipt_block_becomes_a_receipt():
    collector = ReceiptCollector()
    collector.add(decode_message(Apdu.decode(captured("06D3FFE303"))))
    (receipt,) = collector.receipts
    assert receipt.kind == CUSTOMER
    assert "** Kundenbeleg **" in receipt.lines[0] + receipt.lines[1]


def test_a_captured_approval():
    message = decode_message(Apdu.decode(captured("040F772700040000000020400B000463")))
    assert message.result_code == 0
    assert message.masked_pan == "************4771"
    assert message.terminal_time == "10-06 21:04:43"
    assert message.trace_number == "000463"
    assert message.fields.text(0x8B) == "Debit Mastercard"
    assert message.fields.text(0x3B) == "978539"
    assert message.texts() == "GEN.NR.:978539"


def test_a_captured_status_with_version_and_tlv():
    end = decode_message(Apdu.decode(captured("060F89F0F4F0")))
    status = end.terminal_status
    assert status.status == 0
    assert status.version == "GER-APP-v2.0.9;cS02.01.01-10.10-2-2;CC26"
    assert status.fields.tag(0xE4, 0x1F40) == b"cVEND plug"


def test_every_card_number_of_the_vectors_leaves_masked():
    seen = 0
    for vector in VECTORS:
        pan = vector.get("decoded", {}).get("pan")
        if pan:
            message = decode_message(Apdu.decode(bytes.fromhex(vector.get("apdu") or vector["hex"])))
            assert sum(char.isdigit() for char in message.masked_pan) <= 4
            assert pan not in repr(message)
            seen += 1
    assert seen > 10


def test_the_table_names_every_bitmap_once():
    names = [row.name for row in BMPS.values()]
    assert len(set(names)) == len(names)
