"""The ESC/POS commands that we send ourselves; what python-escpos writes well is left to it."""

INITIALISE = b"\x1b@"
CHINESE_OFF = b"\x1c."  # else clones take bytes from 80h up in pairs, as GB18030
INTERNATIONAL_USA = b"\x1bR\x00"  # keeps [ \ ] { | } ~ as they are

#: GS r 1: answered with one byte in its turn, so an answer proves that everything before it was processed.
BARRIER = b"\x1dr\x01"

_UNIT_MS = 2
_DUTY = 4  # the coil must rest four times as long as it was on (Citizen and Seiko manuals, ESC p)
_PINS = {2: 0, 5: 1}


def code_page(number: int) -> bytes:
    """ESC t: which table the bytes from 80h up are taken from."""
    return bytes((0x1B, 0x74, number))


def feed_lines(lines: int) -> bytes:
    """ESC d: 0 to 255 lines."""
    return bytes((0x1B, 0x64, lines))


def feed_dots(dots: int) -> bytes:
    """ESC J: 0 to 255 motion units, one dot each where the printer's unit is a dot."""
    return bytes((0x1B, 0x4A, dots))


def cut(*, full: bool) -> bytes:
    """GS V 65/66: feed to the knife, then cut; 66 leaves a bridge."""
    return bytes((0x1D, 0x56, 65 if full else 66, 0))


def raster(row_bytes: int, rows: int) -> bytes:
    """GS v 0: the head of a raster picture; `row_bytes * rows` bytes follow."""
    return b"\x1dv0\x00" + row_bytes.to_bytes(2, "little") + rows.to_bytes(2, "little")


def drawer_pulse(pin: int, on_ms: int, off_ms: int) -> bytes:
    """ESC p: kick the drawer on connector pin 2 or 5, times in steps of 2 ms, at most 126 ms on.

    The rest is made long enough for the coil. Raises ValueError for another pin or no time.
    """
    if pin not in _PINS or on_ms < _UNIT_MS:
        raise ValueError(f"no drawer pulse on pin {pin} for {on_ms} ms: pin 2 or 5, at least {_UNIT_MS} ms")
    on = min(on_ms // _UNIT_MS, 255 // _DUTY)
    off = min(max(off_ms // _UNIT_MS, on * _DUTY), 255)
    return bytes((0x1B, 0x70, _PINS[pin], on, off))


def process_status(n: int) -> bytes:
    """DLE EOT n: 1 printer, 2 why off-line, 3 error, 4 paper. Answered at once, one byte."""
    return bytes((0x10, 0x04, n))


def identify(n: int) -> bytes:
    """GS I n: 66 maker, 67 model, 68 serial, 65 firmware; answered in turn with a block `_text NUL`."""
    return bytes((0x1D, 0x49, n))
