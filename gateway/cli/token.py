"""`kassenwart token create|list|revoke`: works beside a running daemon."""

import argparse
import re
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from gateway.cli.run import DEFAULT_CONFIG
from gateway.config import ConfigError, load
from gateway.storage import StorageError, Transaction
from gateway.storage.database import prepare
from gateway.storage.tokens import create_token, list_tokens, revoke_token
from kassenwart.v1 import Role

T = TypeVar("T")
_ROLES = ("pos", "technician", "metrics")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", type=Path, default=DEFAULT_CONFIG, help=f"default: {DEFAULT_CONFIG}")
    actions = parser.add_subparsers(dest="action", required=True, metavar="create|list|revoke")
    create = actions.add_parser("create", parents=[common], help="make a token; it is shown once")
    create.add_argument("--role", required=True, choices=_ROLES)
    create.add_argument("--name", required=True, help="who will use it, such as till-1")
    actions.add_parser("list", parents=[common], help="list the tokens")
    revoke = actions.add_parser(
        "revoke", parents=[common], help="revoke a token; a running daemon forgets it within two seconds"
    )
    revoke.add_argument("token", help="id or name")


def run(options: argparse.Namespace) -> int:
    """Do it; exit code 1 when the store cannot be used or nothing was found."""
    try:
        directory = load(options.config).storage.directory
        return {"create": _create, "list": _list, "revoke": _revoke}[options.action](options, directory)
    except (ConfigError, StorageError) as error:
        print(f"kassenwart: {error}", file=sys.stderr)
        return 1
    except sqlite3.Error as error:
        print(f"kassenwart: the database in {directory} cannot be used: {error}", file=sys.stderr)
        return 1


def _create(options: argparse.Namespace, directory: Path) -> int:
    if not re.fullmatch(r"[\w .@-]{1,64}", options.name):
        print("kassenwart: --name: letters, digits, spaces and . @ - _ only, at most 64", file=sys.stderr)
        return 1
    role = Role.Value(options.role.upper())
    print(change(directory, lambda transaction: create_token(transaction, options.name, role)))
    return 0


def _list(_options: argparse.Namespace, directory: Path) -> int:
    tokens = change(directory, lambda transaction: list_tokens(transaction.connection))
    print(f"{'ID':<27} {'ROLE':<11} {'CREATED':<17} {'STATE':<8} NAME")
    for token in tokens:
        made = time.strftime("%Y-%m-%d %H:%M", time.localtime(token.create_ms / 1000))
        state = "valid" if token.revoke_ms is None else "revoked"
        print(f"{token.id:<27} {Role.Name(token.role).lower():<11} {made:<17} {state:<8} {token.name}")
    return 0


def _revoke(options: argparse.Namespace, directory: Path) -> int:
    count = change(directory, lambda transaction: revoke_token(transaction, options.token))
    if count == 0:
        print(f"kassenwart: no valid token has the id or name {options.token!r}", file=sys.stderr)
        return 1
    print(f"{count} revoked")
    return 0


def change(directory: Path, work: Callable[[Transaction], T]) -> T:
    """Run one transaction on the store of `directory`, beside a daemon if there is one."""
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o750)
    except OSError as error:
        raise StorageError(f"{directory} cannot be used: {error.strerror}. Run this as the daemon's user.") from error
    connection = sqlite3.connect(directory / "kassenwart.db", isolation_level=None, timeout=5)
    try:
        prepare(connection, directory / "kassenwart.db")
        connection.execute("BEGIN IMMEDIATE")
        result = work(Transaction(connection))
        connection.execute("COMMIT")
    finally:
        connection.close()
    return result
