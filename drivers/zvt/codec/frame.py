"""Frames of the serial transport: DLE framing, byte doubling and CRC (PA00P016, chapter on RS-232). Pure functions."""

from drivers.errors import CodecError

STX, ETX, ACK, DLE, NAK = 0x02, 0x03, 0x06, 0x10, 0x15


def crc16(data: bytes) -> int:
    """CRC-16/KERMIT: reflected polynomial 0x8408, start 0, no final inversion."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8408 if crc & 1 else 0)
    return crc


def encode_frame(apdu: bytes) -> bytes:
    """`10 02 <apdu, every 10 doubled> 10 03 <CRC, low byte first>`; the CRC bytes are never doubled."""
    doubled = apdu.replace(b"\x10", b"\x10\x10")
    return bytes([DLE, STX]) + doubled + bytes([DLE, ETX]) + _checksum(apdu)


def decode_frame(frame: bytes) -> bytes:
    """The APDU bytes of exactly one frame; CodecError for wrong framing, doubling or checksum."""
    if frame[:2] != bytes([DLE, STX]):
        raise CodecError("a serial frame begins with 10 02")
    apdu = bytearray()
    at = 2
    while True:
        if at >= len(frame):
            raise CodecError("a serial frame has no end")
        if frame[at] != DLE:
            apdu.append(frame[at])
            at += 1
            continue
        following = frame[at + 1 : at + 2]
        at += 2
        if following == b"\x10":
            apdu.append(DLE)
        elif following == b"\x03":
            break
        else:
            raise CodecError("a lone 10 stands inside a serial frame")
    if frame[at:] != _checksum(bytes(apdu)):
        raise CodecError("the checksum of a serial frame is wrong")
    return bytes(apdu)


def _checksum(apdu: bytes) -> bytes:
    return crc16(apdu + bytes([ETX])).to_bytes(2, "little")
