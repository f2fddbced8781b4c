"""Ids of resources: ULIDs, so that sorting by id sorts by time."""

import secrets
import threading
import time

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford base 32
_lock = threading.Lock()
_last = 0


def new_id() -> str:
    """A new ULID, 26 characters: 48 bits of milliseconds, 80 random bits; ascending within this process."""
    global _last  # noqa: PLW0603 - the one place that keeps ids of the same millisecond in order
    value = int(time.time() * 1000) << 80 | secrets.randbits(80)
    with _lock:
        if value <= _last:
            value = _last + 1
        _last = value
    return "".join(_ALPHABET[(value >> shift) & 31] for shift in range(125, -1, -5))
