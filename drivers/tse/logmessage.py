"""The log message of BSI TR-03151: what a TSE signs at each step, as bytes and as values.

    SEQUENCE { version, certifiedDataType, the certified data's own fields, serialNumber, signatureAlgorithm,
               [seAuditData], signatureCounter, logTime, signatureValue }

The signature covers the exact bytes of all elements from version to logTime, one after the other, without the SEQUENCE
header. `to_be_signed` writes them in strict DER; `parse` also reads what other makes were seen to write.
"""

import calendar
import enum
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from drivers.errors import CodecError
from drivers.tse import der

VERSION: Final = 2
MAX_SIZE: Final = 1 << 20  # octets; the longest seen had 600

_TYPE_BASE: Final = "0.4.0.127.0.7.3.7.1"
_TRANSACTION, _SYSTEM, _AUDIT = (f"{_TYPE_BASE}.{n}" for n in (1, 2, 3))


class Operation(enum.Enum):
    """The signed steps of a transaction; the value stands in the log message, `short` in its file name."""

    START = "StartTransaction"
    UPDATE = "UpdateTransaction"
    FINISH = "FinishTransaction"

    @property
    def short(self) -> str:
        """Start, Update or Finish."""
        return self.value.removesuffix("Transaction")


class TimeFormat(enum.Enum):
    """How the log time is written; the value is the name printed in the QR code."""

    UNIX = "unixTime"
    UTC = "utcTime"
    UTC_SECONDS = "utcTimeWithSeconds"
    GENERALIZED = "generalizedTime"
    GENERALIZED_MILLISECONDS = "generalizedTimeWithMilliseconds"


@dataclass(frozen=True, slots=True)
class TransactionLog:
    """One step of a transaction."""

    operation: Operation
    client_id: str
    number: int
    process_type: str = ""
    process_data: bytes = b""
    external: bytes | None = None
    internal: bytes | None = None


@dataclass(frozen=True, slots=True)
class SystemLog:
    """Something the TSE did to itself. `data` are context-tagged fields, one after the other (see `fields`)."""

    operation: str
    data: bytes = b""
    internal: bytes | None = None

    def fields(self) -> dict[int, bytes]:
        """The context-tagged fields of `data` by tag number (TR-03151; 1 is the first). Raises CodecError."""
        return {element.tag & 0x1F: element.content for element in der.elements(self.data)}


@dataclass(frozen=True, slots=True)
class AuditLog:
    """An entry of the secure element's own journal, opaque."""

    data: bytes


Logged = TransactionLog | SystemLog | AuditLog


@dataclass(frozen=True, slots=True)
class LogMessage:
    """A signed log message. `serial` is raw, `algorithm` a dotted object identifier, `signed` the bytes under the
    signature."""

    logged: Logged
    serial: bytes
    algorithm: str
    signature_counter: int
    log_time: datetime
    time_format: TimeFormat
    signature: bytes
    signed: bytes

    def encode(self) -> bytes:
        """The whole message as it is stored and exported."""
        return encode(self.signed, self.signature)

    @property
    def file_name(self) -> str:
        """Its name in an export archive (TR-03153, TAR export)."""
        prefix = {0x02: "Unixt", 0x17: "Utc", 0x18: "Gent"}
        tag, text = _time_text(self.log_time, self.time_format)
        match self.logged:
            case TransactionLog() as step:
                # "/" is allowed in a client id, but must not make a folder.
                client = step.client_id.replace("/", "_")
                kind = f"Tra_No-{step.number}_{step.operation.short}_Client-{client}"
            case SystemLog() as system:
                kind = f"Sys_{system.operation}"
            case AuditLog():
                kind = "Aud"
        return f"{prefix[tag]}_{text}_Sig-{self.signature_counter}_Log-{kind}.log"


def to_be_signed(
    logged: Logged,
    *,
    serial: bytes,
    algorithm: str,
    signature_counter: int,
    log_time: datetime,
    time_format: TimeFormat = TimeFormat.UNIX,
) -> bytes:
    """The bytes that a TSE signs for this message, in strict DER. Raises CodecError for values that do not fit."""
    audit = b""
    match logged:
        case TransactionLog():
            kind, fields = _TRANSACTION, _transaction_fields(logged)
        case SystemLog():
            kind = _SYSTEM
            fields = der.write(0x80, _text(logged.operation)) + der.write(0x81, logged.data)
            fields += _optional(0x82, logged.internal)
        case AuditLog():
            kind, fields, audit = _AUDIT, b"", der.write(der.OCTET_STRING, logged.data)
    return b"".join(
        (
            der.write_integer(VERSION),
            der.write_oid(kind),
            fields,
            der.write(der.OCTET_STRING, serial),
            der.write(der.SEQUENCE, der.write_oid(algorithm)),
            audit,
            der.write_integer(signature_counter),
            _write_time(log_time, time_format),
        )
    )


def encode(signed: bytes, signature: bytes) -> bytes:
    """The whole log message from the signed bytes and their signature."""
    return der.write(der.SEQUENCE, signed + der.write(der.OCTET_STRING, signature))


def parse(data: bytes) -> LogMessage:
    """Read a log message, of any make. Raises CodecError."""
    if len(data) > MAX_SIZE:
        raise CodecError(f"a log message of {len(data)} bytes")
    parts = list(der.elements(der.single(data, der.SEQUENCE).content))
    if len(parts) < 7:
        raise CodecError("the log message is incomplete")
    signed = b"".join(part.raw for part in parts[:-1])
    version, kind, *parts, signature = parts
    if version.tag != der.INTEGER or version.integer() != VERSION:
        raise CodecError("the log message is of a version other than 2")
    certified = [part for part in parts if part.tag & 0x80]
    plain = [part for part in parts if not part.tag & 0x80]
    shape = [part.tag for part in plain]
    audited = shape[2:3] == [der.OCTET_STRING]
    if (
        parts != certified + plain
        or shape[:2] != [der.OCTET_STRING, der.SEQUENCE]
        or shape[2 + audited : -1] != [der.INTEGER]
        or signature.tag != der.OCTET_STRING
    ):
        raise CodecError("the elements of the log message are not in their order")
    log_time, time_format = _read_time(plain[-1])
    return LogMessage(
        logged=_read_logged(kind.oid(), certified, plain[2] if audited else None),
        serial=plain[0].content,
        algorithm=_first(plain[1]).oid(),
        signature_counter=plain[-2].integer(),
        log_time=log_time,
        time_format=time_format,
        signature=signature.content,
        signed=signed,
    )


def _first(sequence: der.Element) -> der.Element:
    found = der.elements(sequence.content)
    if not found:
        raise CodecError("the signature algorithm is empty")
    return found[0]


def _read_logged(kind: str, certified: list[der.Element], audit: der.Element | None) -> Logged:
    fields = {part.tag & 0x1F: part for part in certified}
    if len(fields) != len(certified):
        raise CodecError("a field of the log message stands there twice")
    if kind == _AUDIT:
        if audit is None or fields:
            raise CodecError("an audit log message without its data")
        return AuditLog(audit.content)
    if audit is not None:
        raise CodecError("audit data in a log message of another kind")
    if kind == _SYSTEM:
        return SystemLog(
            _string(fields, 0), fields[1].content if 1 in fields else b"", fields[2].octets() if 2 in fields else None
        )
    if kind != _TRANSACTION:
        raise CodecError(f"a log message of the unknown kind {kind}")
    operation = _string(fields, 0)
    try:
        step = Operation(operation)
    except ValueError:
        raise CodecError(f"{operation!r} is no step of a transaction") from None
    if 5 not in fields:
        raise CodecError("the transaction number is missing")
    return TransactionLog(
        operation=step,
        client_id=_string(fields, 1),
        number=fields[5].integer(),
        process_type=_string(fields, 3),
        process_data=fields[2].octets() if 2 in fields else b"",
        external=fields[4].octets() if 4 in fields else None,
        internal=fields[6].octets() if 6 in fields else None,
    )


def _string(fields: dict[int, der.Element], tag: int) -> str:
    if tag not in fields:
        return ""
    try:
        return fields[tag].octets().decode("utf-8")
    except UnicodeDecodeError as error:
        raise CodecError(f"field {tag} of the log message is no text") from error


def _transaction_fields(step: TransactionLog) -> bytes:
    return b"".join(
        (
            der.write(0x80, _text(step.operation.value)),
            der.write(0x81, _text(step.client_id)),
            der.write(0x82, step.process_data),
            der.write(0x83, _text(step.process_type)),
            _optional(0x84, step.external),
            der.write_integer(step.number, 0x85),
            _optional(0x86, step.internal),
        )
    )


def _optional(tag: int, content: bytes | None) -> bytes:
    return b"" if content is None else der.write(tag, content)


def _text(value: str) -> bytes:
    try:
        return value.encode()
    except UnicodeEncodeError as error:
        raise CodecError(f"{value!r} cannot be written") from error


# --- log time ----------------------------------------------------------------------------------------------------

_STAMPS: Final = {
    der.UTC_TIME: re.compile(rb"(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?()Z"),
    der.GENERALIZED_TIME: re.compile(rb"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d{1,6}))?Z"),
}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = 253_402_300_799  # the last second of the year 9999


def _write_time(moment: datetime, time_format: TimeFormat) -> bytes:
    tag, text = _time_text(moment, time_format)
    return der.write_integer(int(text)) if tag == der.INTEGER else der.write(tag, text.encode())


def _time_text(moment: datetime, time_format: TimeFormat) -> tuple[int, str]:
    moment = moment.astimezone(UTC)
    year = f"{moment.year:04d}"
    rest = moment.strftime("%m%d%H%M")
    seconds = f"{moment.second:02d}"
    match time_format:
        case TimeFormat.UNIX:
            return der.INTEGER, str(calendar.timegm(moment.timetuple()))
        case TimeFormat.UTC:
            return der.UTC_TIME, f"{year[2:]}{rest}Z"
        case TimeFormat.UTC_SECONDS:
            return der.UTC_TIME, f"{year[2:]}{rest}{seconds}Z"
        case TimeFormat.GENERALIZED:
            return der.GENERALIZED_TIME, f"{year}{rest}{seconds}Z"
        case TimeFormat.GENERALIZED_MILLISECONDS:
            return der.GENERALIZED_TIME, f"{year}{rest}{seconds}.{moment.microsecond // 1000:03d}Z"


def _read_time(element: der.Element) -> tuple[datetime, TimeFormat]:
    if element.tag == der.INTEGER:
        seconds = element.integer()
        if seconds > _LATEST:
            raise CodecError(f"the log time {seconds} is beyond the year 9999")
        return _EPOCH + timedelta(seconds=seconds), TimeFormat.UNIX
    stamp = _STAMPS.get(element.tag)
    found = stamp.fullmatch(element.content) if stamp else None
    if found is None:
        raise CodecError("the log time is written in no known way")
    year, month, day, hour, minute, second, fraction = (part.decode() if part else "" for part in found.groups())
    century = "20" if len(year) == 2 else ""  # there were no TSEs before 2019
    text = f"{century}{year}-{month}-{day}T{hour}:{minute}:{second or '00'}.{fraction:0<6}+00:00"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise CodecError("the log time is no time") from error
    if element.tag == der.UTC_TIME:
        return moment, TimeFormat.UTC_SECONDS if second else TimeFormat.UTC
    return moment, TimeFormat.GENERALIZED_MILLISECONDS if fraction else TimeFormat.GENERALIZED
