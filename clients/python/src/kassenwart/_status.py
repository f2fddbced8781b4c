"""From a gRPC status to an error of `kassenwart.errors`."""

from typing import get_args

import grpc
from google.protobuf import any_pb2
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

from kassenwart import errors
from kassenwart._methods import Method

_DETAILS_KEY = "grpc-status-details-bin"

_CLASSES: dict[str, type[errors.KassenwartError]] = {
    kind.code: kind
    for kind in (
        errors.Aborted,
        errors.AlreadyExists,
        errors.Cancelled,
        errors.DataLoss,
        errors.DeadlineExceeded,
        errors.FailedPrecondition,
        errors.Internal,
        errors.InvalidArgument,
        errors.NotFound,
        errors.OutOfRange,
        errors.PermissionDenied,
        errors.ResourceExhausted,
        errors.Unauthenticated,
        errors.Unavailable,
        errors.Unimplemented,
        errors.Unknown,
    )
}

# Codes that may come from the wire between, not from the daemon: they do not tell whether the work was done.
_SILENT = {"CANCELLED", "DEADLINE_EXCEEDED", "INTERNAL", "UNAVAILABLE", "UNKNOWN"}


def from_rpc_error(error: grpc.aio.AioRpcError, method: Method, address: str) -> errors.KassenwartError:
    """The error of our tree for a gRPC status; details that cannot be read are left out."""
    code = error.code().name
    status = _rich_status(error)
    if status is None:
        return _CLASSES.get(code, errors.Unknown)(_own_words(code, error.details() or "", method, address))
    found = _CLASSES.get(code, errors.Unknown)(status.message or error.details() or code)
    for detail in status.details:
        _add_detail(found, detail)
    return found


def with_advice(error: errors.KassenwartError, method: Method, request_id: str) -> errors.KassenwartError:
    """The error with its request id, and for a change without a verdict: outcome `unknown` and what to do next."""
    error.request_id = request_id
    if method.read_only or error.outcome or error.code not in _SILENT:
        return error
    error.outcome = "unknown"
    if request_id:
        advice = (
            f"If it was taken, the work goes on: make the same call with request_id={request_id!r} to read what "
            "became of it. Nothing is done twice."
        )
    else:
        advice = "It may or may not have happened: read the state before you try again."
    error.message = f"{error.message} {advice}"
    return error


def _rich_status(error: grpc.aio.AioRpcError) -> status_pb2.Status | None:
    for key, value in error.trailing_metadata() or ():
        if key == _DETAILS_KEY and isinstance(value, bytes):
            try:
                return status_pb2.Status.FromString(value)
            except DecodeError:
                return None
    return None


def _add_detail(error: errors.KassenwartError, detail: any_pb2.Any) -> None:
    info = error_details_pb2.ErrorInfo()
    request = error_details_pb2.BadRequest()
    retry = error_details_pb2.RetryInfo()
    try:
        if detail.Unpack(info):
            error.reason = info.reason
            error.metadata = dict(info.metadata)
            outcome = info.metadata.get("outcome", "")
            error.outcome = next((known for known in get_args(errors.Outcome) if known == outcome), "")
        elif detail.Unpack(request):
            error.violations = tuple(errors.Violation(at.field, at.description) for at in request.field_violations)
        elif detail.Unpack(retry):
            error.retry_after = retry.retry_delay.ToTimedelta().total_seconds()
    except DecodeError:
        return


def _own_words(code: str, details: str, method: Method, address: str) -> str:
    match code:
        case "UNAVAILABLE":
            return f"Kassenwart cannot be reached at {address}. Is it running? ({details})"
        case "DEADLINE_EXCEEDED":
            return f"Kassenwart at {address} gave no answer in time."
        case "UNIMPLEMENTED":
            return f"Kassenwart at {address} does not know {method.name}; its version may be older. ({details})"
        case _:
            return details or code
