"""ESC/POS receipt printers on TCP port 9100: encoder, codec, driver; the simulator is in `drivers.escpos.simulator`."""

from drivers.escpos._timings import Timings
from drivers.escpos.driver import EscposPrinter
from drivers.escpos.encoder import DEFAULT_PROFILE, MAX_COPIES, PrinterProfile, duplicate_mark, encode, warm_up

__all__ = [
    "DEFAULT_PROFILE",
    "MAX_COPIES",
    "EscposPrinter",
    "PrinterProfile",
    "Timings",
    "duplicate_mark",
    "encode",
    "warm_up",
]
