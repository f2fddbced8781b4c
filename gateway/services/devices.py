"""The device service: what there is, how it is, who holds it."""

from dataclasses import replace
from typing import Any

from google.protobuf.empty_pb2 import Empty

from drivers.errors import DriverError
from gateway.api import Call, check_text, invalid, not_found, page_size, parse_filter
from gateway.config import DeviceSpec
from gateway.devices import DeviceRegistry
from kassenwart.v1 import (
    ClaimDeviceRequest,
    CreateDeviceRequest,
    DeleteDeviceRequest,
    Device,
    GetDeviceRequest,
    GetLeaseRequest,
    Lease,
    ListDevicesRequest,
    ListDevicesResponse,
    ReleaseDeviceRequest,
    TestDeviceRequest,
    TestDeviceResponse,
    UpdateDeviceRequest,
)

_TTL_DEFAULT = 90.0
_TTL_LIMIT = 3600.0


class DeviceService:
    """Implements DeviceService of the contract."""

    def __init__(self, registry: DeviceRegistry) -> None:
        self._registry = registry

    async def list_devices(self, _call: Call, request: ListDevicesRequest) -> ListDevicesResponse:
        """All devices in the order of their ids."""
        where = parse_filter(request.filter, ("kind", "state"), Device)
        size = page_size(request.page_size)
        devices = [self._registry.message(device) for device in self._registry.ids() if device > request.page_token]
        found = [device for device in devices if all(getattr(device, name) == value for name, value in where.items())]
        token = found[size - 1].id if len(found) > size else ""
        return ListDevicesResponse(devices=found[:size], next_page_token=token)

    async def get_device(self, _call: Call, request: GetDeviceRequest) -> Device:
        """One device."""
        return self._registry.message(request.device)

    async def create_device(self, call: Call, request: CreateDeviceRequest) -> Device:
        """Add a device."""
        enabled = request.enabled if request.HasField("enabled") else True
        spec = DeviceSpec(request.id, request.driver, request.address, enabled, dict(request.options))
        return await self._registry.create(call, spec, validate_only=request.validate_only)

    async def update_device(self, call: Call, request: UpdateDeviceRequest) -> Device:
        """Change a device."""
        old = self._registry.spec(request.device)
        changes: dict[str, Any] = {
            field: getattr(request, field) for field in ("driver", "address", "enabled") if request.HasField(field)
        }
        options = dict(request.options) or dict(old.options)
        spec = replace(old, options=options, **changes)
        return await self._registry.change(call, spec, validate_only=request.validate_only)

    async def delete_device(self, call: Call, request: DeleteDeviceRequest) -> Empty:
        """Remove a device."""
        await self._registry.delete(call, request.device)
        return Empty()

    async def test_device(self, _call: Call, request: TestDeviceRequest) -> TestDeviceResponse:
        """Ask the device how it is, now."""
        device = self._registry.message(request.device)
        answer = TestDeviceResponse()
        if device.state == Device.DISABLED:
            answer.message = f"{device.id} is switched off in the configuration."
            answer.hints.append("Switch it on, then test again.")
        else:
            host = device.options["printer"] if device.kind == Device.DRAWER else device.id
            owner = next((owner for owner in self._registry.owners() if owner.spec.id == host), None)
            if owner is None:
                raise not_found(f"device {host!r}")
            try:
                health = await owner.check(start_within=8)
            except DriverError as error:
                answer.message = error.message
                answer.hints.extend([error.hint] if error.hint else [])
            else:
                answer.ok = health.ready
                answer.message = health.reason or f"{device.id} answers and is ready."
        answer.device.CopyFrom(self._registry.message(request.device))
        return answer

    async def claim_device(self, call: Call, request: ClaimDeviceRequest) -> Lease:
        """Take a device for one holder."""
        self._registry.spec(request.device)
        check_text("/holder", request.holder, 64)
        ttl = _TTL_DEFAULT
        if request.HasField("ttl"):
            ttl = request.ttl.ToNanoseconds() / 1e9
            if not 1 <= ttl <= _TTL_LIMIT:
                raise invalid("/ttl", f"must be from 1s to {_TTL_LIMIT:g}s")
        self._registry.leases.claim(request.device, request.holder, call.principal.name, ttl)
        lease = self._registry.lease(request.device)
        assert lease is not None
        await self._registry.tell("claimed", self._registry.message(request.device), call)
        return lease

    async def get_lease(self, _call: Call, request: GetLeaseRequest) -> Lease:
        """The lease in force."""
        self._registry.spec(request.device)
        lease = self._registry.lease(request.device)
        if lease is None:
            raise not_found(f"lease on {request.device}", "The device is free.")
        return lease

    async def release_device(self, call: Call, request: ReleaseDeviceRequest) -> Empty:
        """Give a device back."""
        self._registry.spec(request.device)
        self._registry.leases.release(request.device, call.principal.name, request.number)
        await self._registry.tell("released", self._registry.message(request.device), call)
        return Empty()
