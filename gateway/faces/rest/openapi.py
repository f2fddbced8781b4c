"""The OpenAPI 3.1 document, derived from the descriptors and the comments of the .proto files."""

import json
import re
from functools import lru_cache
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from gateway import __version__
from gateway.contract import SERVICES, AnyField, AnyMessage, Method, comments, methods
from kassenwart.v1 import Role

_INTEGERS: dict[int, dict[str, Any]] = {
    FieldDescriptor.TYPE_INT32: {"type": "integer", "format": "int32", "minimum": -(2**31), "maximum": 2**31 - 1},
    FieldDescriptor.TYPE_INT64: {
        "anyOf": [{"type": "string", "pattern": "^-?[0-9]{1,18}$"}, {"type": "integer", "format": "int64"}],
        "examples": ["0"],  # what is tried out on /docs must not hold a number made up by chance
    },
}
_SCALARS: dict[int, dict[str, Any]] = {
    **_INTEGERS,
    FieldDescriptor.TYPE_BOOL: {"type": "boolean"},
    FieldDescriptor.TYPE_STRING: {"type": "string"},
    FieldDescriptor.TYPE_BYTES: {"type": "string", "contentEncoding": "base64"},
}
_WELL_KNOWN: dict[str, dict[str, Any]] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Duration": {"type": "string", "pattern": "^-?[0-9]+(\\.[0-9]{1,9})?s$", "examples": ["30s"]},
    "google.protobuf.Any": {"type": "object", "properties": {"@type": {"type": "string"}}},
    "google.protobuf.Empty": {"type": "object"},
}
_PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457 problem details.",
    "required": ["type", "title", "status", "detail", "code", "reason", "outcome"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What happened and what to do next, in plain words."},
        "code": {"type": "string", "description": "Name of the google.rpc.Code."},
        "reason": {"type": "string", "description": "Stable word for programs."},
        "outcome": {
            "type": "string",
            "enum": ["not_started", "unknown", "failed"],
            "description": "Whether it may have happened all the same.",
        },
        "requestId": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
        "metadata": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}


@lru_cache(maxsize=1)
def document_bytes() -> bytes:
    """The document as JSON."""
    return json.dumps(document(), ensure_ascii=False, separators=(",", ":")).encode()


def document() -> dict[str, Any]:
    """The document."""
    schemas: dict[str, Any] = {"Problem": _PROBLEM}
    paths: dict[str, dict[str, Any]] = {}
    for method in methods():
        paths.setdefault(method.path, {})[method.verb.lower()] = _operation(method, schemas)
    words = comments()
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Kassenwart",
            "version": __version__,
            "summary": "One daemon that owns every peripheral of a shop.",
            "description": "All calls need `Authorization: Bearer TOKEN`. Streams are `text/event-stream`. "
            "A repeat with the same `requestId` (or `Idempotency-Key` header) is harmless.",
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "tags": [{"name": service, "description": words.get(f"kassenwart.v1.{service}", "")} for service in SERVICES],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas,
        },
    }


def _operation(method: Method, schemas: dict[str, Any]) -> dict[str, Any]:
    words = comments().get(method.descriptor.full_name, "")
    in_path = re.findall(r"\{(\w+)\}", method.path)
    roles = ", ".join(sorted(Role.Name(role).lower() for role in method.roles))
    operation: dict[str, Any] = {
        "operationId": f"{method.service}_{method.name}",
        "tags": [method.service],
        "summary": words.split(". ")[0].rstrip("."),
        "description": f"{words}\n\nRoles: {roles}.",
        "parameters": [_path_parameter(method, name) for name in in_path],
        "responses": {
            "200": {"description": "OK", "content": _response(method, schemas)},
            "default": {
                "description": "A problem",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
            },
        },
    }
    rest = [field for field in method.request.DESCRIPTOR.fields if field.name not in in_path]
    if method.body:
        if method.takes_request_id:
            operation["parameters"].append(
                {
                    "name": "Idempotency-Key",
                    "in": "header",
                    "description": "Another place for requestId.",
                    "schema": {"type": "string", "maxLength": 64},
                }
            )
        body = _object(method.request.DESCRIPTOR, schemas, without=frozenset(in_path))
        operation["requestBody"] = {"content": {"application/json": {"schema": body}}}
    else:
        operation["parameters"] += [
            {
                "name": field.json_name,
                "in": "query",
                "description": comments().get(field.full_name, ""),
                "schema": _field(field, schemas),
            }
            for field in rest
        ]
    return operation


def _path_parameter(method: Method, name: str) -> dict[str, Any]:
    field = method.request.DESCRIPTOR.fields_by_name[name]
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": comments().get(field.full_name, ""),
        "schema": {"type": "string", "pattern": "^[^/:\\x00-\\x1f\\x7f-\\x9f]{1,200}$"},
    }


def _response(method: Method, schemas: dict[str, Any]) -> dict[str, Any]:
    name = method.response.DESCRIPTOR.full_name
    if name == "google.api.HttpBody":
        return {"image/png": {}, "text/plain": {}}
    if method.server_streaming:
        return {"text/event-stream": {"schema": {"type": "string"}}}
    return {"application/json": {"schema": _message(method.response.DESCRIPTOR, schemas)}}


def _message(descriptor: AnyMessage, schemas: dict[str, Any]) -> dict[str, Any]:
    if descriptor.full_name in _WELL_KNOWN:
        return _WELL_KNOWN[descriptor.full_name]
    name = descriptor.full_name.removeprefix("kassenwart.v1.")
    if name not in schemas:
        schemas[name] = {}  # first, so that a message may hold itself
        schemas[name] = _object(descriptor, schemas)
    return {"$ref": f"#/components/schemas/{name}"}


def _object(descriptor: AnyMessage, schemas: dict[str, Any], without: frozenset[str] = frozenset()) -> dict[str, Any]:
    properties = {}
    for field in descriptor.fields:
        if field.name not in without:
            schema = _field(field, schemas)
            words = comments().get(field.full_name, "")
            properties[field.json_name] = {**schema, "description": words} if words else schema
    made: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    if words := comments().get(descriptor.full_name, ""):
        made["description"] = words
    return made


def _field(field: AnyField, schemas: dict[str, Any]) -> dict[str, Any]:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        value = field.message_type.fields_by_name["value"]
        return {"type": "object", "additionalProperties": _single(value, schemas)}
    if field.is_repeated:
        return {"type": "array", "items": _single(field, schemas)}
    return _single(field, schemas)


def _single(field: AnyField, schemas: dict[str, Any]) -> dict[str, Any]:
    if field.message_type is not None:
        return _message(field.message_type, schemas)
    if field.enum_type is not None:
        return _enum(field.enum_type, schemas)
    return _SCALARS[field.type]


def _enum(descriptor: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    name = descriptor.full_name.removeprefix("kassenwart.v1.")
    words = comments()
    scope = descriptor.full_name
    meanings = "\n".join(f"- `{value.name}`: {words.get(f'{scope}.{value.name}', '')}" for value in descriptor.values)
    schemas[name] = {
        "type": "string",
        "enum": [value.name for value in descriptor.values],
        "description": f"{words.get(descriptor.full_name, '')}\n{meanings}",
    }
    return {"$ref": f"#/components/schemas/{name}"}
