"""JSON into messages and back: proto3 JSON, unknown fields refused with their place."""

import json
import re
from typing import Any, Final

from google.protobuf import json_format, message_factory
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from gateway.api import ApiError, Code, Violation, invalid
from gateway.contract import AnyField, Method

_WELL_KNOWN: Final = {
    "google.protobuf.Timestamp": "must be a time such as 2026-11-20T09:30:00Z",
    "google.protobuf.Duration": "must be a duration in seconds such as 30s",
}
_SCALARS: Final = {
    FieldDescriptor.CPPTYPE_STRING: "must be text",
    FieldDescriptor.CPPTYPE_BOOL: "must be true or false",
    FieldDescriptor.CPPTYPE_INT32: "must be a whole number of 32 bits",
    FieldDescriptor.CPPTYPE_INT64: "must be a whole number of 64 bits",
}
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]*={0,2}")
_DEPTH: Final = 64


def decode_body(method: Method, body: bytes) -> Message:
    """The request in a JSON body; an empty body is an empty request. Raises INVALID_ARGUMENT with the place."""
    message = method.request()
    if not body.strip():
        return message
    try:
        value = json.loads(body, parse_constant=_no_constant, object_pairs_hook=_no_twins)
    except (UnicodeDecodeError, RecursionError) as error:
        raise invalid("", "is not UTF-8 JSON of reasonable depth") from error
    except ValueError as error:
        raise invalid("", f"is not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise invalid("", "must be a JSON object")
    try:
        json_format.ParseDict(value, message, max_recursion_depth=_DEPTH)
    except (json_format.ParseError, ValueError, TypeError, RecursionError) as error:
        found = _locate(method.request, value, "") or Violation("", "cannot be read")
        raise invalid(found.pointer, found.detail) from error
    _check_base64(message, value)
    return message


def bind_query(message: Message, query: list[tuple[str, str]]) -> None:
    """Put query parameters into a request without a body. Raises INVALID_ARGUMENT."""
    fields: dict[str, Any] = {}
    for name, text in query:
        field = message.DESCRIPTOR.fields_by_name.get(name) or message.DESCRIPTOR.fields_by_camelcase_name.get(name)
        if field is None:
            known = ", ".join(field.json_name for field in message.DESCRIPTOR.fields)
            raise invalid(f"/{name}", f"is no parameter of this call. Known: {known or 'none'}")
        value = _scalar(field, text)
        if field.is_repeated:
            fields.setdefault(field.json_name, []).append(value)
        elif field.json_name in fields:
            raise invalid(f"/{name}", "is given twice")
        else:
            fields[field.json_name] = value
    try:
        json_format.ParseDict(fields, message)
    except (json_format.ParseError, ValueError) as error:
        found = _locate(type(message), fields, "") or Violation("", "cannot be read")
        raise invalid(found.pointer, found.detail) from error


def bind_path(message: Message, fields: dict[str, str]) -> None:
    """Put the values of the path into the request; they outrank the body."""
    for name, value in fields.items():
        if any(ord(sign) < 0x20 or 0x7F <= ord(sign) < 0xA0 for sign in value) or "\ufffd" in value or len(value) > 200:
            raise ApiError(Code.NOT_FOUND, "The path holds characters that no id has.")
        setattr(message, name, value)


def to_json(message: Message) -> bytes:
    """Proto3 JSON with defaults printed, one line."""
    value = json_format.MessageToDict(message, always_print_fields_with_no_presence=True)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _scalar(field: AnyField, text: str) -> Any:
    if field.type == FieldDescriptor.TYPE_BOOL:
        if text not in {"true", "false"}:
            raise invalid(f"/{field.json_name}", "must be true or false")
        return text == "true"
    if field.message_type is not None and not field.message_type.full_name.startswith("google.protobuf."):
        raise invalid(f"/{field.json_name}", "cannot be given as a query parameter")
    return text


def _locate(message: type[Message], value: dict[str, Any], pointer: str) -> Violation | None:
    """The first thing in `value` that does not fit the message, by trying field after field; only errors pay for it."""
    for key, item in value.items():
        place = f"{pointer}/{key}"
        descriptor = message.DESCRIPTOR
        field = descriptor.fields_by_camelcase_name.get(key) or descriptor.fields_by_name.get(key)
        if field is None:
            known = ", ".join(field.json_name for field in descriptor.fields)
            return Violation(place, f"is not a known field. Known here: {known or 'none'}")
        try:
            json_format.ParseDict({key: item}, message())
        except (json_format.ParseError, ValueError, TypeError, RecursionError):
            return _locate_in(message, field, item, place)
    return None


def _locate_in(message: type[Message], field: AnyField, item: Any, place: str) -> Violation:
    if _is_map(field) or not field.is_repeated:
        return _locate_one(field, item, place)
    if not isinstance(item, list):
        return Violation(place, "must be a list")
    for index, element in enumerate(item):
        try:
            json_format.ParseDict({field.json_name: [element]}, message())
        except (json_format.ParseError, ValueError, TypeError, RecursionError):
            return _locate_one(field, element, f"{place}/{index}")
    return Violation(place, "cannot be read")


def _locate_one(field: AnyField, item: Any, place: str) -> Violation:
    kind = field.message_type
    if kind is not None and not _is_map(field) and kind.full_name not in _WELL_KNOWN:
        if not isinstance(item, dict):
            return Violation(place, "must be an object")
        found = _locate(message_factory.GetMessageClass(kind), item, place)  # type: ignore[arg-type]
        if found is not None:
            return found
        groups = [group.name for group in kind.oneofs if len(group.fields) > 1]
        return Violation(place, f"must hold only one kind of {groups[0]}" if groups else "cannot be read")
    if field.enum_type is not None:
        return Violation(place, f"must be one of {', '.join(field.enum_type.values_by_name)}")
    if kind is not None:
        return Violation(place, _WELL_KNOWN.get(kind.full_name, "must be an object of texts"))
    return Violation(place, _SCALARS.get(field.cpp_type, "cannot be read"))


def _is_map(field: AnyField) -> bool:
    return field.message_type is not None and bool(field.message_type.GetOptions().map_entry)


def _check_base64(message: Message, value: dict[str, Any]) -> None:
    """The JSON library drops what is no base64; printing the rest would be worse than an error."""
    for field in message.DESCRIPTOR.fields:
        if field.type == FieldDescriptor.TYPE_BYTES:
            text = value.get(field.json_name, value.get(field.name))
            if isinstance(text, str) and not _BASE64.fullmatch(text):
                raise invalid(f"/{field.json_name}", "must be base64")


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is not allowed in JSON")


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key!r} stands twice in one object")
        found[key] = value
    return found
