"""`kassenwart simulate`: a device simulator alone, on its real wire."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from drivers.errors import CodecError, DriverError
from drivers.simulation import Journal
from gateway.config import Address, parse_address


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments, the faults of each simulator included."""
    devices = parser.add_subparsers(dest="device", required=True, metavar="DEVICE")
    for name, (text, options, _) in _SIMULATORS.items():
        module = _module(name)
        faults = "\n".join(f"  {fault:<24} {meaning}" for fault, meaning in module.FAULTS.items())
        sub = devices.add_parser(
            name,
            help=text,
            description=text,
            epilog=f"faults:\n{faults}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        for option, settings in options.items():
            sub.add_argument(option, **settings)
        sub.add_argument("--journal", type=Path, help="what the device truly did, one JSON object a line")
        sub.add_argument(
            "--fault", action="append", default=[], metavar="NAME[=VALUE]", help="may be given several times"
        )
        sub.add_argument("--address-file", type=Path, help=argparse.SUPPRESS)


def run(options: argparse.Namespace) -> int:
    """Run until SIGTERM or SIGINT."""
    try:
        asyncio.run(_serve(options))
    except (ValueError, CodecError, DriverError, OSError) as error:
        print(f"kassenwart simulate {options.device}: {error}", file=sys.stderr)
        return 1
    return 0


async def _serve(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    module = _module(options.device)
    journal = Journal(options.journal)
    start, end = _SIMULATORS[options.device][2](options, module, journal, module.parse_faults(options.fault))
    try:
        where = await start()
        if options.address_file is not None:
            options.address_file.write_text(where, encoding="utf-8")
        print(f"{options.device} simulator on {where}", flush=True)
        await stop.wait()
    finally:
        await end()
        journal.close()


def _module(name: str) -> Any:
    import importlib

    places = {
        "printer": "drivers.escpos.simulator",
        "zvt": "drivers.zvt.simulator",
        "fritzbox": "drivers.fritzbox.simulator",
        "tse": "drivers.tse.software.simulator",
    }
    return importlib.import_module(places[name])


Started = tuple[Callable[[], Awaitable[str]], Callable[[], Awaitable[None]]]


def _listening(simulator: Any, address: Address) -> Started:
    async def start() -> str:
        port = await simulator.start(address.host, address.port)
        return str(Address(address.host, port))

    return start, simulator.stop


def _printer(options: argparse.Namespace, module: Any, journal: Journal, faults: Any) -> Started:
    return _listening(module.PrinterSimulator(journal, out=options.out, faults=faults), options.listen)


def _zvt(options: argparse.Namespace, module: Any, journal: Journal, faults: Any) -> Started:
    state = options.journal.with_name("state.json") if options.journal is not None else None
    return _listening(module.ZvtSimulator(journal, faults=faults, state=state, commissioned=True), options.listen)


def _fritzbox(options: argparse.Namespace, module: Any, journal: Journal, faults: Any) -> Started:
    return _listening(module.FritzSimulator(journal, faults=faults, calls_every=options.calls_every), options.listen)


def _tse(options: argparse.Namespace, module: Any, journal: Journal, faults: Any) -> Started:
    directory = options.dir.absolute()
    simulator = module.TseSimulator(directory, journal, curve=options.curve, faults=faults)

    async def start() -> str:
        await simulator.start()
        return str(directory)

    return start, simulator.stop


_LISTEN = {
    "--listen": {"type": parse_address, "required": True, "metavar": "HOST:PORT", "help": "port 0: any free one"}
}
_SIMULATORS: dict[str, tuple[str, dict[str, dict[str, Any]], Callable[..., Started]]] = {
    "printer": (
        "a receipt printer (ESC/POS)",
        {**_LISTEN, "--out": {"type": Path, "metavar": "DIR", "help": "PNG and text of every slip"}},
        _printer,
    ),
    "zvt": ("a card terminal (ZVT)", _LISTEN, _zvt),
    "fritzbox": (
        "a FRITZ!Box call monitor",
        {**_LISTEN, "--calls-every": {"type": float, "metavar": "SECONDS", "help": "make up a call now and then"}},
        _fritzbox,
    ),
    "tse": (
        "a software TSE: a development aid, its receipts are not valid",
        {
            "--dir": {"type": Path, "required": True, "metavar": "DIR", "help": "its keys, counters and log"},
            "--curve": {"default": "brainpoolP384r1", "help": "brainpoolP384r1, secp384r1 or secp256r1"},
        },
        _tse,
    ),
}
