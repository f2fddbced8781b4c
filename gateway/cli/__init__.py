"""The `kassenwart` command."""

import argparse
import importlib
import sys
from typing import Final

from gateway import __version__

_COMMANDS: Final = {
    "run": "run the daemon",
    "config": "check a configuration, or print an example",
    "token": "make, list and revoke access tokens",
    "simulate": "run a device simulator on its real wire",
    "sale": "make one demonstration sale through the client library",
    "demo": "run the demonstration shop: the daemon and a simulator for every device",
    "version": "print the version",
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="kassenwart", description="The daemon of a shop's peripherals.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    chosen = next((word for word in (sys.argv[1:] if arguments is None else arguments) if word in _COMMANDS), None)
    for name, text in _COMMANDS.items():
        sub = commands.add_parser(name, help=text, description=text)
        if name == chosen and name != "version":  # import only what is asked for: starting fast matters
            module = importlib.import_module(f"gateway.cli.{name}")
            module.add_arguments(sub)
            sub.set_defaults(run=module.run)
    options = parser.parse_args(arguments)
    if options.command == "version":
        print(f"kassenwart {__version__}")
        return 0
    try:
        code: int = options.run(options)
    except KeyboardInterrupt:
        return 130
    return code
