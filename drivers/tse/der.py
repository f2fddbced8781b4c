"""Just enough ASN.1 for TR-03151 log messages: a strict DER writer and a bounded BER reader.

The reader takes what real TSEs were seen to write (indefinite lengths, long lengths where short ones would do) and
always keeps the very bytes, because a signature covers those and not their meaning.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from drivers.errors import CodecError

INTEGER: Final = 0x02
OCTET_STRING: Final = 0x04
OBJECT_IDENTIFIER: Final = 0x06
UTC_TIME: Final = 0x17
GENERALIZED_TIME: Final = 0x18
SEQUENCE: Final = 0x30

_CONSTRUCTED: Final = 0x20
_INDEFINITE: Final = 0x80
_MAX_DEPTH: Final = 4
_MAX_ELEMENTS: Final = 4096
_MAX_INTEGER: Final = 17  # octets: room for 128 bits and a sign
_MAX_OID: Final = 32  # octets


@dataclass(frozen=True, slots=True)
class Element:
    """One tag-length-value: the identifier octet, its content, and `raw`, exactly as it stood."""

    tag: int
    content: bytes
    raw: bytes

    @property
    def constructed(self) -> bool:
        """Whether the content is made of elements."""
        return bool(self.tag & _CONSTRUCTED)

    def octets(self, depth: int = 0) -> bytes:
        """The string held here, put together from its segments when the writer split it (BER)."""
        if not self.constructed:
            return self.content
        if depth >= _MAX_DEPTH:
            raise CodecError("a string is split into segments too deeply")
        return b"".join(part.octets(depth + 1) for part in elements(self.content))

    def integer(self) -> int:
        """The non-negative INTEGER held here."""
        if self.constructed or not 1 <= len(self.content) <= _MAX_INTEGER:
            raise CodecError(f"an integer of {len(self.content)} octets")
        value = int.from_bytes(self.content, "big", signed=True)
        if value < 0:
            raise CodecError("a negative number where only positive ones make sense")
        return value

    def oid(self) -> str:
        """The OBJECT IDENTIFIER held here, dotted."""
        body = self.content
        if self.tag != OBJECT_IDENTIFIER or not 1 <= len(body) <= _MAX_OID or body[-1] & 0x80:
            raise CodecError("a malformed object identifier")
        arcs: list[int] = []
        value = 0
        for octet in body:
            value = value << 7 | octet & 0x7F
            if not octet & 0x80:
                arcs.append(value)
                value = 0
        first = min(arcs[0] // 40, 2)
        return ".".join(str(arc) for arc in (first, arcs[0] - 40 * first, *arcs[1:]))


def elements(data: bytes) -> tuple[Element, ...]:
    """All elements that `data` is made of, nothing left over."""
    return tuple(_walk(data))


def single(data: bytes, tag: int) -> Element:
    """The one element, with this tag, that `data` is made of."""
    found = elements(data)
    if len(found) != 1 or found[0].tag != tag:
        raise CodecError(f"not a single element with tag {tag:02x}")
    return found[0]


def _walk(data: bytes) -> Iterator[Element]:
    position = 0
    for _ in range(_MAX_ELEMENTS):
        if position == len(data):
            return
        element = _read(data, position, 0)
        yield element
        position += len(element.raw)
    raise CodecError("too many elements")


def _read(data: bytes, start: int, depth: int) -> Element:
    if len(data) - start < 2:
        raise CodecError(f"the data ends inside an element, at byte {start}")
    tag, length, body = data[start], data[start + 1], start + 2
    if tag & 0x1F == 0x1F:
        raise CodecError(f"a tag of several octets, at byte {start}")
    if length == _INDEFINITE:
        return _read_indefinite(data, start, depth)
    if length & 0x80:
        size = length & 0x7F
        if size > 4 or len(data) - body < size:
            raise CodecError(f"an impossible length, at byte {start}")
        length = int.from_bytes(data[body : body + size], "big")
        body += size
    end = body + length
    if end > len(data):
        raise CodecError(f"an element reaches beyond the data, at byte {start}")
    return Element(tag, data[body:end], data[start:end])


def _read_indefinite(data: bytes, start: int, depth: int) -> Element:
    """An element without a length: its parts go on until the end-of-contents mark 00 00 (X.690, 8.1.3.6)."""
    tag, position = data[start], start + 2
    if not tag & _CONSTRUCTED or depth >= _MAX_DEPTH:
        raise CodecError(f"an indefinite length that is not allowed, at byte {start}")
    for _ in range(_MAX_ELEMENTS):
        if data[position : position + 2] == b"\0\0":
            return Element(tag, data[start + 2 : position], data[start : position + 2])
        position += len(_read(data, position, depth + 1).raw)
    raise CodecError("too many segments")


def write(tag: int, content: bytes) -> bytes:
    """One DER element."""
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content


def write_integer(value: int, tag: int = INTEGER) -> bytes:
    """A non-negative INTEGER in its fewest octets."""
    if value < 0 or value.bit_length() > 8 * (_MAX_INTEGER - 1):
        raise CodecError(f"{value} cannot be written as an integer here")
    return write(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def write_oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER from its dotted form."""
    try:
        first, second, *rest = (int(arc) for arc in dotted.split("."))
    except ValueError as error:
        raise CodecError(f"{dotted!r} is no object identifier") from error
    if not 0 <= first <= 2 or second < 0 or (first < 2 and second > 39) or min(rest, default=0) < 0:
        raise CodecError(f"{dotted!r} is no object identifier")
    return write(OBJECT_IDENTIFIER, b"".join(_base128(arc) for arc in (40 * first + second, *rest)))


def _base128(arc: int) -> bytes:
    octets = [arc & 0x7F]
    while arc := arc >> 7:
        octets.append(0x80 | arc & 0x7F)
    return bytes(reversed(octets))
