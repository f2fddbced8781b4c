"""TLV objects inside BMP 06: BER-style tags and lengths (PA00P015, chapter TLV)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from drivers.errors import CodecError

_MAX_TAG_BYTES = 4


@dataclass(frozen=True, slots=True)
class Tlv:
    """One object; `tag` as written, e.g. 0x1F07."""

    tag: int
    value: bytes = field(default=b"", repr=False)

    @property
    def constructed(self) -> bool:
        """Whether the value holds objects itself."""
        first = self.tag.to_bytes(_MAX_TAG_BYTES, "big").lstrip(b"\0")[:1] or b"\0"
        return bool(first[0] & 0x20)

    @property
    def children(self) -> "tuple[Tlv, ...]":
        """The objects in the value. Raises CodecError."""
        return decode_tlv(self.value)

    def encode(self) -> bytes:
        """Tag, shortest length form, value."""
        tag = self.tag.to_bytes(_MAX_TAG_BYTES, "big").lstrip(b"\0") or b"\0"
        return tag + encode_length(len(self.value)) + self.value


def group(tag: int, *children: Tlv) -> Tlv:
    """A constructed object."""
    return Tlv(tag, encode_tlv(children))


def encode_tlv(objects: Iterable[Tlv]) -> bytes:
    """The objects one behind the other."""
    return b"".join(each.encode() for each in objects)


def decode_tlv(data: bytes) -> tuple[Tlv, ...]:
    """All objects of a container, not descending into constructed ones."""
    found = []
    at = 0
    while at < len(data):
        tag_end = _tag_end(data, at)
        size, start = decode_length(data, tag_end)
        if start + size > len(data):
            raise CodecError(f"TLV object {data[at:tag_end].hex().upper()} runs over the end of its container")
        found.append(Tlv(int.from_bytes(data[at:tag_end], "big"), bytes(data[start : start + size])))
        at = start + size
    return tuple(found)


def encode_length(size: int) -> bytes:
    """The shortest of the three length forms; the long ones are big endian."""
    if size < 0x80:
        return bytes([size])
    if size <= 0xFF:
        return bytes([0x81, size])
    if size <= 0xFFFF:
        return b"\x82" + size.to_bytes(2, "big")
    raise CodecError(f"a TLV value of {size} bytes is too long")


def decode_length(data: bytes, at: int) -> tuple[int, int]:
    """The length written at `at`, and where the value begins."""
    if at >= len(data):
        raise CodecError("a TLV length is missing")
    first = data[at]
    if first < 0x80:
        return first, at + 1
    extra = first - 0x80
    if extra not in {1, 2}:
        raise CodecError(f"{first:02X} is no TLV length")
    if at + 1 + extra > len(data):
        raise CodecError("a TLV length breaks off")
    return int.from_bytes(data[at + 1 : at + 1 + extra], "big"), at + 1 + extra


def select(objects: Iterable[Tlv], *path: int) -> Iterator[bytes]:
    """The values on a path of tags, e.g. `select(objects, 0x24, 0x07)`; broken inner containers are skipped."""
    for each in objects:
        if each.tag != path[0]:
            continue
        if len(path) == 1:
            yield each.value
            continue
        try:
            children = each.children
        except CodecError:
            continue
        yield from select(children, *path[1:])


def _tag_end(data: bytes, at: int) -> int:
    end = at + 1
    if data[at] & 0x1F == 0x1F:
        while True:
            if end >= len(data):
                raise CodecError("a TLV tag breaks off")
            if end - at >= _MAX_TAG_BYTES:
                raise CodecError("a TLV tag is too long")
            end += 1
            if not data[end - 1] & 0x80:
                break
    return end
