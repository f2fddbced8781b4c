"""Which drivers there are, what each may be told, and how each is made. Drivers are imported when first used."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from drivers.base import Driver
from gateway.config import Config, ConfigError, DeviceSpec, parse_address
from kassenwart.v1 import Device

Check = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class DriverEntry:
    """One driver: what kind of device it serves, its default port (0 = its address is no HOST:PORT), its options and
    how it is made. `make` None: the device lives on another device (a drawer on its printer)."""

    kind: Device.Kind
    port: int
    options: Mapping[str, Check]
    make: Callable[[DeviceSpec], Driver] | None
    demonstration_only: bool = False


def _escpos(spec: DeviceSpec) -> Driver:
    from drivers.escpos import EscposPrinter  # noqa: PLC0415 - see the module's docstring

    return EscposPrinter(*endpoint(spec))


def _zvt(spec: DeviceSpec) -> Driver:
    from drivers.zvt import ZvtTerminal  # noqa: PLC0415

    return ZvtTerminal(*endpoint(spec), password=spec.options.get("password", "000000"))


def _software_tse(spec: DeviceSpec) -> Driver:
    from pathlib import Path  # noqa: PLC0415

    from drivers.tse.software import SoftwareTse  # noqa: PLC0415

    return SoftwareTse(Path(spec.address))


def _fritzbox(spec: DeviceSpec) -> Driver:
    from drivers.fritzbox import FritzBox  # noqa: PLC0415

    return FritzBox(*endpoint(spec))


def _whole(low: int, high: int) -> Check:
    def check(text: str) -> object:
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}, not {text!r}")
        return int(text)

    return check


def _one_of(*allowed: str) -> Check:
    def check(text: str) -> object:
        if text not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}, not {text!r}")
        return text

    return check


def _digits(low: int, high: int) -> Check:
    def check(text: str) -> object:
        if not text.isascii() or not text.isdigit() or not low <= len(text) <= high:
            raise ValueError(f"must be {low} to {high} digits" if low != high else f"must be {low} digits")
        return text

    return check


def _client_id(text: str) -> object:
    allowed = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 '()+,-./:=?")
    if not 1 <= len(text) <= 30 or not set(text) <= allowed:
        raise ValueError("must be 1 to 30 letters, digits or ' ( ) + , - . / : = ? (the TSE allows no others)")
    return text


DRIVERS: Final[Mapping[str, DriverEntry]] = {
    "escpos": DriverEntry(
        Device.PRINTER,
        9100,
        {
            "columns": _whole(16, 96),
            "codepage": _one_of("CP858", "CP1252", "CP437"),
            "on_uncertain": _one_of("ask", "reprint", "never"),
        },
        _escpos,
    ),
    "printer-drawer": DriverEntry(Device.DRAWER, 0, {"printer": str, "pin": _one_of("2", "5")}, None),
    "zvt": DriverEntry(Device.TERMINAL, 20007, {"password": _digits(6, 6)}, _zvt),
    "software-tse": DriverEntry(Device.TSE, 0, {"client_id": _client_id}, _software_tse, demonstration_only=True),
    "fritzbox": DriverEntry(Device.CALLER_ID, 1012, {"area_code": _digits(2, 6)}, _fritzbox),
}


def endpoint(spec: DeviceSpec) -> tuple[str, int]:
    """Host and port of a network device; the port may be left out. Raises ValueError."""
    address = spec.address
    if not address:
        raise ValueError("must be HOST or HOST:PORT")
    if ":" not in address or (address.startswith("[") and address.endswith("]")):
        address = f"{address}:{DRIVERS[spec.driver].port}"
    parsed = parse_address(address)
    return parsed.host, parsed.port


def check(spec: DeviceSpec, *, demonstration: bool) -> None:
    """Raises ValueError `(field, problem)` in plain words when the device cannot be made."""
    entry = DRIVERS.get(spec.driver)
    if entry is None:
        raise ValueError("driver", f"{spec.driver!r} is not known. Allowed: {', '.join(sorted(DRIVERS))}")
    if entry.demonstration_only and not demonstration:
        raise ValueError(
            "driver",
            f"{spec.driver!r} is a development aid and refused outside demonstration mode: its receipts are not valid. "
            "Connect a certified TSE",
        )
    for key, value in spec.options.items():
        if key not in entry.options:
            allowed = ", ".join(sorted(entry.options)) or "none"
            raise ValueError(key, f"is not known to the driver {spec.driver!r}. Allowed: {allowed}")
        try:
            entry.options[key](value)
        except ValueError as error:
            raise ValueError(key, str(error)) from error
    if entry.port:
        try:
            endpoint(spec)
        except ValueError as error:
            raise ValueError("address", str(error)) from error
    elif entry.make is not None and not spec.address.startswith("/"):
        raise ValueError("address", "must be an absolute path")
    if spec.driver == "printer-drawer" and not spec.options.get("printer"):
        raise ValueError("printer", "is missing: name the printer that the drawer is plugged into")


def check_config(config: Config) -> None:
    """Check all devices of a configuration file. Raises ConfigError."""
    ids = {spec.id: spec for spec in config.devices}
    for spec in config.devices:
        try:
            check(spec, demonstration=config.demonstration)
            printer = spec.options.get("printer")
            if printer is not None and (printer not in ids or DRIVERS[ids[printer].driver].kind != Device.PRINTER):
                raise ValueError("printer", f"there is no printer {printer!r}")
        except ValueError as error:
            key, problem = error.args
            raise ConfigError(f"{config.path}: [devices.{spec.id}] {key}: {problem}.") from error
