"""The messages of ZVT as typed values: commands of the till (ECR) and messages of the terminal (PT), PA00P015.

`decode_message` never fails for lack of knowledge: an unknown control field becomes `Unmodelled`, an unknown bitmap
stays in `fields.rest`. Messages of the terminal are read leniently (see `Fields.salvage`), commands strictly.
"""

import enum
from dataclasses import dataclass, field
from typing import ClassVar

from drivers.errors import CodecError
from drivers.zvt.codec.apdu import Apdu
from drivers.zvt.codec.bcd import decode_bcd, decode_var_length, digits, encode_bcd
from drivers.zvt.codec.bmp import Fields
from drivers.zvt.codec.text import CP437, decode_text, mask_pan

_NOTHING = Fields()


# --- commands of the till ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Registration:
    """06 00: how the till wants to work with the terminal. `currency` is ISO 4217 numeric, e.g. 978."""

    CONTROL: ClassVar[int] = 0x0600
    password: str = field(repr=False)
    config: int
    currency: int | None = None
    fields: Fields = _NOTHING

    def apdu(self) -> Apdu:
        """As it travels."""
        if self.currency is None and self.fields != _NOTHING:
            raise CodecError("a registration with fields needs a currency")
        currency = b"" if self.currency is None else encode_bcd(self.currency, 2)
        data = encode_bcd(self.password, 3) + bytes([self.config]) + currency + self.fields.encode()
        return Apdu(self.CONTROL, data)

    @classmethod
    def decode(cls, data: bytes) -> "Registration":
        """Read the data of an APDU. Raises CodecError."""
        if len(data) < 4:
            raise CodecError("a registration is too short")
        currency = decode_bcd(_exactly(data[4:6], 2)) if len(data) > 4 else None
        return cls(digits(data[:3]), data[3], currency, Fields.decode(data[6:]))


class Config(enum.IntFlag):
    """Bits of the configuration byte of a registration."""

    ECR_PRINTS_PAYMENTS = 0x02
    ECR_PRINTS_ADMINISTRATION = 0x04
    INTERMEDIATE_STATUS = 0x08
    PAYMENT_LOCKED = 0x10
    ADMINISTRATION_LOCKED = 0x20
    FINISHED_LINES = 0x80


@dataclass(frozen=True, slots=True)
class Authorisation:
    """06 01: take a payment."""

    CONTROL: ClassVar[int] = 0x0601
    fields: Fields

    @property
    def amount_minor(self) -> int | None:
        """What to take, in minor units."""
        return self.fields.number(0x04)

    def apdu(self) -> Apdu:
        """As it travels."""
        return Apdu(self.CONTROL, self.fields.encode())

    @classmethod
    def decode(cls, data: bytes) -> "Authorisation":
        """Read the data of an APDU. Raises CodecError."""
        return cls(Fields.decode(data))


@dataclass(frozen=True, slots=True)
class _WithPassword:
    """A command of a password, perhaps left out, and fields behind it."""

    CONTROL: ClassVar[int]
    password: str | None = field(default=None, repr=False)
    fields: Fields = _NOTHING

    @property
    def service(self) -> int:
        """The service byte (BMP 03); 0 when there is none."""
        return self.fields.number(0x03) or 0

    def apdu(self) -> Apdu:
        """As it travels."""
        password = b"" if self.password is None else encode_bcd(self.password, 3)
        return Apdu(self.CONTROL, password + self.fields.encode())

    @classmethod
    def _split(cls, data: bytes) -> tuple[str | None, Fields]:
        if not data:
            return None, _NOTHING
        return digits(_exactly(data[:3], 3)), Fields.decode(data[3:])


@dataclass(frozen=True, slots=True)
class StatusEnquiry(_WithPassword):
    """05 01: how is the terminal? Service bits: 02 leave out the software version, 04 add TLV data."""

    CONTROL: ClassVar[int] = 0x0501

    @classmethod
    def decode(cls, data: bytes) -> "StatusEnquiry":
        """Read the data of an APDU. Raises CodecError."""
        return cls(*cls._split(data))


@dataclass(frozen=True, slots=True)
class RepeatReceipt(_WithPassword):
    """06 20: the last transaction again. Service bits: 01 send its status information, 02 do not print."""

    CONTROL: ClassVar[int] = 0x0620

    @classmethod
    def decode(cls, data: bytes) -> "RepeatReceipt":
        """Read the data of an APDU. Raises CodecError."""
        return cls(*cls._split(data))


@dataclass(frozen=True, slots=True)
class Abort:
    """06 B0: abandon what runs. The terminal may say no (84 83), typically once the host is asked."""

    CONTROL: ClassVar[int] = 0x06B0
    fields: Fields = _NOTHING

    def apdu(self) -> Apdu:
        """As it travels."""
        return Apdu(self.CONTROL, self.fields.encode())

    @classmethod
    def decode(cls, data: bytes) -> "Abort":
        """Read the data of an APDU. Raises CodecError."""
        return cls(Fields.decode(data))


@dataclass(frozen=True, slots=True)
class LogOff:
    """06 02: forget the registration."""

    CONTROL: ClassVar[int] = 0x0602

    def apdu(self) -> Apdu:
        """As it travels."""
        return Apdu(self.CONTROL)

    @classmethod
    def decode(cls, data: bytes) -> "LogOff":
        """Read the data of an APDU. Raises CodecError."""
        if data:
            raise CodecError("a log-off has no data")
        return cls()


# --- messages of the terminal ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StatusInformation:
    """04 0F: the result of a transaction."""

    CONTROL: ClassVar[int] = 0x040F
    fields: Fields

    @property
    def result_code(self) -> int | None:
        """0 is success; None when the terminal left it out, which proves nothing."""
        return self.fields.number(0x27)

    @property
    def trace_number(self) -> str:
        """The trace number, the long one (tag 1F2B) where the terminal has it."""
        long_trace = self.fields.tag(0x1F2B)
        return long_trace.hex() if long_trace else self.fields.digits(0x0B)

    @property
    def card_type(self) -> int:
        """ZVT card type id; 0 when not told. Ids over 254 stand in tag 41."""
        number = self.fields.number(0x8A) or 0
        extended = self.fields.tag(0x41)
        return int.from_bytes(extended, "big") if extended and number in {0, 0xFF} else number

    @property
    def masked_pan(self) -> str:
        """The card number, at most its last four digits readable."""
        return mask_pan(self.fields.raw(0x22) or b"")

    @property
    def terminal_time(self) -> str:
        """`MM-DD hh:mm:ss` of the terminal's own clock; a part that was not told is missing."""
        date, time = self.fields.digits(0x0D), self.fields.digits(0x0C)
        parts = (f"{date[:2]}-{date[2:]}" if date else "", f"{time[:2]}:{time[2:4]}:{time[4:]}" if time else "")
        return " ".join(part for part in parts if part)

    def texts(self, charset: int = CP437) -> str:
        """What the terminal wants shown: the texts of tag 24, else BMP 3C; lines joined by a blank."""
        lines = [decode_text(line, charset) for line in self.fields.tags(0x24, 0x07)]
        return " ".join((" ".join(lines) or self.fields.text(0x3C, charset)).split())

    def apdu(self) -> Apdu:
        """As it travels."""
        return Apdu(self.CONTROL, self.fields.encode())

    @classmethod
    def decode(cls, data: bytes) -> "StatusInformation":
        """Read the data of an APDU."""
        return cls(Fields.salvage(data))


@dataclass(frozen=True, slots=True)
class IntermediateStatus:
    """04 FF: what the terminal is doing. `timeout_minutes` re-arms the wait for its next message."""

    CONTROL: ClassVar[int] = 0x04FF
    status: int
    timeout_minutes: int | None = None
    fields: Fields = _NOTHING

    def texts(self, charset: int = CP437) -> str:
        """The terminal's own wording (tag 24); empty when it sent none."""
        return " ".join(" ".join(decode_text(line, charset) for line in self.fields.tags(0x24, 0x07)).split())

    def apdu(self) -> Apdu:
        """As it travels."""
        minutes = b"" if self.timeout_minutes is None else encode_bcd(self.timeout_minutes, 1)
        return Apdu(self.CONTROL, bytes([self.status]) + minutes + self.fields.encode())

    @classmethod
    def decode(cls, data: bytes) -> "IntermediateStatus":
        """Read the data of an APDU. Raises CodecError."""
        if not data:
            raise CodecError("an intermediate status is empty")
        # Some terminals leave the timeout out and send the container at once: 17 06 06 1F73..
        alone = Fields.salvage(data[1:])
        if len(data) > 2 and not alone.rest and [item.number for item in alone] == [0x06]:
            return cls(data[0], None, alone)
        try:
            minutes = decode_bcd(data[1:2]) if len(data) > 1 else None
        except CodecError:
            minutes = None
        if minutes is None:
            return cls(data[0], None, Fields((), bytes(data[1:])))
        return cls(data[0], minutes, Fields.salvage(data[2:]))


@dataclass(frozen=True, slots=True)
class Completion:
    """06 0F: the command is done. What the data means depends on the command: `fields` or `terminal_status`."""

    CONTROL: ClassVar[int] = 0x060F
    data: bytes = field(default=b"", repr=False)

    @property
    def fields(self) -> Fields:
        """The data read as bitmaps: after payments and registrations."""
        return Fields.salvage(self.data)

    @property
    def terminal_status(self) -> "TerminalStatus":
        """The data read by position: after a status enquiry. Raises CodecError."""
        return TerminalStatus.decode(self.data)

    def apdu(self) -> Apdu:
        """As it travels."""
        return Apdu(self.CONTROL, self.data)

    @classmethod
    def decode(cls, data: bytes) -> "Completion":
        """Read the data of an APDU."""
        return cls(data)


@dataclass(frozen=True, slots=True)
class TerminalStatus:
    """What a status enquiry brings: `[software version] status [TLV]` (PA00P015, Status-Enquiry)."""

    status: int
    version: str = ""
    fields: Fields = _NOTHING

    def completion(self) -> Completion:
        """As the end of a status enquiry."""
        version = self.version.encode("ascii", errors="replace")
        prefix = bytes(0xF0 | int(digit) for digit in f"{len(version):03}") + version if version else b""
        return Completion(prefix + bytes([self.status]) + self.fields.encode())

    @classmethod
    def decode(cls, data: bytes) -> "TerminalStatus":
        """Read the data of a completion. Raises CodecError."""
        if not data:
            raise CodecError("a status enquiry ended without a status")
        try:
            end = 3 + decode_var_length(data, 3)
        except CodecError:
            end = len(data)
        if end < len(data):
            return cls(data[end], decode_text(data[3:end]), Fields.salvage(data[end + 1 :]))
        # No version. Its length would begin like the statuses F0 and F6, so the first byte alone decides nothing.
        return cls(data[0], "", Fields.salvage(data[1:]))


@dataclass(frozen=True, slots=True)
class AbortMessage:
    """06 1E: the command failed. `result_code` is None when the terminal sent no reason."""

    CONTROL: ClassVar[int] = 0x061E
    result_code: int | None = None
    fields: Fields = _NOTHING

    def apdu(self) -> Apdu:
        """As it travels."""
        code = b"" if self.result_code is None else bytes([self.result_code])
        return Apdu(self.CONTROL, code + self.fields.encode())

    @classmethod
    def decode(cls, data: bytes) -> "AbortMessage":
        """Read the data of an APDU."""
        return cls(data[0], Fields.salvage(data[1:])) if data else cls()


@dataclass(frozen=True, slots=True)
class PrintLine:
    """06 D1: one receipt line. The attribute's meaning: see `drivers.zvt.codec.receipts`."""

    CONTROL: ClassVar[int] = 0x06D1
    attribute: int
    text: bytes = field(default=b"", repr=False)
    fields: Fields = _NOTHING  # some terminals append a container with the receipt type (tag 1F07)

    def apdu(self) -> Apdu:
        """As it travels."""
        return Apdu(self.CONTROL, bytes([self.attribute]) + self.text + self.fields.encode())

    @classmethod
    def decode(cls, data: bytes) -> "PrintLine":
        """Read the data of an APDU. Raises CodecError."""
        if not data:
            raise CodecError("a print line has no attribute")
        text = data[1:]
        at = text.find(b"\x06")
        tail = Fields.salvage(text[at:]) if at >= 0 else _NOTHING
        if tail.items and not tail.rest and tail.tag(0x1F07) is not None:
            return cls(data[0], bytes(text[:at]), tail)
        return cls(data[0], bytes(text))


@dataclass(frozen=True, slots=True)
class PrintBlock:
    """06 D3: receipt lines in a TLV container. Tag 1F07 says whose receipt, 25 holds the lines, 14 the characters."""

    CONTROL: ClassVar[int] = 0x06D3
    fields: Fields

    def apdu(self) -> Apdu:
        """As it travels."""
        return Apdu(self.CONTROL, self.fields.encode())

    @classmethod
    def decode(cls, data: bytes) -> "PrintBlock":
        """Read the data of an APDU."""
        return cls(Fields.salvage(data))


# --- both directions ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """80 00 and 84 xx. `error` 0 is positive: `84 00 00` means the same as `80 00 00`."""

    error: int = 0
    data: bytes = field(default=b"", repr=False)

    @property
    def positive(self) -> bool:
        """Whether the other side agreed."""
        return self.error == 0

    def apdu(self) -> Apdu:
        """As it travels; positive always as 80 00."""
        return Apdu(0x8400 | self.error if self.error else 0x8000, self.data)


@dataclass(frozen=True, slots=True)
class Unmodelled:
    """Any other message, kept as it came."""

    control: int
    data: bytes = field(default=b"", repr=False)

    def apdu(self) -> Apdu:
        """As it travels."""
        return Apdu(self.control, self.data)


Command = Registration | Authorisation | StatusEnquiry | RepeatReceipt | Abort | LogOff
TerminalMessage = StatusInformation | IntermediateStatus | Completion | AbortMessage | PrintLine | PrintBlock
Message = Command | TerminalMessage | Acknowledgement | Unmodelled

_MODELLED: tuple[type[Command] | type[TerminalMessage], ...] = (
    Registration,
    Authorisation,
    StatusEnquiry,
    RepeatReceipt,
    Abort,
    LogOff,
    StatusInformation,
    IntermediateStatus,
    Completion,
    AbortMessage,
    PrintLine,
    PrintBlock,
)
_BY_CONTROL = {message.CONTROL: message for message in _MODELLED}


def decode_message(apdu: Apdu) -> Message:
    """The typed message of an APDU. Raises CodecError when a modelled one is malformed."""
    if apdu.control == 0x8000:
        return Acknowledgement(0, apdu.data)
    if apdu.control >> 8 == 0x84:
        return Acknowledgement(apdu.control & 0xFF, apdu.data)
    modelled = _BY_CONTROL.get(apdu.control)
    return modelled.decode(apdu.data) if modelled else Unmodelled(apdu.control, apdu.data)


def _exactly(data: bytes, size: int) -> bytes:
    if len(data) != size:
        raise CodecError(f"a field of {size} bytes breaks off")
    return data
