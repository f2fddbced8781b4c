"""Receipts as the terminal composes them: lines (06 D1) and blocks (06 D3), grouped into whole receipts.

Attribute byte (PA00P015, Print Line): any above 80 ends the receipt, but in a line FF feeds paper; bit 40 centred; low
nibble indent. Double width and height have no place in plain lines.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from drivers.errors import CodecError
from drivers.zvt.codec.messages import PrintBlock, PrintLine
from drivers.zvt.codec.text import CP437, decode_text
from drivers.zvt.codec.tlv import Tlv

MERCHANT, CUSTOMER, ADMINISTRATION = 1, 2, 3

_FEED, _RESERVED, _CENTRED, _INDENT = 0xFF, 0x80, 0x40, 0x0F

#: How receipts name themselves where the terminal sends no receipt type; umlauts may have suffered on the way.
_MERCHANT_WORDS = re.compile(r"h(ä|ae|.)ndler-?\s?beleg|merchant", re.IGNORECASE)
_CUSTOMER_WORDS = re.compile(r"kunden-?\s?beleg|customer", re.IGNORECASE)

#: More lines than any receipt has: what comes beyond is dropped.
_MAX_LINES = 2_000


@dataclass(frozen=True, slots=True)
class Receipt:
    """One whole receipt: `kind` is MERCHANT, CUSTOMER or ADMINISTRATION."""

    kind: int
    lines: tuple[str, ...]


@dataclass(slots=True)
class ReceiptCollector:
    """Takes print messages as they come; `receipts` gives what they make, an unfinished one included."""

    charset: int = CP437
    _done: list[Receipt] = field(default_factory=list)
    _lines: list[tuple[str, bool]] = field(default_factory=list)  # text, centred
    _kind: int | None = None
    _count: int = 0

    def add(self, message: PrintLine | PrintBlock) -> None:
        """Take the next print message."""
        if isinstance(message, PrintLine):
            self._begin(message.fields.tag(0x1F07))
            self._line(message.attribute, message.text, self.charset)
            if _RESERVED < message.attribute < _FEED:
                self._finish()
            return
        self._begin(message.fields.tag(0x1F07))
        told = message.fields.tag(0x14)
        charset = int.from_bytes(told, "big") if told else self.charset
        attribute = 0
        for item in _print_items(message):
            if item.tag == 0x09 and item.value:
                attribute = item.value[0]
                if attribute > _RESERVED:
                    self._finish()
            elif item.tag == 0x07:
                self._line(attribute & ~_RESERVED, item.value, charset)

    @property
    def receipts(self) -> tuple[Receipt, ...]:
        """All receipts so far, the one not yet ended last."""
        rest = self._compose()
        return (*self._done, rest) if rest else tuple(self._done)

    def _begin(self, kind: bytes | None) -> None:
        """A message that tells another receipt type than the running receipt starts a new one."""
        if kind is None:
            return
        number = int.from_bytes(kind, "big")
        if self._kind is not None and self._kind != number:
            self._finish()
        self._kind = number

    def _line(self, attribute: int, text: bytes, charset: int) -> None:
        if attribute == _FEED:
            lines = [("", False)] * min(text[0] if text else 1, 50)
        else:
            indent = " " * (attribute & _INDENT)
            centred = bool(attribute & _CENTRED)
            lines = [(indent + line, centred) for line in decode_text(text, charset).split("\n")]
        if self._count + len(lines) <= _MAX_LINES:
            self._lines += lines
            self._count += len(lines)

    def _finish(self) -> None:
        receipt = self._compose()
        if receipt:
            self._done.append(receipt)
        self._lines = []
        self._kind = None

    def _compose(self) -> Receipt | None:
        width = max((len(text) for text, _ in self._lines), default=0)
        lines = [(text.strip().center(width) if centred else text).rstrip() for text, centred in self._lines]
        while lines and not lines[-1]:
            lines.pop()
        if not lines:
            return None
        return Receipt(self._kind or _kind_by_words("\n".join(lines)), tuple(lines))


def _print_items(block: PrintBlock) -> Iterator[Tlv]:
    for container in block.fields.tlv:
        if container.tag == 0x25:
            try:
                yield from container.children
            except CodecError:  # a broken block costs its lines, never the payment
                continue


def _kind_by_words(text: str) -> int:
    if _MERCHANT_WORDS.search(text):
        return MERCHANT
    if _CUSTOMER_WORDS.search(text):
        return CUSTOMER
    return ADMINISTRATION
