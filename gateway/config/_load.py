"""TOML into the frozen types, with errors that a technician can act on."""

import difflib
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

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

T = TypeVar("T")
Reader = Callable[[Any], Any]


def load(path: Path) -> Config:
    """Read and check a configuration file. Raises ConfigError."""
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}. Give the right path with --config.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text (byte {error.start}). Save it as UTF-8.") from error
    return parse(text, path)


def parse(text: str, path: Path) -> Config:
    """Check the text of a configuration file; `path` is for messages. Raises ConfigError."""
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: is not valid TOML: {error}") from error
    reader = _Reader(path)
    top = reader.table(
        "",
        table,
        {"demonstration": _boolean, "server": _table, "storage": _table, "log": _table, "devices": _table},
    )
    server = reader.table(
        "server",
        top.get("server", {}),
        {"rest": parse_address, "grpc": parse_address, "allowed_hosts": _texts, "allowed_origins": _origins},
    )
    storage = reader.table(
        "storage",
        top.get("storage", {}),
        {"directory": _path, "reserve_mib": _whole(0, 1_000_000), "keep_events_days": _whole(1, 3650)},
    )
    log = reader.table(
        "log",
        top.get("log", {}),
        {"level": _one_of("debug", "info", "warning", "error"), "format": _one_of("auto", "text", "json", "journal")},
    )
    devices = tuple(reader.device(name, device) for name, device in top.get("devices", {}).items())
    return Config(
        demonstration=top.get("demonstration", False),
        server=ServerConfig(**server),
        storage=StorageConfig(**storage),
        log=LogConfig(**log),
        devices=devices,
        path=path,
    )


class _Reader:
    """Reads tables and names file, table and key in every error."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def table(self, name: str, table: Mapping[str, Any], keys: Mapping[str, Reader]) -> dict[str, Any]:
        values = {}
        for key, value in table.items():
            if key not in keys:
                near = difflib.get_close_matches(key, keys, 1)
                guess = f" Did you mean {near[0]!r}?" if near else ""
                raise self._error(name, key, f"is not known.{guess} Allowed here: {', '.join(sorted(keys))}.")
            try:
                values[key] = keys[key](value)
            except ValueError as error:
                raise self._error(name, key, f"{error}.") from error
        return values

    def device(self, name: str, table: Any) -> DeviceSpec:
        where = f"devices.{name}"
        if not DEVICE_ID.fullmatch(name):
            raise self._error("devices", name, f"is no device id: {ID_RULE}.")
        if not isinstance(table, dict):
            raise self._error("devices", name, "must be a table.")
        if "driver" not in table:
            raise self._error(where, "driver", "is missing. `kassenwart config example` shows all drivers.")
        known = {"driver": _text, "address": _text, "enabled": _boolean}
        values = self.table(where, {key: table[key] for key in known if key in table}, known)
        options = {key: _option(value) for key, value in table.items() if key not in known}
        for key, value in options.items():
            if value is None:
                raise self._error(where, key, "must be text, a number or true/false.")
        return DeviceSpec(id=name, options={key: str(value) for key, value in options.items()}, **values)

    def _error(self, table: str, key: str, problem: str) -> ConfigError:
        place = f"[{table}] " if table else ""
        return ConfigError(f"{self._path}: {place}{key}: {problem}")


ID_RULE = "lower-case letters, digits, - and _, at most 32 characters, beginning with a letter or digit"


def parse_address(value: Any) -> Address:
    """`host:port` or `[v6]:port`. Raises ValueError in plain words."""
    host, colon, port = _text(value).rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError(f"must be HOST:PORT, such as 127.0.0.1:7380, not {value!r}")
    return Address(host.removeprefix("[").removesuffix("]") or "127.0.0.1", int(port))


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"must be text in quotes, not {value!r}")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError(f"must be a list of texts, not {value!r}")
    return tuple(_text(item).lower() for item in value)


def _origins(value: Any) -> tuple[str, ...]:
    origins = _texts(value)
    for origin in origins:
        if "://" not in origin or origin.endswith("/") or "*" in origin:
            raise ValueError(f"must hold exact origins such as https://till.example, not {origin!r}")
    return origins


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"must be true or false, not {value!r}")
    return value


def _table(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("must be a table")
    return value


def _path(value: Any) -> Path:
    return Path(_text(value)).expanduser()


def _whole(low: int, high: int) -> Reader:
    def read(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise ValueError(f"must be a whole number from {low} to {high}, not {value!r}")
        return value

    return read


def _one_of(*allowed: str) -> Reader:
    def read(value: Any) -> str:
        if value not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}, not {value!r}")
        return str(value)

    return read


def _option(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else None
