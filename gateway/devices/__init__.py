"""Devices: the registry, the owner task of each, its supervision and its lease."""

from gateway.devices.catalog import DRIVERS, check_config
from gateway.devices.owner import DeviceOwner
from gateway.devices.registry import DeviceObserver, DeviceRegistry

__all__ = ["DRIVERS", "DeviceObserver", "DeviceOwner", "DeviceRegistry", "check_config"]
