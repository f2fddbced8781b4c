"""The limits of the driver."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timings:
    """All limits of the driver, in seconds."""

    connect: float = 3.0
    answer: float = 1.0  # DLE EOT and GS I; printers answer within 50 ms
    drain: float = 0.2  # after silence, how long a late answer may still come
    fresh: float = 1.0  # a status younger than this is believed before a job
    idle: float = 5.0  # a connection unused for this long is let go, for other tills
    reopen: float = 0.2  # between closing and opening; some interfaces refuse or reset earlier
    notice: float = 2.0  # silence after which the printer is asked what it waits for
    barrier: float = 6.0  # an on-line printer that leaves GS r unanswered this long, beside printing time, knows none
    stall: float = 120.0  # without any progress a job is given up: somebody may be fetching paper
    pulse: float = 5.0  # the same for a drawer: it must not spring open minutes later
