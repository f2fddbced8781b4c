"""The errors of the client: one tree, one child for each gRPC code.

For whatever moves paper, money, a drawer or the fiscal memory, look at `outcome`: may it have happened?

    KassenwartError
    ├── InvalidArgument      a field is wrong: see `violations`
    ├── OutOfRange           a value past an end, such as an event that is no longer kept
    ├── FailedPrecondition   not now, or the request id was used for another request
    │   └── LeaseLost        the lease of a device was lost
    ├── NotFound             no such device, job, payment ...
    ├── AlreadyExists        the id is taken
    ├── Aborted              somebody else was quicker, such as the holder of a lease
    ├── Unauthenticated      no token, or one that is not valid
    ├── PermissionDenied     the token's role does not allow it
    ├── ResourceExhausted    too much: see `retry_after`
    ├── Unavailable          the daemon, or the device behind it, cannot be reached
    ├── DeadlineExceeded     no answer in time; the work goes on (also a TimeoutError)
    ├── Cancelled            the client was closed, or the daemon dropped the call
    ├── Unimplemented        this daemon does not know the call
    ├── Internal             a defect of the daemon, or an answer that cannot be read
    ├── DataLoss             stored data are damaged
    └── Unknown              the daemon gave no reason
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

Outcome = Literal["not_started", "unknown", "failed", ""]


class Violation(NamedTuple):
    """One wrong field of a request."""

    field: str
    description: str


class KassenwartError(Exception):
    """A call did not succeed.

    `code`: gRPC code, such as `NOT_FOUND`. `reason`: stable UPPER_SNAKE_CASE word, or empty. `message`: plain words.
    `outcome`: `not_started` (safe to ask again), `unknown` (it may have happened: read, never guess), `failed` (it
    did not happen), or empty where the question does not arise. `violations`: wrong fields. `retry_after`: seconds
    that the daemon asks to wait, or None. `request_id`: id under which the call was made, empty when it carries none.
    `metadata`: further details from the daemon.
    """

    code = "UNKNOWN"

    def __init__(
        self,
        message: str,
        *,
        reason: str = "",
        outcome: Outcome = "",
        violations: Sequence[Violation] = (),
        retry_after: float | None = None,
        request_id: str = "",
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason
        self.outcome: Outcome = outcome
        self.violations = tuple(violations)
        self.retry_after = retry_after
        self.request_id = request_id
        self.metadata = dict(metadata or {})

    def __str__(self) -> str:
        fields = "; ".join(f"{field}: {description}" for field, description in self.violations)
        return f"{self.message} ({fields})" if fields else self.message


class Unknown(KassenwartError):
    """The daemon gave no reason."""


class Cancelled(KassenwartError):
    """The client was closed, or the daemon dropped the call."""

    code = "CANCELLED"


class InvalidArgument(KassenwartError):
    """A field of the request is wrong: see `violations`."""

    code = "INVALID_ARGUMENT"


class DeadlineExceeded(KassenwartError, TimeoutError):
    """No answer came in time. Work that was taken goes on: repeat the call with `request_id` to read it."""

    code = "DEADLINE_EXCEEDED"


class NotFound(KassenwartError):
    """There is no such device, job, payment or transaction."""

    code = "NOT_FOUND"


class AlreadyExists(KassenwartError):
    """The id is taken."""

    code = "ALREADY_EXISTS"


class PermissionDenied(KassenwartError):
    """The token's role does not allow this call."""

    code = "PERMISSION_DENIED"


class ResourceExhausted(KassenwartError):
    """Too much at once: see `retry_after`."""

    code = "RESOURCE_EXHAUSTED"


class FailedPrecondition(KassenwartError):
    """Not in this state, or the request id was used before for another request."""

    code = "FAILED_PRECONDITION"


class LeaseLost(FailedPrecondition):
    """The lease was not renewed in time, or somebody else holds the device."""


class Aborted(KassenwartError):
    """Somebody else was quicker, such as the holder of a lease."""

    code = "ABORTED"


class OutOfRange(KassenwartError):
    """A value lies past an end, such as an event that is no longer kept."""

    code = "OUT_OF_RANGE"


class Unimplemented(KassenwartError):
    """This daemon does not know the call."""

    code = "UNIMPLEMENTED"


class Internal(KassenwartError):
    """A defect of the daemon, or an answer that cannot be read."""

    code = "INTERNAL"


class Unavailable(KassenwartError):
    """The daemon, or the device behind it, cannot be reached."""

    code = "UNAVAILABLE"


class DataLoss(KassenwartError):
    """Stored data are damaged."""

    code = "DATA_LOSS"


class Unauthenticated(KassenwartError):
    """There is no token, or it is not valid."""

    code = "UNAUTHENTICATED"
