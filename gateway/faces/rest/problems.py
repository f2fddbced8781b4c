"""Errors as RFC 9457 problem details; the only error format of this face."""

import http
import json
import math
from typing import Any, Final

from aiohttp import web

from gateway.api import ApiError, Code

_STATUS: Final = {
    Code.CANCELLED: 499,
    Code.UNKNOWN: 500,
    Code.INVALID_ARGUMENT: 400,
    Code.DEADLINE_EXCEEDED: 504,
    Code.NOT_FOUND: 404,
    Code.ALREADY_EXISTS: 409,
    Code.PERMISSION_DENIED: 403,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.FAILED_PRECONDITION: 400,
    Code.ABORTED: 409,
    Code.OUT_OF_RANGE: 400,
    Code.UNIMPLEMENTED: 501,
    Code.INTERNAL: 500,
    Code.UNAVAILABLE: 503,
    Code.DATA_LOSS: 500,
    Code.UNAUTHENTICATED: 401,
}
#: Reasons whose status says more than their code's.
_BY_REASON: Final = {
    "REQUEST_ID_REUSED": 422,
    "REQUEST_TOO_LARGE": 413,
    "MEDIA_TYPE": 415,
    "METHOD_NOT_ALLOWED": 405,
    "HOST_UNKNOWN": 421,
    "REQUEST_TIMEOUT": 408,
    "DISK_FULL": 507,
}


def status_of(error: ApiError) -> int:
    """The HTTP status of an error."""
    return _BY_REASON.get(error.reason, _STATUS.get(error.code, 500))


def problem(error: ApiError, call_id: str) -> dict[str, Any]:
    """The problem document."""
    status = status_of(error)
    try:
        title = http.HTTPStatus(status).phrase
    except ValueError:
        title = "Client Closed Request"
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": error.message,
        "code": error.code.name,
        "reason": error.reason,
        "outcome": error.outcome.value,
        "requestId": call_id,
    }
    if error.violations:
        document["errors"] = [{"pointer": one.pointer, "detail": one.detail} for one in error.violations]
    if error.metadata:
        document["metadata"] = error.metadata
    return document


def problem_bytes(error: ApiError, call_id: str) -> bytes:
    """The problem document as JSON."""
    return json.dumps(problem(error, call_id), ensure_ascii=False, separators=(",", ":")).encode()


def problem_response(error: ApiError, call_id: str) -> web.Response:
    """The response for an error."""
    headers = {}
    if error.code is Code.UNAUTHENTICATED:
        headers["WWW-Authenticate"] = 'Bearer realm="kassenwart"'
    if error.retry_after is not None:
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    if "allow" in error.metadata:
        headers["Allow"] = error.metadata["allow"]
    return web.Response(
        status=status_of(error),
        body=problem_bytes(error, call_id),
        content_type="application/problem+json",
        headers=headers,
    )
