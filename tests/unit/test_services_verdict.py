"""What became of a payment whose end nobody saw: the whole table, and never a guess."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import PaymentResult, ReceiptKind, Verdict
from drivers.base import TerminalReceipt as DriverReceipt
from gateway.services.payments.verdict import Baseline, apply, apply_details, judge
from kassenwart.v1 import Payment, TerminalReceipt

BEFORE = Baseline(True, "0041", "000841")
NOTHING = Baseline(True)
SILENT = Baseline()
OLD = PaymentResult(Verdict.APPROVED, 500, receipt_number="0041", trace_number="000841")


def new(verdict=Verdict.APPROVED, amount=1190):
    return PaymentResult(verdict, amount, receipt_number="0042", trace_number="000842", message="m", message_de="d")


@pytest.mark.parametrize(
    ("baseline", "last", "trace", "state"),
    [
        (BEFORE, new(), "", Payment.APPROVED),
        (BEFORE, new(Verdict.DECLINED), "", Payment.DECLINED),
        (BEFORE, new(Verdict.ABORTED), "", Payment.ABORTED),
        (BEFORE, OLD, "", Payment.ABORTED),  # nothing new is stored: not charged
        (NOTHING, new(), "", Payment.APPROVED),  # the terminal's first payment ever
        (BEFORE, None, "", Payment.UNKNOWN),
        (NOTHING, None, "", Payment.UNKNOWN),
        (SILENT, None, "", Payment.UNKNOWN),
        (BEFORE, new(amount=1191), "", Payment.UNKNOWN),  # new, but not this one
        (SILENT, new(), "", Payment.UNKNOWN),  # fits, but may be of any time
        (SILENT, new(), "000842", Payment.APPROVED),  # the terminal had told this trace number already
        (SILENT, new(), "000843", Payment.UNKNOWN),
        (SILENT, new(Verdict.DECLINED), "000842", Payment.DECLINED),
        (SILENT, new(amount=1), "000842", Payment.UNKNOWN),
        (SILENT, OLD, "", Payment.UNKNOWN),
    ],
)
def test_the_table(baseline, last, trace, state):
    payment = Payment(amount_minor=1190, trace_number=trace)
    judgement = judge(payment, baseline, last)
    assert judgement.state == state
    assert judgement.message
    assert judgement.message_de
    if state in {Payment.APPROVED, Payment.DECLINED}:
        assert judgement.result is last
    elif state == Payment.UNKNOWN:
        assert judgement.result is None  # another payment's card must not stand in this one


def test_an_old_payment_of_the_same_amount_is_not_the_new_one():
    same = PaymentResult(Verdict.APPROVED, 1190, receipt_number="0041", trace_number="000841")
    assert judge(Payment(amount_minor=1190), BEFORE, same).state == Payment.ABORTED


RESULTS = st.builds(
    PaymentResult,
    st.sampled_from(Verdict),
    st.integers(0, 3),
    receipt_number=st.sampled_from(["", "1", "2"]),
    trace_number=st.sampled_from(["", "1", "2"]),
)


@given(
    st.integers(1, 3),
    st.sampled_from(["", "1", "2"]),
    st.builds(Baseline, st.booleans(), st.sampled_from(["", "1", "2"]), st.sampled_from(["", "1", "2"])),
    st.none() | RESULTS,
)
def test_paid_is_only_said_of_a_stored_payment_that_is_new_and_fits(amount, trace, baseline, last):
    judgement = judge(Payment(amount_minor=amount, trace_number=trace), baseline, last)
    if judgement.state == Payment.APPROVED:
        assert last is not None
        assert last.verdict is Verdict.APPROVED
        assert last.amount_minor == amount
        changed = (last.receipt_number, last.trace_number) != (baseline.receipt_number, baseline.trace_number)
        assert (baseline.known and changed) or (trace and last.trace_number == trace)
    if last is None or (not baseline.known and not trace):
        assert judgement.state == Payment.UNKNOWN


@given(st.booleans(), st.text(max_size=8), st.text(max_size=8))
def test_baselines_go_there_and_back(known, receipt, trace):
    baseline = Baseline(known, receipt, trace)
    assert Baseline.load(baseline.dump()) == baseline


def test_baselines_of_what_the_terminal_told():
    assert Baseline.of(None) == NOTHING
    assert Baseline.of(OLD) == BEFORE
    assert Baseline.load(b"") == SILENT


def test_results_become_payments():
    result = PaymentResult(
        Verdict.DECLINED,
        1190,
        result_code=5,
        message="m",
        message_de="d",
        trace_number="7",
        receipt_number="8",
        terminal_id="9",
        authorisation="A",
        terminal_time="11-20 12:00:00",
        card_name="girocard",
        card_type=2,
        masked_pan="****1234",
        receipts=(DriverReceipt(ReceiptKind.CUSTOMER, ("Zeile",)),),
    )
    payment = Payment(state=Payment.IN_PROGRESS)
    apply_details(payment, result)
    assert payment.state == Payment.IN_PROGRESS  # the numbers are no verdict
    assert (payment.card.name, payment.card.type, payment.card.masked_number) == ("girocard", 2, "****1234")
    apply(payment, result)
    assert (payment.state, payment.result_code, payment.message_de) == (Payment.DECLINED, 5, "d")
    apply_details(payment, PaymentResult(Verdict.APPROVED, receipts=()))
    assert list(payment.receipts) == [TerminalReceipt(kind=TerminalReceipt.CUSTOMER, lines=["Zeile"])]
    bare = Payment()
    apply_details(bare, PaymentResult(Verdict.APPROVED))
    assert not bare.HasField("card")
