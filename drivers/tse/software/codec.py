"""The wire of the software TSE: one JSON object a line in each direction, and where its socket lies.

    {"id": 7, "command": "finish", "client": "TILL-1", "number": 12, "process_type": "…", "process_data": "<base64>"}
    {"id": 7, "signature": {"number": 12, "counter": 31, "time": 1700000000, "value": "<base64>"}}
    {"id": 8, "error": "TSE_CLIENT_NOT_REGISTERED"}

One command at a time; every answer repeats the id of its command, so that an answer nobody waits for any more is told
from the one that is awaited.
"""

import base64
import binascii
import contextlib
import enum
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from drivers.base import TseInfo, TseSignature
from drivers.errors import CodecError
from drivers.tse.refusals import Refusal

MAX_LINE: Final = 262_144  # octets with the line end: 64 KiB of processData in base64, and room
SOCKET_NAME: Final = "tse.sock"


class Command(enum.Enum):
    """What the software TSE can be asked."""

    INFO = "info"
    SELF_TEST = "self_test"
    UPDATE_TIME = "update_time"
    REGISTER_CLIENT = "register_client"
    START = "start"
    UPDATE = "update"
    FINISH = "finish"
    LAST_RESPONSE = "last_response"


@dataclass(frozen=True, slots=True)
class Request:
    """A command. `time` is seconds since 1970, for UPDATE_TIME."""

    id: int
    command: Command
    client: str = ""
    number: int = 0
    process_type: str = ""
    process_data: bytes = b""
    time: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a command: a refusal, a signature, the state, or nothing but "done"."""

    id: int
    refusal: Refusal | None = None
    signature: TseSignature | None = None
    info: TseInfo | None = None


def encode_request(request: Request) -> bytes:
    """One line, with its end."""
    fields: dict[str, Any] = {"id": request.id, "command": request.command.value}
    optional = {"client": request.client, "number": request.number, "process_type": request.process_type}
    optional |= {"process_data": _base64(request.process_data), "time": request.time}
    return _line(fields | {name: value for name, value in optional.items() if value})


def decode_request(line: bytes) -> Request:
    """Read one line. Raises CodecError."""
    fields = _object(line)
    try:
        command = Command(_take(fields, "command", str))
    except ValueError:
        raise CodecError("an unknown command") from None
    return Request(
        id=_take(fields, "id", int),
        command=command,
        client=_take(fields, "client", str, ""),
        number=_take(fields, "number", int, 0),
        process_type=_take(fields, "process_type", str, ""),
        process_data=_bytes(_take(fields, "process_data", str, "")),
        time=_take(fields, "time", int, 0),
    )


def encode_answer(answer: Answer) -> bytes:
    """One line, with its end."""
    fields: dict[str, Any] = {"id": answer.id}
    if answer.refusal is not None:
        fields["error"] = answer.refusal.value
    if answer.signature is not None:
        fields["signature"] = {
            "number": answer.signature.transaction_number,
            "counter": answer.signature.signature_counter,
            "time": _seconds(answer.signature.log_time),
            "value": _base64(answer.signature.signature),
        }
    if answer.info is not None:
        fields["info"] = _encode_info(answer.info)
    return _line(fields)


def decode_answer(line: bytes) -> Answer:
    """Read one line. Raises CodecError."""
    fields = _object(line)
    error = _take(fields, "error", str, "")
    signature = _take(fields, "signature", dict, {})
    info = _take(fields, "info", dict, {})
    try:
        refusal = Refusal(error) if error else None
    except ValueError:
        raise CodecError(f"an unknown refusal {error[:50]!r}") from None
    return Answer(
        id=_take(fields, "id", int),
        refusal=refusal,
        signature=_decode_signature(signature) if signature else None,
        info=_decode_info(info) if info else None,
    )


@contextlib.contextmanager
def socket_path(directory: Path) -> Iterator[str]:
    """A short name of the socket in `directory`, good inside the block: socket addresses end after 107 bytes
    (unix(7)), the directory's own path may be longer. Raises OSError when the directory cannot be opened."""
    handle = os.open(directory, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{handle}/{SOCKET_NAME}"
    finally:
        os.close(handle)


# --- the small parts -----------------------------------------------------------------------------------------------


def _encode_info(info: TseInfo) -> dict[str, Any]:
    return {
        "serial": info.serial,
        "public_key": _base64(info.public_key),
        "certificate_pem": info.certificate_pem,
        "certificate_expiry": _seconds(info.certificate_expiry),
        "signature_algorithm": info.signature_algorithm,
        "time_format": info.time_format,
        "description": info.description,
        "development": info.development,
        "signatures_created": info.signatures_created,
        "signatures_remaining": info.signatures_remaining,
        "self_test_passed": info.self_test_passed,
        "time_valid": info.time_valid,
        "clients": list(info.clients),
        "open_transactions": list(info.open_transactions),
    }


def _decode_info(fields: dict[str, Any]) -> TseInfo:
    return TseInfo(
        serial=_take(fields, "serial", str),
        public_key=_bytes(_take(fields, "public_key", str)),
        certificate_pem=_take(fields, "certificate_pem", str),
        certificate_expiry=_moment(_take(fields, "certificate_expiry", int)),
        signature_algorithm=_take(fields, "signature_algorithm", str),
        time_format=_take(fields, "time_format", str),
        description=_take(fields, "description", str),
        development=_take(fields, "development", bool),
        signatures_created=_take(fields, "signatures_created", int),
        signatures_remaining=_take(fields, "signatures_remaining", int),
        self_test_passed=_take(fields, "self_test_passed", bool),
        time_valid=_take(fields, "time_valid", bool),
        clients=_list(fields, "clients", str),
        open_transactions=_list(fields, "open_transactions", int),
    )


def _decode_signature(fields: dict[str, Any]) -> TseSignature:
    return TseSignature(
        transaction_number=_take(fields, "number", int),
        signature_counter=_take(fields, "counter", int),
        log_time=_moment(_take(fields, "time", int)),
        signature=_bytes(_take(fields, "value", str)),
    )


def _line(fields: dict[str, Any]) -> bytes:
    line = json.dumps(fields, separators=(",", ":")).encode() + b"\n"
    if len(line) > MAX_LINE:
        raise CodecError(f"a message of {len(line)} bytes is too long")
    return line


def _object(line: bytes) -> dict[str, Any]:
    if len(line) > MAX_LINE:
        raise CodecError(f"a message of {len(line)} bytes is too long")
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise CodecError("a line that is no JSON") from error
    if not isinstance(fields, dict):
        raise CodecError("a line that is no JSON object")
    return fields


_REQUIRED: Final = object()
_SURROGATES: Final = re.compile("[\ud800-\udfff]")  # JSON can hold halves of characters, UTF-8 cannot


def _take(fields: dict[str, Any], name: str, kind: type, default: Any = _REQUIRED) -> Any:
    value = fields.get(name, default)
    if value is _REQUIRED:
        raise CodecError(f"the field {name!r} is missing")
    if type(value) is not kind:  # bool is an int, but not here
        raise CodecError(f"the field {name!r} is no {kind.__name__}")
    if isinstance(value, int) and not 0 <= value < 1 << 63:
        raise CodecError(f"the field {name!r} is out of range")
    if isinstance(value, str) and _SURROGATES.search(value):
        raise CodecError(f"the field {name!r} is no text")
    return value


def _list(fields: dict[str, Any], name: str, kind: type) -> tuple[Any, ...]:
    values = _take(fields, name, list)
    return tuple(_take({name: value}, name, kind) for value in values)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise CodecError("a value that is no base64") from error


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _moment(seconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise CodecError("a time that is none") from error
