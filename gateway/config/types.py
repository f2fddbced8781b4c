"""The configuration as frozen values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

DEVICE_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")


class ConfigError(Exception):
    """The configuration cannot be used; the message names file, table and key and says what is allowed."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen. Port 0 lets the system choose."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """The two faces. Host names and origins beyond the machine's own must be listed."""

    rest: Address = Address("127.0.0.1", 7380)
    grpc: Address = Address("127.0.0.1", 7381)
    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StorageConfig:
    """Where the state lies. New work is refused while less than `reserve_mib` is free, so that running work can end."""

    directory: Path = Path("/var/lib/kassenwart")
    reserve_mib: int = 64
    keep_events_days: int = 30


@dataclass(frozen=True, slots=True)
class LogConfig:
    """`format`: text, json, or journal (with systemd's priorities); auto chooses journal under systemd, else text."""

    level: str = "info"
    format: str = "auto"


@dataclass(frozen=True, slots=True)
class DeviceSpec:
    """One device as configured; `options` are the driver's own settings, as text."""

    id: str
    driver: str
    address: str = ""
    enabled: bool = True
    options: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Config:
    """Everything."""

    demonstration: bool = False
    server: ServerConfig = ServerConfig()
    storage: StorageConfig = StorageConfig()
    log: LogConfig = LogConfig()
    devices: tuple[DeviceSpec, ...] = ()
    path: Path | None = None
