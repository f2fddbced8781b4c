"""The bars of one-dimensional barcodes, from the tables of python-barcode, as strings of `1` (black) and `0` modules.

CODE128 is written in code set B throughout, as the encoder asks of the printer, so that a preview is as wide as paper.
"""

import re

from drivers.document.blocks import Symbology

CODE39_SIGNS = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%")
_EAN_DIGITS = {Symbology.EAN13: 13, Symbology.EAN8: 8}


def check_digit(digits: str) -> str:
    """The last digit of an EAN whose other digits these are (GS1 General Specifications, 7.9)."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def complete(symbology: Symbology, data: str) -> str:
    """The characters that the bars will carry, check digit included. Raises ValueError in plain words."""
    digits = _EAN_DIGITS.get(symbology)
    if digits is None:
        return _checked(symbology, data)
    if not re.fullmatch(f"[0-9]{{{digits - 1},{digits}}}", data):
        raise ValueError(f"An {symbology.name} code has {digits - 1} or {digits} digits and nothing else.")
    full = data[: digits - 1] + check_digit(data[: digits - 1])
    if len(data) == digits and data != full:
        raise ValueError(f"The check digit is wrong: {data} should end in {full[-1]}.")
    return full


def _checked(symbology: Symbology, data: str) -> str:
    if not data:
        raise ValueError("A barcode needs at least one character.")
    if symbology is Symbology.CODE39:
        wrong = next((sign for sign in data if sign not in CODE39_SIGNS), None)
        if wrong is not None:
            raise ValueError(f"CODE39 has no {wrong!r}: only capitals, digits, blank and - . $ / + % are possible.")
    elif not (data.isascii() and data.isprintable()):
        raise ValueError("CODE128 takes printable ASCII characters only, so no umlauts and no line breaks.")
    return data


def modules(symbology: Symbology, data: str) -> str:
    """The bar pattern of `complete` data, without quiet zones."""
    from barcode.charsets import code39, code128, ean  # noqa: PLC0415 - importing it costs 40 ms

    if symbology is Symbology.CODE128:
        codes = [code128.START_CODES["B"], *(ord(sign) - 32 for sign in data)]
        check = sum(max(place, 1) * code for place, code in enumerate(codes)) % 103
        return "".join(code128.CODES[code] for code in (*codes, check)) + str(code128.STOP) + "11"
    if symbology is Symbology.CODE39:
        signs = (code39.EDGE, *(code39.MAP[sign][1] for sign in data), code39.EDGE)
        return str(code39.MIDDLE).join(signs)
    half = len(data) // 2
    if symbology is Symbology.EAN8:
        left = "".join(ean.CODES["A"][int(digit)] for digit in data[:half])
    else:
        kinds = ean.LEFT_PATTERN[int(data[0])]
        left = "".join(ean.CODES[kind][int(digit)] for kind, digit in zip(kinds, data[1 : half + 1], strict=True))
    right = "".join(ean.CODES["C"][int(digit)] for digit in data[-half if symbology is Symbology.EAN8 else -6 :])
    return f"{ean.EDGE}{left}{ean.MIDDLE}{right}{ean.EDGE}"


def count_modules(symbology: Symbology, data: str) -> int:
    """How many modules wide the bars of `complete` data are."""
    if symbology is Symbology.CODE128:
        return 11 * (len(data) + 3) + 2
    if symbology is Symbology.CODE39:
        return 16 * (len(data) + 2) - 1
    return 95 if symbology is Symbology.EAN13 else 67
