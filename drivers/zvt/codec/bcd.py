"""Numbers as ZVT writes them: packed BCD, and the decimal length prefixes LLVAR and LLLVAR (PA00P015, chapter 1)."""

from drivers.errors import CodecError


def encode_bcd(value: int | str, size: int) -> bytes:
    """Pack a number, or a string of digits, into `size` bytes with leading zeros."""
    text = str(value)
    if not (text.isascii() and text.isdigit()) or len(text) > 2 * size:
        raise CodecError(f"{text!r} is no number of at most {2 * size} digits")
    return bytes.fromhex(text.zfill(2 * size))


def decode_bcd(data: bytes) -> int:
    """The number in packed BCD; CodecError when a nibble is no digit."""
    text = data.hex()
    if not text.isdigit():
        raise CodecError("a BCD number holds a nibble that is no digit")
    return int(text)


def digits(data: bytes) -> str:
    """Packed BCD as it is written, leading zeros kept; CodecError when a nibble is no digit."""
    decode_bcd(data or b"\0")
    return data.hex()


def encode_var(data: bytes, places: int) -> bytes:
    """Prefix `data` with its length as `places` bytes Fx: 2 for LLVAR, 3 for LLLVAR."""
    if len(data) >= 10**places:
        raise CodecError(f"{len(data)} bytes do not fit a length of {places} digits")
    return bytes(0xF0 | int(digit) for digit in str(len(data)).zfill(places)) + data


def decode_var_length(data: bytes, places: int) -> int:
    """The length that the first `places` bytes Fx announce."""
    if len(data) < places:
        raise CodecError("a variable length breaks off")
    value = 0
    for byte in data[:places]:
        if byte & 0xF0 != 0xF0 or byte & 0x0F > 9:
            raise CodecError(f"{byte:02X} is no digit of a variable length")
        value = value * 10 + (byte & 0x0F)
    return value
