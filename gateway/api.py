"""What services and the dispatch chain share: the call, its errors and checks of requests."""

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from google.protobuf.message import Message

from drivers.errors import DriverError, Outcome
from gateway.storage import RequestKey


class Code(enum.IntEnum):
    """Status codes; numbers and names as in google.rpc.Code."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


@dataclass(frozen=True, slots=True)
class Violation:
    """One field that is wrong; `pointer` is a JSON pointer into the request, such as `/document/blocks/0`."""

    pointer: str
    detail: str


class ApiError(Exception):
    """What a caller is told when a call fails.

    `message` is plain words with what to do next, `reason` a stable UPPER_SNAKE_CASE word, `outcome` says whether it
    may have happened all the same, `retry_after` (seconds) when a repeat makes sense.
    """

    def __init__(
        self,
        code: Code,
        message: str,
        *,
        reason: str = "",
        outcome: Outcome = Outcome.NOT_STARTED,
        violations: tuple[Violation, ...] = (),
        retry_after: float | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.reason = reason or code.name
        self.outcome = outcome
        self.violations = violations
        self.retry_after = retry_after
        self.metadata = dict(metadata or {})


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls: the name and role of a token."""

    name: str
    role: int
    token_id: str


@dataclass(slots=True)
class Call:
    """One call on its way through the house."""

    principal: Principal
    key: RequestKey | None = None  # binds the request id, when there is one
    lease_number: int = 0
    replayed: bool = field(default=False)


def invalid(pointer: str, detail: str) -> ApiError:
    """One field is wrong."""
    return ApiError(
        Code.INVALID_ARGUMENT, f"{pointer or 'The request'}: {detail}", violations=(Violation(pointer, detail),)
    )


def not_found(name: str, hint: str = "") -> ApiError:
    """A resource does not exist."""
    return ApiError(Code.NOT_FOUND, f"There is no {name}.{' ' + hint if hint else ''}", reason="NOT_FOUND")


def from_driver(error: DriverError) -> ApiError:
    """What a caller is told of a driver's error."""
    code = Code.FAILED_PRECONDITION if error.outcome is Outcome.FAILED else Code.UNAVAILABLE
    message = f"{error.message} {error.hint}".strip()
    retry = 2.0 if error.outcome is Outcome.NOT_STARTED else None
    return ApiError(code, message, reason=error.reason, outcome=error.outcome, retry_after=retry)


_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


def check_text(pointer: str, text: str, limit: int) -> None:
    """Refuse text that is too long or holds control characters."""
    if len(text) > limit:
        raise invalid(pointer, f"has {len(text)} characters, allowed are {limit}")
    if _CONTROL.search(text):
        raise invalid(pointer, "must not hold control characters")


def check_range(pointer: str, value: int, low: int, high: int) -> None:
    """Refuse a number out of range."""
    if not low <= value <= high:
        raise invalid(pointer, f"must be from {low} to {high}, not {value}")


def page_size(value: int, default: int = 100, limit: int = 1000) -> int:
    """The size of a page to make of the requested one."""
    if value < 0:
        raise invalid("/pageSize", "must not be negative")
    return min(value or default, limit)


def parse_filter(text: str, allowed: tuple[str, ...], message: type[Message]) -> dict[str, str | int]:
    """`field = value` terms joined by AND into values to compare with; enum names become their numbers."""
    found: dict[str, str | int] = {}
    if len(text) > 512:
        raise invalid("/filter", "is too long")
    for term in re.split(r"\s+AND\s+", text.strip()) if text.strip() else ():
        match = re.fullmatch(r"(\w+)\s*=\s*(?:\"([^\"]*)\"|(\S+))", term.strip())
        if match is None:
            raise invalid("/filter", f"cannot be read at {term!r}: write field = value, joined by AND")
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", match[1]).lower()
        if name not in allowed:
            raise invalid("/filter", f"cannot compare {match[1]!r}; allowed are {', '.join(sorted(allowed))}")
        value: str | int = match[2] if match[2] is not None else match[3]
        enum_type = message.DESCRIPTOR.fields_by_name[name].enum_type
        if enum_type is not None:
            if value not in enum_type.values_by_name:
                raise invalid("/filter", f"{value!r} is no {name}; allowed are {', '.join(enum_type.values_by_name)}")
            value = enum_type.values_by_name[str(value)].number
        found[name] = value
    return found
