"""From what a line delivers to a telephone number that a till can look up."""

import enum
import re
from dataclasses import dataclass
from typing import Final


class Reason(enum.Enum):
    """Why a call shows no number that could be dialled."""

    WITHHELD = "withheld"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """`e164` as +49…, None where it cannot be told; `display` for people; `valid` by today's numbering plan, which lags
    behind: a number in use may be unknown to it. `reason` is None for a number, even one without `e164`."""

    raw: str
    e164: str | None
    display: str
    reason: Reason | None = None
    valid: bool = False


_WITHHELD: Final = frozenset(["P", "A", "PRIVATE", "ANONYMOUS", "ANONYM", "WITHHELD", "RESTRICTED", "0000000000"])
_UNAVAILABLE: Final = frozenset({"O", "UNAVAILABLE", "UNKNOWN", "OUT OF AREA"})
_BLANKS: Final = re.compile(r"\s+")
_DIALABLE: Final = re.compile(r"\+?[0-9 ()/.\-]+")
_SHORTEST: Final = 5  # digits; what is shorter lives inside the box or the town


def normalise(raw: str, *, area_code: str = "", bare_country_code: bool = False) -> PhoneNumber:
    """Make sense of a number as a German line delivered it. Takes any text, never raises.

    `area_code` is that of the line itself ("30" or "030"): local calls come without one, and stay without `e164` when
    it is not known. `bare_country_code` says that this line delivers 491711234567 for +491711234567.
    """
    text = _BLANKS.sub(" ", raw).strip().removesuffix("#").strip()
    word = text.upper()
    if not text or word in _WITHHELD:
        return PhoneNumber(raw, None, "", Reason.WITHHELD)
    if word in _UNAVAILABLE or not any(character.isascii() and character.isdigit() for character in text):
        return PhoneNumber(raw, None, "", Reason.UNAVAILABLE)
    digits = re.sub(r"[^0-9]", "", text)
    if text.startswith("*") or len(digits) < _SHORTEST:
        return PhoneNumber(raw, None, text, Reason.INTERNAL)
    if not _DIALABLE.fullmatch(text):
        return PhoneNumber(raw, None, text)
    return _parse(raw, text, digits, area_code.lstrip("0"), bare_country_code)


def _parse(raw: str, text: str, digits: str, area_code: str, bare_country_code: bool) -> PhoneNumber:
    import phonenumbers as plan  # noqa: PLC0415 - 0.1 s that a gateway without a telephone need not spend

    if text.startswith("00"):
        text = "+" + text.removeprefix("00")
    elif not text.startswith(("0", "+")):
        if bare_country_code and digits.startswith("49") and len(digits) > 10:
            text = "+" + digits
        elif area_code:
            text = "0" + area_code + digits
        else:
            return PhoneNumber(raw, None, text)
    try:
        number = plan.parse(text, "DE")
    except plan.NumberParseException:
        return PhoneNumber(raw, None, text)
    possible = plan.is_possible_number_with_reason(number)
    if possible == plan.ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
        return PhoneNumber(raw, None, text, Reason.INTERNAL)
    if possible != plan.ValidationResult.IS_POSSIBLE:
        return PhoneNumber(raw, None, text)
    style = plan.PhoneNumberFormat.NATIONAL if number.country_code == 49 else plan.PhoneNumberFormat.INTERNATIONAL
    return PhoneNumber(
        raw,
        plan.format_number(number, plan.PhoneNumberFormat.E164),
        plan.format_number(number, style),
        valid=plan.is_valid_number(number),
    )
