"""Bitmaps (BMPs): the tagged fields of most messages, and the table of their formats (PA00P015, list of bitmaps).

A parser cannot skip a bitmap it does not know, for nothing tells its length: `Fields` keeps what came before it and
the rest as raw bytes.
"""

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from drivers.errors import CodecError
from drivers.zvt.codec.bcd import decode_bcd, decode_var_length, digits, encode_bcd, encode_var
from drivers.zvt.codec.text import CP437, decode_text, encode_text
from drivers.zvt.codec.tlv import Tlv, decode_length, decode_tlv, encode_length, encode_tlv, select


class Kind(enum.Enum):
    """What the bytes of a field are."""

    BIN = "binary number, big endian"
    BCD = "packed decimal digits"
    TEXT = "characters"
    RAW = "bytes"


class Layout(enum.IntEnum):
    """How a field of variable size tells its size; a fixed size is a positive number instead."""

    LLVAR = -2
    LLLVAR = -3
    TLV = -1


@dataclass(frozen=True, slots=True)
class Bmp:
    """One row of the table."""

    name: str
    size: int
    kind: Kind


_LL, _LLL, _TLV = Layout.LLVAR, Layout.LLLVAR, Layout.TLV
_BIN, _BCD, _TEXT, _RAW = Kind.BIN, Kind.BCD, Kind.TEXT, Kind.RAW

BMPS: dict[int, Bmp] = {
    0x01: Bmp("timeout", 1, _BIN),
    0x02: Bmp("max_status_informations", 1, _BIN),
    0x03: Bmp("service_byte", 1, _BIN),
    0x04: Bmp("amount", 6, _BCD),
    0x05: Bmp("pump", 1, _BIN),
    0x06: Bmp("tlv", _TLV, _RAW),
    0x0B: Bmp("trace", 3, _BCD),
    0x0C: Bmp("time", 3, _BCD),
    0x0D: Bmp("date", 2, _BCD),
    0x0E: Bmp("expiry", 2, _BCD),
    0x17: Bmp("card_sequence", 2, _BCD),
    0x19: Bmp("payment_type", 1, _BIN),
    0x22: Bmp("pan", _LL, _RAW),
    0x23: Bmp("track_2", _LL, _RAW),
    0x24: Bmp("track_3", _LLL, _RAW),
    0x27: Bmp("result_code", 1, _BIN),
    0x29: Bmp("terminal_id", 4, _BCD),
    0x2A: Bmp("contract_number", 15, _TEXT),
    0x2D: Bmp("track_1", _LL, _RAW),
    0x2E: Bmp("chip_data", _LLL, _RAW),
    0x37: Bmp("original_trace", 3, _BCD),
    0x3A: Bmp("cvc", 2, _RAW),
    0x3B: Bmp("authorisation", 8, _TEXT),
    0x3C: Bmp("additional_text", _LLL, _TEXT),
    0x3D: Bmp("password", 3, _BCD),
    0x49: Bmp("currency", 2, _BCD),
    0x4C: Bmp("blocked_goods", _LL, _RAW),
    0x60: Bmp("totals", _LLL, _RAW),
    0x70: Bmp("image_id", 4, _BIN),
    0x71: Bmp("image_size", 4, _BIN),
    **{number: Bmp(f"image_{number:02x}", 1, _BIN) for number in range(0x72, 0x76)},
    0x87: Bmp("receipt_number", 2, _BCD),
    0x88: Bmp("turnover_number", 3, _BCD),
    0x8A: Bmp("card_type", 1, _BIN),
    0x8B: Bmp("card_name", _LL, _TEXT),
    0x8C: Bmp("network_card_type", 1, _BIN),
    0x92: Bmp("offline_chip_data", _LLL, _RAW),
    0x9A: Bmp("geldkarte_record", _LLL, _RAW),
    0xA0: Bmp("result_code_as", 1, _BIN),
    0xA7: Bmp("ef_id", _LL, _RAW),
    0xAA: Bmp("full_date", 3, _BCD),
    0xAF: Bmp("ef_info", _LLL, _RAW),
    0xBA: Bmp("aid_parameter", 5, _RAW),
    0xD0: Bmp("algorithm_key", 1, _BIN),
    0xD1: Bmp("pin_data", _LL, _RAW),
    0xD2: Bmp("card_output_direction", 1, _BIN),
    0xD3: Bmp("dukpt_key", 1, _BIN),
    0xE0: Bmp("min_input_length", 1, _BIN),
    **{number: Bmp(f"text_2_line_{number - 0xE0}", _LL, _TEXT) for number in range(0xE1, 0xE9)},
    0xE9: Bmp("max_input_length", 1, _BIN),
    0xEA: Bmp("echo", 1, _BIN),
    0xEB: Bmp("mac", 8, _RAW),
    0xF0: Bmp("display_seconds", 1, _BIN),
    **{number: Bmp(f"text_1_line_{number - 0xF0}", _LL, _TEXT) for number in range(0xF1, 0xF9)},
    0xF9: Bmp("beeps", 1, _BIN),
    0xFA: Bmp("card_reader", 1, _BIN),
    0xFB: Bmp("ok_required", 1, _BIN),
    0xFC: Bmp("dialog_control", 1, _BIN),
    0xFD: Bmp("display_device", 1, _BIN),
}

_CONTAINER = 0x06

#: What `Fields.of` accepts for one field: numbers and digits for BIN and BCD, text, raw bytes, TLV objects for 06.
FieldValue = int | str | bytes | tuple[Tlv, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """One bitmap and its payload, without length bytes."""

    number: int
    value: bytes = field(repr=False)  # may be a card number

    def encode(self) -> bytes:
        """Number, length where the format has one, payload."""
        row = BMPS.get(self.number)
        if row is None:
            raise CodecError(f"BMP {self.number:02X} is unknown")
        if row.size > 0:
            if len(self.value) != row.size:
                raise CodecError(f"BMP {self.number:02X} holds {row.size} bytes, not {len(self.value)}")
            return bytes([self.number]) + self.value
        if row.size == Layout.TLV:
            return bytes([self.number]) + encode_length(len(self.value)) + self.value
        return bytes([self.number]) + encode_var(self.value, -row.size)


@dataclass(frozen=True, slots=True)
class Fields:
    """The bitmaps of one message in their order, and the raw rest where an unknown or broken one stands."""

    items: tuple[Field, ...] = ()
    rest: bytes = field(default=b"", repr=False)

    @classmethod
    def of(cls, values: Mapping[int, FieldValue], charset: int = CP437) -> "Fields":
        """Fields from plain values by BMP number; CodecError for what a format cannot hold."""
        return cls(tuple(Field(number, _payload(number, value, charset)) for number, value in values.items()))

    @classmethod
    def decode(cls, data: bytes) -> "Fields":
        """All fields; a BMP not in the table ends the reading (`rest`), a broken one raises CodecError."""
        return cls._read(data, lenient=False)

    @classmethod
    def salvage(cls, data: bytes) -> "Fields":
        """All fields that can be read, never raising: one broken field must not cost the result of a payment."""
        return cls._read(data, lenient=True)

    @classmethod
    def _read(cls, data: bytes, *, lenient: bool) -> "Fields":
        items = []
        at = 0
        while at < len(data) and data[at] in BMPS:
            try:
                item, following = _read_field(data, at)
            except CodecError:
                if not lenient:
                    raise
                break
            items.append(item)
            at = following
        return cls(tuple(items), bytes(data[at:]))

    def encode(self) -> bytes:
        """The fields in order, then the rest as it was."""
        return b"".join(item.encode() for item in self.items) + self.rest

    def __iter__(self) -> Iterator[Field]:
        return iter(self.items)

    def raw(self, number: int) -> bytes | None:
        """The payload of the first field with this number; None when there is none."""
        return next((item.value for item in self.items if item.number == number), None)

    def number(self, number: int) -> int | None:
        """A BIN or BCD field as a number; None when missing or not decimal."""
        value = self.raw(number)
        if value is None:
            return None
        if BMPS[number].kind is Kind.BIN:
            return int.from_bytes(value, "big")
        try:
            return decode_bcd(value)
        except CodecError:
            return None

    def digits(self, number: int) -> str:
        """A BCD field with its leading zeros; empty when missing or not decimal."""
        try:
            return digits(self.raw(number) or b"")
        except CodecError:
            return ""

    def text(self, number: int, charset: int = CP437) -> str:
        """A text field, card numbers masked, padding gone; empty when missing."""
        return decode_text((self.raw(number) or b"").split(b"\0")[0], charset).strip()

    @property
    def tlv(self) -> tuple[Tlv, ...]:
        """The objects of the TLV container; empty when there is none."""
        return decode_tlv(self.raw(_CONTAINER) or b"")

    def tags(self, *path: int) -> list[bytes]:
        """The values on a path of tags in the container, e.g. `tags(0x24, 0x07)`."""
        return list(select(self.tlv, *path))

    def tag(self, *path: int) -> bytes | None:
        """The first value on a path of tags; None when there is none."""
        return next(select(self.tlv, *path), None)


def _read_field(data: bytes, at: int) -> tuple[Field, int]:
    number, size, start = data[at], BMPS[data[at]].size, at + 1
    if size == Layout.TLV:
        size, start = decode_length(data, start)
    elif size < 0:
        places = -size
        size, start = decode_var_length(data[start : start + places], places), start + places
    end = start + size
    if end > len(data):
        raise CodecError(f"BMP {number:02X} runs over the end of its message")
    value = bytes(data[start:end])
    if number == _CONTAINER:
        decode_tlv(value)
    return Field(number, value), end


def _payload(number: int, value: FieldValue, charset: int) -> bytes:
    row = BMPS.get(number)
    if row is None:
        raise CodecError(f"BMP {number:02X} is unknown")
    if isinstance(value, bytes):
        return value
    if isinstance(value, tuple):
        return encode_tlv(value)
    if row.kind is Kind.BCD:
        return encode_bcd(value, row.size)
    if isinstance(value, int) and row.kind is Kind.BIN:
        if not 0 <= value < 256**row.size:
            raise CodecError(f"{value} does not fit BMP {number:02X}")
        return value.to_bytes(row.size, "big")
    if isinstance(value, str) and row.kind is Kind.TEXT:
        coded = encode_text(value, charset)
        return coded.ljust(row.size) if row.size > 0 else coded
    raise CodecError(f"{type(value).__name__} is no value for BMP {number:02X}")
