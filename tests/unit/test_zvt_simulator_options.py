"""Options of the simulated terminal, and the file that keeps its memory."""

from pathlib import Path

import pytest

from drivers.zvt.simulator import FAULTS, MAGIC_AMOUNTS, Faults, parse_faults
from drivers.zvt.simulator._ledger import Ledger


def test_every_fault_can_be_asked_for():
    for name, help_text in FAULTS.items():
        assert isinstance(parse_faults([name]), Faults)
        assert help_text


def test_values():
    faults = parse_faults(["decline=33", "slow=1.5", "drop-after-result=booked", "split"])
    assert (faults.decline, faults.cardholder, faults.books_anyway, faults.split) == (0x33, 1.5, True, True)
    assert parse_faults(["decline", "approve"]).decline == 0


@pytest.mark.parametrize("option", ["nonsense", "decline=zz", "slow=long", "silent=yes", "drop-before-result=maybe"])
def test_mistakes_are_told_in_plain_words(option):
    with pytest.raises(ValueError, match=r"there is no fault|is no value for"):
        parse_faults([option])


def test_amounts_change_one_payment_only():
    faults = parse_faults(["split"])
    assert faults.for_amount(900_001).decline == 5
    assert faults.for_amount(900_001).split
    assert faults.for_amount(1234) is faults


def test_numbers_wrap_and_are_never_zero(tmp_path):
    path = tmp_path / "state.json"
    ledger = Ledger(path, receipt_number=9_999, trace_number=999_999, turnover_number=999_999)
    first = ledger.begin(100, 0)
    assert (first.receipt_number, first.trace_number, first.turnover_number) == (1, 1, 1)
    ledger.keep(first)
    again = Ledger.open(path)
    assert again == ledger
    assert again.booked == [first]
    declined = again.begin(100, 5)
    again.keep(declined)
    assert Ledger.open(path).last == declined
    assert Ledger.open(path).booked == [first]
    assert Ledger.open(tmp_path / "none.json").last is None


def test_the_page_for_technicians_names_every_fault_and_amount():
    page = (Path(__file__).parents[2] / "docs" / "terminals.md").read_text(encoding="utf-8")
    for name in FAULTS:
        assert f"| `{name}" in page
    for amount, option in MAGIC_AMOUNTS.items():
        assert f"| {amount} | {amount // 100}.{amount % 100:02} | `{option}`" in page
