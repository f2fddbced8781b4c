"""The configuration: one TOML file into frozen types, checked to the last key."""

from gateway.config._example import EXAMPLE
from gateway.config._load import ID_RULE, load, parse, parse_address
from gateway.config.types import (
    DEVICE_ID,
    Address,
    Config,
    ConfigError,
    DeviceSpec,
    LogConfig,
    ServerConfig,
    StorageConfig,
)

__all__ = [
    "DEVICE_ID",
    "EXAMPLE",
    "ID_RULE",
    "Address",
    "Config",
    "ConfigError",
    "DeviceSpec",
    "LogConfig",
    "ServerConfig",
    "StorageConfig",
    "load",
    "parse",
    "parse_address",
]
