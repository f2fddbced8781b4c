"""The errors of all drivers: one small tree, and the question that matters for money and paper.

Every `DriverError` answers "may it have happened?" by its `outcome`:

* `NOT_STARTED`: nothing reached the device; the same call may safely be made again.
* `UNKNOWN`: bytes left, no verdict came back; ask the device or a person, never guess.
* `FAILED`: the device itself said no, or provably did nothing.

    DriverError
    ├── DeviceUnreachable    no connection could be made
    ├── ConnectionLost       an established connection broke
    ├── DeviceTimeout        the device stayed silent past its limit (also a TimeoutError)
    ├── ProtocolError        the device said something its protocol does not allow
    └── DeviceRefused        the device understood and said no

`CodecError` stands apart: codecs know no device, drivers turn it into `ProtocolError`.
"""

import enum


class Outcome(enum.Enum):
    """Whether an operation may have had its effect."""

    NOT_STARTED = "not_started"
    UNKNOWN = "unknown"
    FAILED = "failed"


class CodecError(ValueError):
    """Bytes or values that the protocol does not allow; the message names the place."""


class DriverError(Exception):
    """A device operation did not succeed.

    `message` and `hint` are plain English for a shopkeeper: what happened, what to do next.
    `reason` is a stable UPPER_SNAKE_CASE word for programs.
    """

    reason = "DEVICE_ERROR"
    outcome = Outcome.UNKNOWN

    def __init__(
        self,
        message: str,
        *,
        outcome: Outcome | None = None,
        reason: str | None = None,
        hint: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if outcome is not None:
            self.outcome = outcome
        if reason is not None:
            self.reason = reason


class DeviceUnreachable(DriverError):
    """No connection could be made, so nothing has happened."""

    reason = "DEVICE_UNREACHABLE"
    outcome = Outcome.NOT_STARTED


class ConnectionLost(DriverError):
    """An established connection broke; what was under way may or may not have happened."""

    reason = "CONNECTION_LOST"


class DeviceTimeout(DriverError, TimeoutError):
    """The device stayed silent longer than its protocol allows."""

    reason = "DEVICE_TIMEOUT"


class ProtocolError(DriverError):
    """The device sent something that its protocol does not allow."""

    reason = "PROTOCOL_ERROR"


class DeviceRefused(DriverError):
    """The device understood the request and said no."""

    reason = "DEVICE_REFUSED"
    outcome = Outcome.FAILED
