"""The peripherals of the shop: what there is, how it is, and who holds it."""

from collections.abc import AsyncGenerator, Mapping

from google.protobuf import empty_pb2

from kassenwart import v1
from kassenwart._rpc import Rpc
from kassenwart._time import duration
from kassenwart.leases import DeviceLease

# A connection test may have to wait for a device that does not answer.
_TEST_SECONDS = 30.0


class Devices:
    """Devices, by the short ids of the configuration."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc

    async def get(self, device: str) -> v1.Device:
        """One device with its state and the reason for it."""
        return await self._rpc.call(v1.GetDeviceRequest(device=device), v1.Device)

    def list(self, *, where: str = "", page_size: int = 0) -> AsyncGenerator[v1.Device, None]:
        """All devices in the order of their ids; `where` such as `kind = PRINTER AND state = READY`."""
        request = v1.ListDevicesRequest(page_size=page_size, filter=where)
        return self._rpc.pages(request, v1.ListDevicesResponse, lambda page: page.devices)

    async def create(
        self,
        device: str,
        *,
        driver: str,
        address: str,
        options: Mapping[str, str] | None = None,
        enabled: bool = True,
        validate_only: bool = False,
    ) -> v1.Device:
        """Add a device; it is kept over restarts. Technicians only."""
        request = v1.CreateDeviceRequest(
            id=device,
            driver=driver,
            address=address,
            options=options,
            enabled=enabled,
            validate_only=validate_only,
        )
        return await self._rpc.call(request, v1.Device)

    async def update(
        self,
        device: str,
        *,
        driver: str | None = None,
        address: str | None = None,
        options: Mapping[str, str] | None = None,
        enabled: bool | None = None,
        validate_only: bool = False,
    ) -> v1.Device:
        """Change what is given; `options` replaces all options when not empty. Technicians only."""
        request = v1.UpdateDeviceRequest(
            device=device,
            driver=driver,
            address=address,
            options=options,
            enabled=enabled,
            validate_only=validate_only,
        )
        return await self._rpc.call(request, v1.Device)

    async def delete(self, device: str) -> None:
        """Remove a device. Its jobs and payments stay readable. Technicians only."""
        await self._rpc.call(v1.DeleteDeviceRequest(device=device), empty_pb2.Empty)

    async def test(self, device: str) -> v1.TestDeviceResponse:
        """Test the connection and say in plain words what to do. Moves no paper, money or drawer."""
        request = v1.TestDeviceRequest(device=device)
        return await self._rpc.call(request, v1.TestDeviceResponse, wait=_TEST_SECONDS)

    async def claim(self, device: str, *, holder: str, ttl: float = 90.0) -> v1.Lease:
        """Take a device for one holder, or renew the holder's lease, for `ttl` seconds (1 to 3600)."""
        request = v1.ClaimDeviceRequest(device=device, holder=holder, ttl=duration(ttl))
        return await self._rpc.call(request, v1.Lease)

    async def held_by(self, device: str) -> v1.Lease:
        """The lease in force on a device. Raises NotFound when it is free."""
        return await self._rpc.call(v1.GetLeaseRequest(device=device), v1.Lease)

    async def release(self, device: str, number: int) -> None:
        """Give the lease with this number back before its end."""
        await self._rpc.call(v1.ReleaseDeviceRequest(device=device, number=number), empty_pb2.Empty)

    def lease(self, device: str, *, holder: str, ttl: float = 90.0) -> DeviceLease:
        """`async with client.devices.lease(...) as lease`: claimed, renewed by itself, released at the end."""
        return DeviceLease(self._rpc, device, holder, ttl)
