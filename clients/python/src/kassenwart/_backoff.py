"""How long to wait before the next attempt."""

import random
import time
from collections.abc import Callable

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 3.0


class Backoff:
    """Exponential pauses with full jitter, within `limit` seconds from the first failure.

    Full jitter, because after a power cut all tills of a shop come back in the same second.
    """

    def __init__(
        self,
        limit: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        draw: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._limit = limit
        self._clock = clock
        self._draw = draw
        self._failures = 0
        self._first_failure = 0.0

    def reset(self) -> None:
        """Begin anew after a success."""
        self._failures = 0

    def pause(self, at_least: float = 0.0) -> float | None:
        """Seconds to wait after one more failure; None when the time for attempts is over."""
        now = self._clock()
        if self._failures == 0:
            self._first_failure = now
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(self._failures, 10))
        self._failures += 1
        pause = at_least + self._draw(0.0, longest)
        return pause if now + pause < self._first_failure + self._limit else None
