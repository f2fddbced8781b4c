"""Characters: which set a session uses, and card numbers masked wherever text leaves the codec."""

import re

from drivers.errors import CodecError

CP437 = 0xFF
UTF8 = 0xFE

#: Tag 14: how Python calls the character sets. Without an agreement CP437 holds (PA00P015, character sets).
CHARSETS: dict[int, str] = {
    0x00: "ascii",
    **{number: f"iso8859-{number}" for number in range(1, 17) if number != 12},  # part 12 never came to be
    UTF8: "utf-8",
    CP437: "cp437",
}

_CARD_NUMBER = re.compile(r"(?<![\w*])\d(?:[ -]?\d){12,18}(?![\w*])")


def decode_text(data: bytes, charset: int = CP437) -> str:
    """Text for people: unknown bytes replaced, control characters dropped (line ends kept), card numbers masked."""
    text = data.decode(CHARSETS.get(charset, "cp437"), errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    return mask_text("".join(char for char in text if char == "\n" or char.isprintable()))


def encode_text(text: str, charset: int = CP437) -> bytes:
    """Text in a session's character set; what the set lacks becomes a question mark."""
    if charset not in CHARSETS:
        raise CodecError(f"character set {charset:02X} is unknown")
    return text.encode(CHARSETS[charset], errors="replace")


def mask_pan(data: bytes) -> str:
    """The card number of BMP 22, at most its last four digits readable: `************4771`.

    Nibble E is a digit the terminal masked, F is padding, and nothing behind a separator D is a card number.
    """
    number = data.hex().upper().split("D")[0].rstrip("F")
    if not number:
        return ""
    tail = "".join(char if char.isdigit() else "*" for char in number[-4:])
    return "*" * (len(number) - len(tail)) + (tail if len(number) > 4 else "*" * len(tail))


def mask_text(text: str) -> str:
    """Mask what looks like a whole card number: 13 to 19 digits with a right Luhn sum."""
    return _CARD_NUMBER.sub(_mask_match, text)


def _mask_match(match: re.Match[str]) -> str:
    written = match.group()
    numerals = [int(char) for char in written if char.isdigit()]
    doubled = (sum(divmod(2 * each, 10)) for each in numerals[-2::-2])
    if (sum(numerals[-1::-2]) + sum(doubled)) % 10:
        return written
    hide = len(numerals) - 4
    masked = []
    for char in written:
        masked.append("*" if char.isdigit() and hide > 0 else char)
        hide -= char.isdigit()
    return "".join(masked)
