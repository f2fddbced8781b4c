"""The faults that the software TSE can be told to have."""

from collections.abc import Iterable
from typing import Final

FAULTS: Final[dict[str, str]] = {
    "outage": "every command fails",
    "slow": "every signature takes this many seconds (0.3, as on a USB stick)",
    "lost-response": "the n-th step of a transaction (the 1st) is done, but not answered: the line drops, once",
    "self-test-needed": "the self test lapses at the n-th step of a transaction (the 1st), once",
    "time-lost": "the clock is lost at the n-th step of a transaction (the 1st), once",
    "certificate-expired": "the certificate has run out; no transaction is signed",
    "full": "the memory is full; no transaction is signed",
}
_DEFAULTS: Final = {"slow": 0.3, "lost-response": 1.0, "self-test-needed": 1.0, "time-lost": 1.0}
_MAX: Final = 3600.0


class Faults(dict[str, float]):
    """The faults in force, with their values; may be changed while the simulator runs."""

    def due(self, name: str) -> bool:
        """Count one step down; True when it is the turn of this fault, which then is over."""
        if name not in self:
            return False
        self[name] -= 1
        if self[name] > 0:
            return False
        del self[name]
        return True


def parse_faults(options: Iterable[str]) -> Faults:
    """Read `NAME` or `NAME=NUMBER`, each. Raises ValueError in plain words."""
    faults = Faults()
    for option in options:
        name, given, text = option.partition("=")
        if name not in FAULTS:
            raise ValueError(f"There is no fault {name!r}. Choose from: {', '.join(FAULTS)}.")
        if given and name not in _DEFAULTS:
            raise ValueError(f"The fault {name!r} takes no value.")
        try:
            value = float(text) if given else _DEFAULTS.get(name, 1.0)
        except ValueError:
            value = -1.0
        if not 0 < value <= _MAX:
            raise ValueError(f"The value of the fault {option!r} must be a number from 0 to {_MAX:g}.")
        faults[name] = value
    return faults
