"""The receipts of the simulated terminal, worded like those of German terminals."""

from collections.abc import Iterator

from drivers.zvt.codec.bmp import Fields
from drivers.zvt.codec.messages import PrintBlock, PrintLine
from drivers.zvt.codec.receipts import CUSTOMER, MERCHANT
from drivers.zvt.codec.text import encode_text
from drivers.zvt.codec.tlv import Tlv, group
from drivers.zvt.simulator._ledger import Transaction

_TITLES = {MERCHANT: "** Händlerbeleg **", CUSTOMER: "** Kundenbeleg **"}
_PLAIN, _CENTRED, _END = 0x00, 0x40, 0x81

#: Attribute byte and text of one line.
Line = tuple[int, str]


def slip(transaction: Transaction, kind: int, *, terminal_id: str, card: str, pan: str, width: int) -> list[Line]:
    """The lines of one copy, at most `width` characters each."""

    def row(left: str, right: str) -> Line:
        return _PLAIN, f"{left}{right.rjust(max(width - len(left), len(right) + 1))}"

    when = transaction.when
    euros = f"{transaction.amount_minor // 100},{transaction.amount_minor % 100:02}"
    lines = [
        (_CENTRED, _TITLES[kind]),
        (_CENTRED, "Musterladen"),
        (_CENTRED, "Musterstraße 1"),
        (_CENTRED, "12345 Musterstadt"),
        (_PLAIN, ""),
        row(f"{when:%d.%m.%Y}", f"{when:%H:%M:%S}"),
        row("Terminal-ID:", terminal_id),
        row("TA-Nr.:", f"{transaction.trace_number:06}"),
        row("Beleg-Nr.:", f"{transaction.receipt_number:04}"),
        (_PLAIN, ""),
        (_CENTRED, "Kartenzahlung"),
        (_CENTRED, "kontaktlos"),
        (_CENTRED, card),
        row("Nr.:", pan),
        row("Genehmigung:", f"{transaction.turnover_number:06}"),
        (_PLAIN, ""),
        row("Betrag EUR", euros),
        (_PLAIN, ""),
        (_CENTRED, "** Zahlung erfolgt **"),
        (_CENTRED, "Bitte Beleg aufbewahren"),
        (_CENTRED, "SIMULATOR: kein Geld bewegt"),
    ]
    return [(attribute, text[:width]) for attribute, text in lines]


def as_lines(lines: list[Line], charset: int) -> Iterator[PrintLine]:
    """One 06 D1 for each line; the last ends the receipt."""
    for attribute, text in lines:
        yield PrintLine(attribute, encode_text(text, charset))
    yield PrintLine(_END)


def as_block(lines: list[Line], kind: int, charset: int) -> PrintBlock:
    """All lines in one 06 D3."""
    content = []
    current = None
    for attribute, text in lines:
        if attribute != current:
            content.append(Tlv(0x09, bytes([attribute])))
            current = attribute
        content.append(Tlv(0x07, encode_text(text, charset)))
    content.append(Tlv(0x09, bytes([_END])))
    head = (Tlv(0x1F07, bytes([kind])), Tlv(0x14, bytes([charset])))
    return PrintBlock(Fields.of({0x06: (*head, group(0x25, *content))}))
