"""What the simulated terminal can be told to do wrong, by option or by amount."""

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

_DECLINED, _CANNOT, _FAULTY_STATUS = 0x05, 0x83, 0xF0


class Drop(enum.Enum):
    """Where the terminal loses the connection in a payment."""

    BEFORE_RESULT = "drop-before-result"  # the bank said yes, 04 0F was not sent
    AFTER_RESULT = "drop-after-result"  # 04 0F was sent, its acknowledgement never read
    BEFORE_COMPLETION = "drop-before-completion"  # booked, 06 0F was not sent


@dataclass(frozen=True, slots=True)
class Faults:
    """How the terminal behaves; the defaults are those of a good one with a quick cardholder."""

    cardholder: float = 0.2  # seconds until the card is there
    host: float = 0.1  # seconds until the bank answers
    decline: int = 0  # result code; 0 = approve
    cardholder_aborts: bool = False
    drop: Drop | None = None
    books_anyway: bool = False  # with BEFORE_RESULT and AFTER_RESULT: the sale stands, against the rules
    silent: bool = False
    stall: bool = False
    busy: bool = False
    garbage: bool = False
    refuse_registration: int = 0  # error code; 0 = accept
    status: int = 0  # terminal status code
    split: bool = False
    merge: bool = False

    def for_amount(self, amount_minor: int) -> "Faults":
        """These faults, and the one that the amount stands for."""
        option = MAGIC_AMOUNTS.get(amount_minor)
        return _apply(self, option) if option else self


def _hex(field: str, default: int) -> Callable[[str], dict[str, Any]]:
    return lambda value: {field: int(value, 16) if value else default}


def _seconds(field: str, default: float) -> Callable[[str], dict[str, Any]]:
    return lambda value: {field: float(value) if value else default}


def _flag(**settings: Any) -> Callable[[str], dict[str, Any]]:
    def read(value: str) -> dict[str, Any]:
        if value:
            raise ValueError
        return settings

    return read


def _drop(where: Drop) -> Callable[[str], dict[str, Any]]:
    def read(value: str) -> dict[str, Any]:
        if value not in {"", "booked"}:
            raise ValueError
        return {"drop": where, "books_anyway": value == "booked"}

    return read


_OPTIONS: dict[str, tuple[str, Callable[[str], dict[str, Any]]]] = {
    "approve": ("approve every payment (the default)", _flag(decline=0)),
    "decline": ("decline with a result code in hex (default 05: declined by the bank)", _hex("decline", _DECLINED)),
    "cardholder": ("seconds until the card is presented (default 0.2)", _seconds("cardholder", 0.2)),
    "slow": ("a slow cardholder: seconds until the card is presented (default 10)", _seconds("cardholder", 10.0)),
    "cardholder-abort": ("the cardholder presses the stop key", _flag(cardholder_aborts=True)),
    "drop-before-result": (
        "lose the connection before the result is sent; the sale is reversed, or stands with =booked",
        _drop(Drop.BEFORE_RESULT),
    ),
    "drop-after-result": (
        "lose the connection right after the result, its acknowledgement unread; reversed, or stands with =booked",
        _drop(Drop.AFTER_RESULT),
    ),
    "drop-before-completion": ("book, then lose the connection before saying so", _flag(drop=Drop.BEFORE_COMPLETION)),
    "silent": ("never answer a payment at all", _flag(silent=True)),
    "stall": ("take a payment, then say nothing until it is aborted", _flag(stall=True)),
    "busy": ("refuse payments as busy (84 9C)", _flag(busy=True)),
    "garbage": ("answer a payment with bytes that are no ZVT", _flag(garbage=True)),
    "refuse-registration": ("refuse the registration with a code in hex", _hex("refuse_registration", _CANNOT)),
    "status": ("terminal status code in hex (default F0: end-of-day required)", _hex("status", _FAULTY_STATUS)),
    "split": ("send every message in small pieces", _flag(split=True)),
    "merge": ("send acknowledgement and first message in one piece", _flag(merge=True)),
}

#: Option names and what they do, for a command line's help.
FAULTS: dict[str, str] = {name: help_text for name, (help_text, _) in _OPTIONS.items()}

#: Amounts in cents, from 9000.01 EUR up, that play a fault once: no ordinary price hits them.
MAGIC_AMOUNTS: dict[int, str] = {
    9000_01: "decline",
    9000_02: "slow",
    9000_03: "cardholder-abort",
    9000_04: "drop-after-result",
    9000_05: "drop-before-result",
    9000_06: "drop-before-completion",
    9000_07: "decline=33",
    9000_08: "decline=37",
    9000_09: "drop-before-result=booked",
    9000_10: "drop-after-result=booked",
    9000_11: "busy",
    9000_12: "silent",
    9000_13: "garbage",
    9000_14: "stall",
}


def parse_faults(options: Iterable[str]) -> Faults:
    """Faults from `NAME` or `NAME=VALUE` options. Raises ValueError in plain words."""
    faults = Faults()
    for option in options:
        faults = _apply(faults, option)
    return faults


def _apply(faults: Faults, option: str) -> Faults:
    name, _, value = option.partition("=")
    if name not in _OPTIONS:
        raise ValueError(f"there is no fault {name!r}; there are {', '.join(_OPTIONS)}")
    try:
        return replace(faults, **_OPTIONS[name][1](value))
    except ValueError as error:
        raise ValueError(f"{value!r} is no value for {name}: {FAULTS[name]}") from error
