"""`kassenwart config check|example`."""

import argparse
import sys
from pathlib import Path

from gateway.cli.run import DEFAULT_CONFIG
from gateway.config import EXAMPLE, ConfigError, load


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("what", choices=("check", "example"))
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG, help=f"default: {DEFAULT_CONFIG}")


def run(options: argparse.Namespace) -> int:
    """Print an example, or check a file: exit code 0 when it is right, else 2."""
    if options.what == "example":
        print(EXAMPLE, end="")
        return 0
    from gateway.devices.catalog import check_config

    try:
        config = load(options.config)
        check_config(config)
    except ConfigError as error:
        print(f"kassenwart: {error}", file=sys.stderr)
        return 2
    print(
        f"{options.config}: right. {len(config.devices)} devices: {', '.join(one.id for one in config.devices) or '-'}."
    )
    return 0
