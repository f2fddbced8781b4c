"""Faults that the printer simulator can be started with."""

from collections.abc import Iterable
from dataclasses import dataclass

#: What each fault does; those with `=` take a number, in brackets when it may be left out.
FAULTS = {
    "paper-out[=LINES]": "the paper runs out at once, or after LINES printed lines",
    "near-end": "the paper roll is nearly used up",
    "cover-open": "the cover is open",
    "offline": "the printer is off-line for no stated reason",
    "no-status": "a cheap printer that never answers anything",
    "garbage-status": "every question is answered with bytes that mean nothing",
    "no-barrier": "DLE EOT is answered, GS r and GS I are not",
    "chinese": "a clone that starts in Chinese mode: bytes from 80h up are taken in pairs until FS .",
    "drop=BYTES": "the first connection is reset after BYTES bytes",
    "slow=RATE": "the printer takes RATE bytes a second",
    "silent-accept": "connections are accepted, but nothing is ever read",
}


@dataclass(frozen=True, slots=True)
class Faults:
    """The faults in force; numbers are None where a fault is not."""

    paper_out: int | None = None
    near_end: bool = False
    cover_open: bool = False
    offline: bool = False
    no_status: bool = False
    garbage_status: bool = False
    no_barrier: bool = False
    chinese: bool = False
    drop: int | None = None
    slow: int | None = None
    silent_accept: bool = False


NO_FAULTS = Faults()


def parse_faults(faults: Iterable[str]) -> Faults:
    """Read `NAME` or `NAME=NUMBER` each. Raises ValueError in plain words."""
    found: dict[str, int | bool] = {}
    for fault in faults:
        name, equals, value = fault.partition("=")
        spelled = next((known for known in FAULTS if known.partition("[")[0].partition("=")[0] == name), None)
        if spelled is None:
            raise ValueError(f"There is no fault {name!r}. Known are: {', '.join(FAULTS)}.")
        if bool(equals) != ("=" in spelled) and "[" not in spelled:
            raise ValueError(f"Write this fault as {spelled}.")
        if equals and not (value.isascii() and value.isdecimal()):
            raise ValueError(f"{value!r} is no number: write this fault as {spelled}.")
        found[name.replace("-", "_")] = int(value) if equals else 0 if "[" in spelled else True
    return Faults(**found)  # type: ignore[arg-type] # the table above says which are numbers
