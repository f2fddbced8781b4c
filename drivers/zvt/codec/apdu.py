"""The unit of ZVT: `class instruction length data` (PA00P015, chapter 1; on TCP nothing stands around it, PA00P016)."""

from dataclasses import dataclass, field

from drivers.errors import CodecError

#: The longest data block the long length form can announce.
MAX_DATA = 0xFFFF


@dataclass(frozen=True, slots=True)
class Apdu:
    """One command or acknowledgement; `control` is class and instruction as one number, e.g. 0x0601."""

    control: int
    data: bytes = field(default=b"", repr=False)  # may hold card numbers and passwords: never shown

    def encode(self) -> bytes:
        """The bytes of the wire: short length form up to 254 data bytes, `FF lo hi` beyond."""
        size = len(self.data)
        if not 0 <= self.control <= 0xFFFF or size > MAX_DATA:
            raise CodecError(f"no APDU: control {self.control:X}, {size} data bytes")
        length = bytes([size]) if size < 0xFF else b"\xff" + size.to_bytes(2, "little")
        return self.control.to_bytes(2, "big") + length + self.data

    @classmethod
    def decode(cls, raw: bytes) -> "Apdu":
        """Exactly one APDU."""
        extent = _extent(raw)
        if extent is None or sum(extent) != len(raw):
            raise CodecError(f"{len(raw)} bytes are not exactly one APDU")
        return cls(int.from_bytes(raw[:2], "big"), bytes(raw[extent[0] :]))


class ApduReader:
    """Cuts a byte stream into APDUs, however it is segmented; holds at most one unfinished APDU."""

    def __init__(self, limit: int = MAX_DATA) -> None:
        self._limit = limit
        self._buffer = bytearray()

    @property
    def pending(self) -> bool:
        """Whether an APDU has begun but not ended."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> list[Apdu]:
        """Take the next bytes, give the APDUs they complete. CodecError when one announces more than the limit."""
        self._buffer += data
        done: list[Apdu] = []
        start = 0
        while (extent := _extent(self._buffer, start)) is not None:
            head, size = extent
            if size > self._limit:
                raise CodecError(f"an APDU announces {size} data bytes, at most {self._limit} are accepted")
            end = start + head + size
            if len(self._buffer) < end:
                break
            control = int.from_bytes(self._buffer[start : start + 2], "big")
            done.append(Apdu(control, bytes(self._buffer[start + head : end])))
            start = end
        del self._buffer[:start]
        return done


def _extent(raw: bytes | bytearray, start: int = 0) -> tuple[int, int] | None:
    """Size of head and of data of the APDU at `start`; None while the head is incomplete."""
    if len(raw) < start + 3:
        return None
    if raw[start + 2] < 0xFF:
        return 3, raw[start + 2]
    if len(raw) < start + 5:
        return None
    return 5, int.from_bytes(raw[start + 3 : start + 5], "little")
