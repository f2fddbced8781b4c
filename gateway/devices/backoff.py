"""How long to wait before the next attempt to connect."""

import random
from dataclasses import dataclass, field


@dataclass(slots=True)
class Backoff:
    """Exponential with full jitter: after a power cut, every box of a street would otherwise return in the same second.

    Delays in seconds; the n-th lies between `floor` and `first * 2**n`, at most `limit`.
    """

    first: float = 0.5
    limit: float = 30.0
    floor: float = 0.1
    _attempt: int = field(default=0, init=False)

    def next(self) -> float:
        """The next delay."""
        ceiling = min(self.limit, self.first * 2 ** min(self._attempt, 30))
        self._attempt += 1
        return max(self.floor, random.uniform(0, ceiling))  # noqa: S311 - jitter, no secret

    def reset(self) -> None:
        """Begin anew after a success."""
        self._attempt = 0
