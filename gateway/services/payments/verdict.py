"""What became of a payment whose end nobody saw: judged from what the terminal has stored. Pure functions."""

import json
from dataclasses import dataclass

from drivers.base import PaymentResult, ReceiptKind, Verdict
from kassenwart.v1 import Payment, TerminalReceipt

_STATES = {
    Verdict.APPROVED: Payment.APPROVED,
    Verdict.DECLINED: Payment.DECLINED,
    Verdict.ABORTED: Payment.ABORTED,
}
_RECEIPTS = {
    ReceiptKind.MERCHANT: TerminalReceipt.MERCHANT,
    ReceiptKind.CUSTOMER: TerminalReceipt.CUSTOMER,
    ReceiptKind.ADMINISTRATION: TerminalReceipt.ADMINISTRATION,
}


@dataclass(frozen=True, slots=True)
class Baseline:
    """The terminal's last transaction before a payment, by which a new one is recognised.

    `known` False: the terminal did not tell. Empty numbers with `known`: it had stored nothing.
    """

    known: bool = False
    receipt_number: str = ""
    trace_number: str = ""

    @staticmethod
    def of(last: PaymentResult | None) -> "Baseline":
        """The baseline of what the terminal told."""
        return Baseline(True) if last is None else Baseline(True, last.receipt_number, last.trace_number)

    def dump(self) -> bytes:
        """As stored beside the payment."""
        return json.dumps([self.known, self.receipt_number, self.trace_number]).encode()

    @staticmethod
    def load(data: bytes) -> "Baseline":
        """From its stored form; nothing stored is not known."""
        return Baseline(*json.loads(data)) if data else Baseline()


@dataclass(frozen=True, slots=True)
class Judgement:
    """A state with its words for the cashier; `result` where the terminal's record is the payment's."""

    state: Payment.State
    message: str
    message_de: str
    result: PaymentResult | None = None


def judge(payment: Payment, baseline: Baseline, last: PaymentResult | None) -> Judgement:
    """Compare the terminal's last stored transaction with the one before the payment (specification: ZVT, recovery)."""
    if last is None:
        # Nothing stored, or a terminal that says so whatever it has: not enough to tell a cashier that all is well.
        return Judgement(
            Payment.UNKNOWN,
            "The terminal tells of no stored payment. Look at the terminal's own journal before charging again.",
            "Das Terminal nennt keine gespeicherte Zahlung. Vor einer neuen Zahlung im Terminal-Journal nachsehen.",
        )
    now = (last.receipt_number, last.trace_number)
    if baseline.known and now == (baseline.receipt_number, baseline.trace_number):
        return Judgement(
            Payment.ABORTED,
            "The terminal has not stored this payment: the card was not charged.",
            "Das Terminal hat diese Zahlung nicht gespeichert: Die Karte wurde nicht belastet.",
        )
    told_before = bool(payment.trace_number) and payment.trace_number == now[1]
    if last.amount_minor == payment.amount_minor and (baseline.known or told_before):
        state = _STATES[last.verdict]
        if state == Payment.APPROVED:
            return Judgement(
                state, "The terminal has stored this payment: it is paid.", "Bezahlt (laut Terminal).", last
            )
        return Judgement(state, last.message or "Not paid.", last.message_de or "Nicht bezahlt.", last)
    return Judgement(
        Payment.UNKNOWN,
        "The terminal's last transaction does not fit this payment. Compare with the terminal's own journal.",
        "Die letzte Zahlung im Terminal passt nicht zu dieser. Bitte mit dem Terminal-Journal vergleichen.",
    )


def apply(payment: Payment, result: PaymentResult) -> None:
    """Put the terminal's result into the payment."""
    payment.state = _STATES[result.verdict]
    payment.result_code = result.result_code
    paid = payment.state == Payment.APPROVED
    payment.message = result.message or ("Paid." if paid else "Not paid.")
    payment.message_de = result.message_de or ("Bezahlt." if paid else "Nicht bezahlt.")
    apply_details(payment, result)


def apply_details(payment: Payment, result: PaymentResult) -> None:
    """Put what the terminal told of card and numbers into the payment, not its verdict."""
    if result.card_name or result.card_type or result.masked_pan:
        payment.card.name = result.card_name
        payment.card.type = result.card_type
        payment.card.masked_number = result.masked_pan
    payment.trace_number = result.trace_number
    payment.receipt_number = result.receipt_number
    payment.terminal_id = result.terminal_id
    payment.authorisation = result.authorisation
    payment.terminal_time = result.terminal_time
    if result.receipts:
        del payment.receipts[:]
        payment.receipts.extend(
            TerminalReceipt(kind=_RECEIPTS[receipt.kind], lines=receipt.lines) for receipt in result.receipts
        )
