"""processType and processData of DSFinV-K, Annex I: what a till has signed for a receipt, an order, anything else.

Built from integers in minor units, so that no rounding happens here. Errors are `CodecError` in plain words.
"""

import enum
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from drivers.errors import CodecError

RECEIPT: Final = "Kassenbeleg-V1"
ORDER: Final = "Bestellung-V1"
OTHER: Final = "SonstigerVorgang"

#: What closes a transaction that came to nothing (process type Kassenbeleg-V1).
ABORTED: Final = b"AVBelegabbruch^0.00_0.00_0.00_0.00_0.00^"

MAX_SIZE: Final = 65_536  # octets of processData; a choice of ours, no document limits it

#: The five VAT slots, in their fixed order.
VAT_SLOTS: Final = (
    "general rate (19 %)",
    "reduced rate (7 %)",
    "average rate § 24 (1) no. 3 UStG",
    "average rate § 24 (1) no. 1 UStG",
    "0 %, exempt or not taxable",
)


class Kind(enum.Enum):
    """The kind of business case (Vorgangstyp) of a Kassenbeleg-V1."""

    RECEIPT = "Beleg"
    TRANSFER = "AVTransfer"
    ORDER = "AVBestellung"
    TRAINING = "AVTraining"
    CANCELLATION = "AVBelegstorno"
    ABORTED = "AVBelegabbruch"
    BENEFIT_IN_KIND = "AVSachbezug"
    OTHER = "AVSonstige"
    INVOICE = "AVRechnung"


@dataclass(frozen=True, slots=True)
class Payment:
    """What was paid in one way: minor units of `currency` (ISO 4217), net of change, negative for money given back."""

    amount_minor: int
    cash: bool
    currency: str = "EUR"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The content of a Kassenbeleg-V1: gross totals in cents in the order of `VAT_SLOTS`, and the payments."""

    kind: Kind
    gross_minor: tuple[int, ...]
    payments: tuple[Payment, ...]


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line of a Bestellung-V1: gross unit price in cents; a negative quantity cancels."""

    quantity: Decimal
    text: str
    unit_price_minor: int


def receipt(kind: Kind, gross_minor: Sequence[int], payments: Iterable[Payment]) -> bytes:
    """processData of a Kassenbeleg-V1. Payments alike are added up, empty ones dropped, the order set by rule."""
    if len(gross_minor) != len(VAT_SLOTS):
        raise CodecError(f"A receipt needs five gross totals, not {len(gross_minor)} ({'; '.join(VAT_SLOTS)}).")
    sums: Counter[tuple[bool, str]] = Counter()
    for payment in payments:
        sums[not payment.cash, payment.currency] += payment.amount_minor
    order = sorted((key for key, total in sums.items() if total), key=lambda key: (key[0], key[1] != "EUR", key[1]))
    paid = "_".join(_payment(Payment(sums[key], not key[0], key[1])) for key in order)
    totals = "_".join(_amount(cents, 2) for cents in gross_minor)
    return _bounded(f"{kind.value}^{totals}^{paid}")


def order(lines: Iterable[OrderLine]) -> bytes:
    """processData of a Bestellung-V1."""
    return _bounded("\r".join(_order_line(line) for line in lines))


def other(text: str) -> bytes:
    """processData of a SonstigerVorgang: free text."""
    return _bounded(text)


def parse_receipt(data: bytes) -> Receipt:
    """Read the processData of a Kassenbeleg-V1."""
    parts = _decode(data).split("^")
    if len(parts) != 3:
        raise CodecError("A receipt's processData has three parts with ^ between them: kind, totals, payments.")
    kind, totals, paid = parts
    try:
        known = Kind(kind)
    except ValueError:
        raise CodecError(f"{kind!r} is no kind of receipt. Allowed: {', '.join(k.value for k in Kind)}.") from None
    gross = tuple(_cents(total, 2) for total in totals.split("_"))
    if len(gross) != len(VAT_SLOTS):
        raise CodecError(f"A receipt needs five gross totals with _ between them, not {len(gross)}.")
    return Receipt(known, gross, tuple(_read_payment(text) for text in paid.split("_")) if paid else ())


def parse_order(data: bytes) -> tuple[OrderLine, ...]:
    """Read the processData of a Bestellung-V1."""
    text, position, lines = _decode(data), 0, []
    while found := _ORDER_LINE.match(text, position):
        quantity, label, price = found["quantity"], found["text"].replace('""', '"'), found["price"]
        lines.append(OrderLine(Decimal(quantity), label, _cents(price, 2)))
        position = found.end() + 1
        if found.end() == len(text):
            return tuple(lines)
        if text[found.end()] != "\r":
            break
    raise CodecError(
        f'Line {len(lines) + 1} of the order is not written as quantity;"text";price (a carriage return between lines).'
    )


def check(process_type: str, process_data: bytes) -> str:
    """What is wrong with what a till wants signed, in plain words; empty when nothing is."""
    readers = {RECEIPT: parse_receipt, ORDER: parse_order, OTHER: _decode}
    if process_type not in readers:
        return f"{process_type!r} is no processType of DSFinV-K. Allowed: {', '.join(readers)}."
    try:
        readers[process_type](process_data)
    except CodecError as error:
        return str(error)
    return ""


# --- the small parts -----------------------------------------------------------------------------------------------

_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_AMOUNT: Final = re.compile(r"-?[0-9]{1,15}\.[0-9]{2}")
_ORDER_LINE: Final = re.compile(
    r'(?P<quantity>-?[0-9]{1,15}(?:\.[0-9]{1,10})?);"(?P<text>(?:[^"]|"")*)";(?P<price>-?[0-9]{1,15}\.[0-9]{2})'
)
_MAX_MINOR: Final = 10**15

# Currencies whose minor unit is not a hundredth (ISO 4217). Annex I knows two decimals only.
_NO_DECIMALS: Final = frozenset(["CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF", "XPF"])
_THREE_DECIMALS: Final = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])


def _decimals(currency: str) -> int:
    if not _CURRENCY.fullmatch(currency):
        raise CodecError(f"{currency!r} is no currency code such as EUR or CHF.")
    if currency in _THREE_DECIMALS:
        raise CodecError(f"Amounts in {currency} have three decimals, which a TSE record cannot hold.")
    return 0 if currency in _NO_DECIMALS else 2


def _order_line(line: OrderLine) -> str:
    text = line.text.replace('"', '""')
    return f'{_quantity(line.quantity)};"{text}";{_amount(line.unit_price_minor, 2)}'


def _payment(payment: Payment) -> str:
    foreign = "" if payment.currency == "EUR" else f":{payment.currency}"
    kind = "Bar" if payment.cash else "Unbar"
    return f"{_amount(payment.amount_minor, _decimals(payment.currency))}:{kind}{foreign}"


def _read_payment(text: str) -> Payment:
    amount, kind, currency = ([*text.split(":"), "EUR"])[:3] if text.count(":") in (1, 2) else ("", "", "")
    if kind not in ("Bar", "Unbar"):
        raise CodecError(
            f"The payment {text!r} is not written as amount:Bar or amount:Unbar, plus :currency if not EUR."
        )
    return Payment(_cents(amount, _decimals(currency)), kind == "Bar", currency)


def _amount(minor: int, decimals: int) -> str:
    if abs(minor) >= _MAX_MINOR:
        raise CodecError(f"The amount {minor} is too large.")
    whole, cents = divmod(abs(minor), 100) if decimals else (abs(minor), 0)
    return f"{'-' if minor < 0 else ''}{whole}.{cents:02d}"


def _cents(text: str, decimals: int) -> int:
    if not _AMOUNT.fullmatch(text):
        raise CodecError(f"{text!r} is no amount: digits, a dot and two decimals, without thousands separators.")
    whole, cents = text.lstrip("-").split(".")
    minor = int(whole) * 100 + int(cents) if decimals else int(whole)
    return -minor if text.startswith("-") else minor


def _quantity(quantity: Decimal) -> str:
    if not quantity.is_finite() or abs(quantity) >= 10**15 or quantity != round(quantity, 10):
        raise CodecError(f"The quantity {quantity} has more than ten decimals, or is no number to count with.")
    text = f"{quantity:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def _decode(data: bytes) -> str:
    if len(data) > MAX_SIZE:
        raise CodecError(f"processData of {len(data)} bytes is too long; {MAX_SIZE} are allowed.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CodecError("processData must be text in UTF-8.") from error


def _bounded(text: str) -> bytes:
    try:
        data = text.encode()
    except UnicodeEncodeError as error:
        raise CodecError("The text holds characters that cannot be written.") from error
    if len(data) > MAX_SIZE:
        raise CodecError(f"processData of {len(data)} bytes is too long; {MAX_SIZE} are allowed.")
    return data
