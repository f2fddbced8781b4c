"""The demonstration sale and its receipt, in German or English, with all that section 6 KassenSichV asks for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kassenwart import v1
from kassenwart.documents import CENTER, columns, cut, document, qr, rule, text


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a sale: gross unit price in cents, VAT rate in per cent (19 or 7)."""

    count: int
    name: str
    price_minor: int
    rate: int

    @property
    def total_minor(self) -> int:
        """Gross total in cents."""
        return self.count * self.price_minor


SALE: Final = (
    Item(2, "Kölsch 0,2 l", 210, 19),
    Item(1, "Käsebrötchen „Spezial“", 480, 7),
    Item(1, "Crème brûlée", 590, 7),
)

_WORDS: Final = {
    "de": {
        "receipt": "Beleg",
        "net": "Netto",
        "vat": "MwSt",
        "gross": "Brutto",
        "total": "SUMME",
        "card": "Kartenzahlung",
        "begin": "Beginn",
        "end": "Ende",
        "transaction": "TSE-Transaktion",
        "counter": "Signaturzähler",
        "till": "Kassen-Seriennr.",
        "serial": "TSE-Seriennr.:",
        "outage": "TSE AUSGEFALLEN",
        "thanks": "Vielen Dank für Ihren Besuch!",
    },
    "en": {
        "receipt": "Receipt",
        "net": "Net",
        "vat": "VAT",
        "gross": "Gross",
        "total": "TOTAL",
        "card": "Card payment",
        "begin": "Start",
        "end": "End",
        "transaction": "TSE transaction",
        "counter": "Signature counter",
        "till": "Till serial no.",
        "serial": "TSE serial no.:",
        "outage": "TSE OUT OF ORDER",
        "thanks": "Thank you for your visit!",
    },
}


def total(items: tuple[Item, ...]) -> int:
    """Gross total in cents."""
    return sum(item.total_minor for item in items)


def amounts(items: tuple[Item, ...]) -> v1.ReceiptAmounts:
    """The totals that the TSE signs: gross by VAT rate, paid by card."""
    by_rate = {rate: sum(item.total_minor for item in items if item.rate == rate) for rate in (19, 7)}
    paid = v1.ReceiptAmounts.PaymentAmount(cash=False, amount_minor=total(items))
    return v1.ReceiptAmounts(vat_general=by_rate[19], vat_reduced=by_rate[7], payments=[paid])


def receipt(
    number: str, items: tuple[Item, ...], payment: v1.Payment, signed: v1.Transaction, language: str
) -> v1.Document:
    """The whole slip."""
    words = _WORDS[language]
    blocks: list[v1.Block | str] = [
        text("Musterladen", align=CENTER, bold=True, width=2, height=2),
        text("Musterstraße 1 · 12345 Musterstadt", align=CENTER),
        rule(),
        columns(f"{words['receipt']} {number}", _right(datetime.now().astimezone().strftime("%d.%m.%Y %H:%M"))),
        rule(),
    ]
    for item in items:
        count = f"{item.count} × " if item.count > 1 else ""
        blocks.append(
            columns(
                f"{count}{item.name}",
                _right(f"{_euro(item.total_minor, language)} {'A' if item.rate == 19 else 'B'}", 12),
            )
        )
    blocks += [
        rule("="),
        columns(words["total"], _right(f"{_euro(total(items), language)} EUR", 16), bold=True),
        columns(f"{words['card']} {payment.card.name}", _right(f"{_euro(payment.amount_minor, language)} EUR", 16)),
        rule(),
        columns("", _right(words["net"], 10), _right(words["vat"], 10), _right(words["gross"], 10)),
    ]
    for letter, rate in (("A", 19), ("B", 7)):
        gross = sum(item.total_minor for item in items if item.rate == rate)
        tax = round(gross * rate / (100 + rate))
        cells = [_right(_euro(value, language), 10) for value in (gross - tax, tax, gross)]
        blocks.append(columns(f"{letter} {rate} %", *cells))
    blocks += [rule(), *_card(payment), rule(), *_tse(signed, words)]
    blocks += [text(words["thanks"], align=CENTER), cut()]
    return document(*blocks)


def _card(payment: v1.Payment) -> list[v1.Block | str]:
    """The customer's copy as the terminal composed it."""
    for slip in payment.receipts:
        if slip.kind == v1.TerminalReceipt.CUSTOMER:
            return [text("\n".join(line.strip() for line in slip.lines if line.strip()), align=CENTER)]
    return []


def _tse(signed: v1.Transaction, words: dict[str, str]) -> list[v1.Block | str]:
    if signed.state != v1.Transaction.FINISHED:
        return [text(words["outage"], align=CENTER, bold=True, height=2)]
    return [
        columns(words["transaction"], _right(str(signed.number), 30)),
        columns(words["counter"], _right(str(signed.signature_counter), 30)),
        columns(words["begin"], _right(signed.start_time.ToJsonString(), 30)),
        columns(words["end"], _right(signed.end_time.ToJsonString(), 30)),
        columns(words["till"], _right(signed.client_id, 30)),
        text(f"{words['serial']}\n{signed.tse_serial_number}"),
        qr(signed.qr_code_data),  # in demonstration mode the daemon marks it as not valid
    ]


def _euro(minor: int, language: str) -> str:
    shown = f"{minor / 100:.2f}"
    return shown.replace(".", ",") if language == "de" else shown


def _right(content: str, width: int = 0) -> v1.ColumnsBlock.Column:
    return v1.ColumnsBlock.Column(text=content, width=width, align=v1.Alignment.RIGHT)
