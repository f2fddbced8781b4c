"""Access tokens: only their hashes are stored, the token itself is shown once."""

import hashlib
import secrets
import sqlite3
from dataclasses import dataclass

from gateway.ids import new_id
from gateway.storage.transaction import Transaction, now_ms


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """What is known of a token; times are Unix milliseconds, `revoke_ms` None while it is valid."""

    id: str
    name: str
    role: int
    create_ms: int
    revoke_ms: int | None


def hash_token(token: str) -> bytes:
    """The stored form. Tokens carry 256 random bits, so that a plain SHA-256 cannot be searched."""
    return hashlib.sha256(token.encode()).digest()


def create_token(transaction: Transaction, name: str, role: int, token: str | None = None) -> str:
    """Make a token and return it; it cannot be read again."""
    token = token or f"kw_{secrets.token_urlsafe(32)}"
    transaction.execute(
        "INSERT INTO tokens VALUES (?, ?, ?, ?, ?, NULL)", (new_id(), name, role, hash_token(token), now_ms())
    )
    return token


def revoke_token(transaction: Transaction, which: str) -> int:
    """Revoke by id or name; returns how many were revoked."""
    cursor = transaction.execute(
        "UPDATE tokens SET revoke_ms = ? WHERE (id = ? OR name = ?) AND revoke_ms IS NULL", (now_ms(), which, which)
    )
    return cursor.rowcount


def list_tokens(connection: sqlite3.Connection) -> list[TokenInfo]:
    """All tokens, oldest first."""
    rows = connection.execute("SELECT id, name, role, create_ms, revoke_ms FROM tokens ORDER BY id")
    return [TokenInfo(*row) for row in rows]


def find_token(token: str, connection: sqlite3.Connection) -> TokenInfo | None:
    """The valid token with this text."""
    row = connection.execute(
        "SELECT id, name, role, create_ms, revoke_ms FROM tokens WHERE hash = ? AND revoke_ms IS NULL",
        (hash_token(token),),
    ).fetchone()
    return None if row is None else TokenInfo(*row)
