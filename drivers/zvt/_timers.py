"""How long the driver waits for what."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timers:
    """Limits in seconds; the defaults are those of PA00P015 (T3, T4) and of shops."""

    connect: float = 3.0
    answer: float = 5.0  # T3: a command until its 80/84; a message from its first to its last byte
    payment: float = 180.0  # T4: between two messages of the terminal while somebody handles a card
    administration: float = 60.0  # the same, for commands without a cardholder
    after_abort: float = 30.0  # T4 ran out and 06 B0 was sent: until the terminal ends by itself
    store: float = 20.0  # for storing a result; the terminal reverses after 30 s without acknowledgement (BMP 01)
    total: float = 900.0  # one command in all, however often the terminal re-arms T4
