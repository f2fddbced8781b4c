"""QR symbols as modules, from the qrcode library."""

import functools

from qrcode.constants import ERROR_CORRECT_H, ERROR_CORRECT_L, ERROR_CORRECT_M, ERROR_CORRECT_Q
from qrcode.main import QRCode
from qrcode.util import MODE_8BIT_BYTE, QRData

from drivers.document.blocks import Correction

LEVELS: dict[Correction, int] = {
    Correction.L: ERROR_CORRECT_L,
    Correction.M: ERROR_CORRECT_M,
    Correction.Q: ERROR_CORRECT_Q,
    Correction.H: ERROR_CORRECT_H,
}


@functools.lru_cache(maxsize=64)
def symbol(data: bytes, correction: Correction) -> tuple[tuple[bool, ...], ...]:
    """Rows of modules, True is black, without a quiet zone. Raises ValueError when it does not fit version 40."""
    code = QRCode(error_correction=LEVELS[correction], border=0)
    code.add_data(QRData(data, mode=MODE_8BIT_BYTE, check_data=False))
    code.make(fit=True)
    return tuple(tuple(bool(module) for module in row) for row in code.modules)
