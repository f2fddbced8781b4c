"""What may come out of a printer: control characters neutralised, and what its code page lacks transliterated.

* CR LF, CR and LF end a line; a tab moves to the next column that is a multiple of 8.
* Other control characters (C0, DEL, C1, hence ESC) and halves of surrogate pairs become `?`.
* Invisible format characters (bidi controls, zero-width signs, soft hyphen, BOM) are dropped; line and paragraph
  separators and all kinds of blanks become a blank.
* A character that the code page lacks becomes its nearest spelling (`…` as `...`, `č` as `c`), else `?`.
"""

import functools
import unicodedata

#: Spelled out only where the code page lacks the character itself.
_SPELLINGS = {
    **dict.fromkeys("„“”‟″«»", '"'),
    **dict.fromkeys("‚‘’‛′", "'"),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict.fromkeys("•‣◦·∙", "*"),
    "‹": "<",
    "›": ">",
    "…": "...",
    "€": "EUR",
    "™": "(TM)",
    "©": "(C)",
    "®": "(R)",
    "№": "No.",
    "×": "x",
    "÷": "/",
    "Ä": "Ae",
    "Ö": "Oe",
    "Ü": "Ue",
    "ä": "ae",
    "ö": "oe",
    "ü": "ue",
    "ß": "ss",
    "ẞ": "SS",
    "§": "Par.",
    "°": "o",
    "Æ": "AE",
    "æ": "ae",
    "Œ": "OE",
    "œ": "oe",
    "Ø": "O",
    "ø": "o",
    "Ł": "L",
    "ł": "l",
    "Đ": "D",
    "đ": "d",
    "ı": "i",
    "Þ": "Th",
    "þ": "th",
    "Ð": "D",
    "ð": "d",
    "←": "<-",
    "→": "->",
    "⇒": "=>",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "≈": "~",
    "✓": "x",
    "✔": "x",
    "✗": "x",
    "½": "1/2",
    "¼": "1/4",
    "¾": "3/4",
    "£": "GBP",
    "¥": "JPY",
}
_UNPRINTABLE = "?"
_NO_BREAK = "\u00a0"


def printable_lines(text: str, encoding: str) -> list[str]:
    """The lines of a text with only characters that `encoding` (a Python codec name) has; no-break blanks remain."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return [_printable(line.expandtabs(8) if "\t" in line else line, encoding) for line in text.split("\n")]


def _printable(line: str, encoding: str) -> str:
    if line.isprintable():
        try:
            line.encode(encoding)
        except UnicodeEncodeError:
            pass
        else:
            return line
    return "".join([_spelled(sign, encoding) for sign in unicodedata.normalize("NFC", line)])


@functools.lru_cache(maxsize=4096)
def _spelled(sign: str, encoding: str) -> str:
    """One character as the code page can write it."""
    category = unicodedata.category(sign)
    if category.startswith("Z"):
        return _NO_BREAK if sign in "\u00a0\u202f\u2007" else " "
    if category in {"Cf", "Mn", "Me"}:  # invisible, or an accent that no composed character carries
        return ""
    if category.startswith("C"):
        return _UNPRINTABLE
    if _writable(sign, encoding):
        return sign
    if sign in _SPELLINGS:
        return _SPELLINGS[sign]
    parts = unicodedata.normalize("NFKD", sign)
    plain = "".join(part for part in parts if not unicodedata.combining(part))
    spelled = "".join(_spelled(part, encoding) for part in plain) if plain != sign else ""
    return spelled or _UNPRINTABLE


def _writable(sign: str, encoding: str) -> bool:
    try:
        sign.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
