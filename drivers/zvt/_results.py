"""From the terminal's messages to the values of `drivers.base`."""

from drivers.base import CardStatus, PaymentResult, ReceiptKind, TerminalReceipt, Verdict
from drivers.zvt.codec.messages import AbortMessage, IntermediateStatus, StatusInformation
from drivers.zvt.codec.receipts import CUSTOMER, MERCHANT, Receipt
from drivers.zvt.codec.text import decode_text
from drivers.zvt.codec.texts import ABORTED, card_type_name, result_text, status_text

#: ISO 4217: alphabetic to numeric, the currencies terminals of our neighbourhood are set up for.
CURRENCIES = {
    "EUR": 978, "CHF": 756, "GBP": 826, "USD": 840, "DKK": 208, "SEK": 752, "NOK": 578,
    "CZK": 203, "PLN": 985, "HUF": 348,
}  # fmt: skip
_CODES = {number: code for code, number in CURRENCIES.items()}

_MAX_AMOUNT = 999_999_999_999


def amount_problem(amount_minor: int, currency_code: str) -> str:
    """Why this cannot be asked of a terminal; empty when it can."""
    if not 0 < amount_minor <= _MAX_AMOUNT:
        return f"A card payment of {amount_minor} minor units is not possible."
    if currency_code not in CURRENCIES:
        return f"The currency {currency_code!r} is not known to this driver."
    return ""


def card_status(message: IntermediateStatus, charset: int) -> CardStatus:
    """An intermediate status in words: ours where the code is known, else the terminal's own."""
    text = status_text(message.status)
    own = message.texts(charset)
    if message.status == 0xFF and own:
        return CardStatus(message.status, own, own)
    return CardStatus(message.status, text.en, own or text.de)


def verdict_of(code: int) -> Verdict:
    """What a result code means for the payment."""
    if code == 0:
        return Verdict.APPROVED
    return Verdict.ABORTED if code == ABORTED else Verdict.DECLINED


def payment_result(message: StatusInformation, code: int, charset: int, currency_code: str = "") -> PaymentResult:
    """A status information as the result it announces; `currency_code` where the terminal tells none."""
    fields = message.fields
    words = result_text(code)
    return PaymentResult(
        verdict=verdict_of(code),
        amount_minor=fields.number(0x04) or 0,
        currency_code=_CODES.get(fields.number(0x49) or 0, currency_code),
        result_code=code,
        message=_with_own_words(words.message, message.texts(charset), "The terminal says") if code else "",
        message_de=_with_own_words(words.message_de, message.texts(charset), "Terminal") if code else "",
        trace_number=message.trace_number,
        receipt_number=fields.digits(0x87),
        terminal_id=fields.digits(0x29),
        authorisation=fields.text(0x3B, charset),
        card_name=fields.text(0x8B, charset) or card_type_name(message.card_type),
        card_type=message.card_type,
        masked_pan=message.masked_pan,
        terminal_time=message.terminal_time,
    )


def failed_result(end: AbortMessage, charset: int) -> PaymentResult:
    """The result of a payment that ended with 06 1E."""
    code = end.result_code
    words = result_text(code)
    own = decode_text(end.fields.tag(0x1F17) or b"", charset)
    return PaymentResult(
        verdict=Verdict.DECLINED if not code else verdict_of(code),
        result_code=code or 0,
        message=_with_own_words(words.message, own, "The terminal says"),
        message_de=_with_own_words(words.message_de, own, "Terminal"),
    )


def terminal_receipts(receipts: tuple[Receipt, ...]) -> tuple[TerminalReceipt, ...]:
    """Receipts of the codec as those of the contract."""
    kinds = {MERCHANT: ReceiptKind.MERCHANT, CUSTOMER: ReceiptKind.CUSTOMER}
    return tuple(TerminalReceipt(kinds.get(each.kind, ReceiptKind.ADMINISTRATION), each.lines) for each in receipts)


def charset_of(told: list[bytes]) -> int | None:
    """The one character set a terminal confirmed at registration; None when it confirmed none or several."""
    return told[0][0] if len(told) == 1 and len(told[0]) == 1 else None


def _with_own_words(text: str, own: str, label: str) -> str:
    return f'{text} {label}: "{own}"' if own else text
