"""The QR code on a German receipt (DSFinV-K, Annex I, "V0"): built, read, and verified without asking anybody."""

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from drivers.base import TseInfo, TseSignature
from drivers.errors import CodecError
from drivers.tse import logmessage

MAX_SIZE: Final = 8192  # characters; a QR code holds 2 953 bytes at most


@dataclass(frozen=True, slots=True)
class QrCode:
    """The fields of a receipt's QR code. Times are those of the TSE: `start` of its first step, `log_time` of its last;
    `public_key` is the uncompressed point."""

    client_id: str
    process_type: str
    process_data: str
    transaction_number: int
    signature_counter: int
    start: datetime
    log_time: datetime
    algorithm: str
    time_format: str
    signature: bytes
    public_key: bytes

    @property
    def serial(self) -> str:
        """The serial number of the TSE, which follows from its key: lower-case hex."""
        from drivers.tse import signature  # noqa: PLC0415 - see verify

        return signature.serial_of(self.public_key).hex()

    def encode(self) -> str:
        """The text to print as a QR code. Raises CodecError when a field holds what would break it."""
        if any(";" in text for text in (self.client_id, self.process_type, self.algorithm, self.time_format)):
            raise CodecError("a semicolon stands where the QR code does not allow one")
        return ";".join(
            (
                "V0",
                self.client_id,
                self.process_type,
                self.process_data,
                str(self.transaction_number),
                str(self.signature_counter),
                _write_time(self.start),
                _write_time(self.log_time),
                self.algorithm,
                self.time_format,
                base64.b64encode(self.signature).decode(),
                base64.b64encode(self.public_key).decode(),
            )
        )


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether a QR code is what a TSE signed. `message` says it in plain words; `code` is None when unreadable."""

    valid: bool
    message: str
    code: QrCode | None = None


def build(
    info: TseInfo,
    started: TseSignature,
    finished: TseSignature,
    *,
    client_id: str,
    process_type: str,
    process_data: bytes,
) -> str:
    """The text to print as a QR code for a finished transaction. Raises CodecError for what no QR code can hold."""
    try:
        text = process_data.decode()
    except UnicodeDecodeError as error:
        raise CodecError("processData must be text in UTF-8") from error
    return QrCode(
        client_id=client_id,
        process_type=process_type,
        process_data=text,
        transaction_number=finished.transaction_number,
        signature_counter=finished.signature_counter,
        start=started.log_time,
        log_time=finished.log_time,
        algorithm=info.signature_algorithm,
        time_format=info.time_format,
        signature=finished.signature,
        public_key=info.public_key,
    ).encode()


def parse(text: str) -> QrCode:
    """Read the text of a receipt's QR code. Raises CodecError."""
    if len(text) > MAX_SIZE:
        raise CodecError("the text is too long for a QR code")
    fields = text.strip().split(";")
    if fields[0] != "V0":
        raise CodecError("it does not begin with V0, as the QR codes of German receipts do")
    if len(fields) < 12:
        raise CodecError(f"it has {len(fields)} of the 12 fields")
    _, client_id, process_type, *data, number, counter, start, log_time, algorithm, time_format, value, key = fields
    return QrCode(
        client_id=client_id,
        process_type=process_type,
        process_data=";".join(data),  # orders hold semicolons of their own
        transaction_number=_read_number(number, "transaction number"),
        signature_counter=_read_number(counter, "signature counter"),
        start=_read_time(start, "start"),
        log_time=_read_time(log_time, "end"),
        algorithm=algorithm,
        time_format=time_format,
        signature=_read_base64(value, "signature"),
        public_key=_read_base64(key, "public key"),
    )


def verify(text: str) -> Verification:
    """Check the text of a receipt's QR code: rebuild what the TSE signed and test the signature. Never raises.

    This proves that nothing was changed since; that the key belongs to a certified TSE only its certificate proves.
    """
    from drivers.tse import signature  # noqa: PLC0415 - cryptography takes 6 MB, and building a code needs none

    try:
        code = parse(text)
    except CodecError as error:
        return Verification(False, f"This is not a readable receipt QR code: {error}.")
    try:
        key = signature.load_point(code.public_key)
        algorithm = signature.by_name(code.algorithm)
        valid = signature.verify(key, algorithm, _signed(code, algorithm.oid), code.signature)
    except CodecError as error:
        return Verification(False, f"The QR code is readable but cannot be checked: {error}.", code)
    if not valid:
        return Verification(
            False,
            "The signature does NOT belong to this content. The QR code was changed, mistyped, or not made by the TSE "
            "whose key it carries.",
            code,
        )
    return Verification(
        True,
        f"The signature is genuine: transaction {code.transaction_number} of {code.client_id} was signed by the TSE "
        f"with the serial number {code.serial} and has not been changed since.",
        code,
    )


def _signed(code: QrCode, algorithm: str) -> bytes:
    formats = {known.value.lower(): known for known in logmessage.TimeFormat}
    if code.time_format.lower() not in formats:
        raise CodecError(f"the time format {code.time_format!r} is not known")
    time_format = formats[code.time_format.lower()]
    minutes_only = time_format is logmessage.TimeFormat.UTC and code.log_time.second
    if minutes_only or (
        code.log_time.microsecond and time_format is not logmessage.TimeFormat.GENERALIZED_MILLISECONDS
    ):
        raise CodecError("the log time is finer than its time format holds")
    return logmessage.to_be_signed(
        logmessage.TransactionLog(
            operation=logmessage.Operation.FINISH,
            client_id=code.client_id,
            number=code.transaction_number,
            process_type=code.process_type,
            process_data=_encoded(code.process_data),
        ),
        serial=bytes.fromhex(code.serial),
        algorithm=algorithm,
        signature_counter=code.signature_counter,
        log_time=code.log_time,
        time_format=time_format,
    )


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise CodecError("the processData holds characters that cannot be written") from error


_NUMBER: Final = re.compile(r"[0-9]{1,19}")
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{3})?Z")


def _read_number(text: str, name: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise CodecError(f"its {name} {text!r} is no number")
    return int(text)


def _read_time(text: str, name: str) -> datetime:
    try:
        if _TIME.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError:  # February 30
        pass
    raise CodecError(f"its {name} time {text!r} is no UTC time such as 2024-01-31T12:00:00.000Z")


def _write_time(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _read_base64(text: str, name: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise CodecError(f"its {name} is not written in base64") from error
