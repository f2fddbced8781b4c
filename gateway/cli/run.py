"""`kassenwart run`: the daemon in the foreground."""

import argparse
import asyncio
import gc
import signal
import sys
from pathlib import Path
from typing import Final

from gateway.config import ConfigError, load

DEFAULT_CONFIG: Final = Path("/etc/kassenwart/kassenwart.toml")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG, help=f"default: {DEFAULT_CONFIG}")


def run(options: argparse.Namespace) -> int:
    """Run until SIGTERM or SIGINT. Exit code 0 after a clean end, 1 when it cannot run, 2 for a wrong configuration."""
    from gateway.app import App
    from gateway.ops import logs
    from gateway.storage import StorageError

    try:
        config = load(options.config)
        logs.configure(config.log)
        app = App(config)
    except ConfigError as error:
        print(f"kassenwart: {error}", file=sys.stderr)
        return 2
    try:
        asyncio.run(_serve(app))
    except StorageError as error:
        print(f"kassenwart: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        server = config.server
        print(
            f"kassenwart: cannot listen on {server.rest} and {server.grpc}: {error.strerror or error}. "
            "Stop what uses the port, or change [server] in the configuration.",
            file=sys.stderr,
        )
        return 1
    return 0


async def _serve(app: "App") -> None:  # type: ignore[name-defined]  # noqa: F821 - imported late
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    # What was imported stays for good: leave it out of every later collection.
    gc.freeze()
    await app.run(stop, lambda _app: None)
