"""A lease that renews itself."""

import asyncio
import logging
import time
from dataclasses import replace
from typing import Self

from google.protobuf import empty_pb2

from kassenwart import errors, v1
from kassenwart._backoff import Backoff
from kassenwart._rpc import Rpc
from kassenwart._time import duration

_LOGGER = logging.getLogger("kassenwart")

_PASSING = (errors.Unavailable, errors.DeadlineExceeded, errors.ResourceExhausted)


class DeviceLease:
    """The right to use a device alone, as a context: renewed at half of its time, released at the end.

    Pass `number` with what you ask of the device: the daemon refuses it once somebody else holds the device.
    """

    def __init__(self, rpc: Rpc, device: str, holder: str, ttl: float) -> None:
        self.device = device
        self.holder = holder
        self.ttl = ttl
        self._rpc = rpc
        self._number = 0
        self._ends = 0.0
        self._lost = "This lease has not been claimed yet."
        self._renewal: asyncio.Task[None] | None = None

    @property
    def lost(self) -> bool:
        """True when the device is not, or no longer, held."""
        return bool(self._lost) or time.monotonic() >= self._ends

    @property
    def number(self) -> int:
        """Fencing number of the lease; `LeaseLost` when it is held no longer."""
        if self.lost:
            raise errors.LeaseLost(
                self._lost or f"The lease of {self.device} has run out.", reason="LEASE_LOST", outcome="not_started"
            )
        return self._number

    async def __aenter__(self) -> Self:
        asked = time.monotonic()
        lease = await self._claim(self._rpc)
        self._number, self._ends, self._lost = lease.number, asked + self.ttl, ""
        self._renewal = asyncio.create_task(self._renew(), name=f"kassenwart lease {self.device}")
        return self

    async def __aexit__(self, *_error: object) -> None:
        if self._renewal is not None:
            self._renewal.cancel()
            await asyncio.wait({self._renewal})
        if not self.lost:
            self._lost = f"The lease of {self.device} has been given back."
            await self._release(self._number)

    async def _renew(self) -> None:
        """Renew at half of the time; after a failure that may pass, again until the time is over."""
        rpc = replace(self._rpc, timeout=min(self._rpc.timeout, self.ttl / 4))
        backoff = Backoff(self.ttl)
        pause = self.ttl / 2
        while not self.lost:
            await asyncio.sleep(pause)
            asked = time.monotonic()
            try:
                lease = await self._claim(rpc)
            except _PASSING as error:
                pause = backoff.pause(error.retry_after or 0.0) or self.ttl
            except errors.KassenwartError as error:
                self._lost = f"The lease of {self.device} could not be renewed: {error}"
            else:
                if lease.number != self._number:
                    # It had run out and is a new one: somebody else may have been in between.
                    self._lost = f"The lease of {self.device} had run out before it was renewed."
                    await self._release(lease.number)
                    return
                self._ends = asked + self.ttl
                backoff.reset()
                pause = self.ttl / 2

    async def _claim(self, rpc: Rpc) -> v1.Lease:
        request = v1.ClaimDeviceRequest(device=self.device, holder=self.holder, ttl=duration(self.ttl))
        return await rpc.call(request, v1.Lease)

    async def _release(self, number: int) -> None:
        try:
            await self._rpc.call(v1.ReleaseDeviceRequest(device=self.device, number=number), empty_pb2.Empty)
        except errors.KassenwartError as error:
            _LOGGER.warning("The lease of %s was not given back and ends by itself: %s", self.device, error)
