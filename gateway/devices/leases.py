"""Leases: the right of one holder to use a device alone, for a time."""

import time
from dataclasses import dataclass

from gateway.api import ApiError, Call, Code


@dataclass(frozen=True, slots=True)
class LeaseInfo:
    """A lease; `expires` in Unix seconds. `number` is the fencing number: it rises with every new lease of a device."""

    holder: str
    principal: str
    number: int
    expires: float


class Leases:
    """The leases of all devices, in memory: after a restart nobody holds anything, and numbers go on rising."""

    def __init__(self) -> None:
        self._held: dict[str, LeaseInfo] = {}
        self._last = int(time.time() * 1000)

    def current(self, device: str) -> LeaseInfo | None:
        """The lease in force."""
        lease = self._held.get(device)
        return lease if lease is not None and lease.expires > time.time() else None

    def claim(self, device: str, holder: str, principal: str, ttl: float) -> LeaseInfo:
        """Take or renew. Raises ABORTED while another holder has it."""
        now = time.time()
        current = self.current(device)
        if current is not None and (current.holder, current.principal) != (holder, principal):
            raise _held(device, current)
        number = current.number if current is not None else self._next()
        self._held[device] = LeaseInfo(holder, principal, number, now + ttl)
        return self._held[device]

    def release(self, device: str, principal: str, number: int) -> None:
        """Give back. A lease that is over already is no error; somebody else's is."""
        current = self.current(device)
        if current is None or current.number != number:
            return
        if current.principal != principal:
            raise _held(device, current)
        del self._held[device]

    def admit(self, device: str, call: Call) -> None:
        """Raises ABORTED when the device is held by another, or when the call carries an old number."""
        current = self.current(device)
        if call.lease_number and (current is None or current.number != call.lease_number):
            raise ApiError(
                Code.ABORTED,
                f"The lease {call.lease_number} of {device} is over. Claim the device again.",
                reason="LEASE_EXPIRED",
            )
        if current is not None and current.number != call.lease_number and current.principal != call.principal.name:
            raise _held(device, current)

    def _next(self) -> int:
        self._last = max(self._last + 1, int(time.time() * 1000))
        return self._last


def _held(device: str, lease: LeaseInfo) -> ApiError:
    left = max(1.0, lease.expires - time.time())
    return ApiError(
        Code.ABORTED,
        f"{device} is held by {lease.holder or lease.principal} for up to {left:.0f} s more.",
        reason="DEVICE_HELD",
        retry_after=left,
    )
