"""processData: what DSFinV-K writes, from integers, and what it does not take."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.errors import CodecError
from drivers.tse import processdata
from drivers.tse.processdata import Kind, OrderLine, Payment, Receipt


def test_the_example_of_annex_i():
    payments = [
        Payment(6430, cash=False),
        Payment(500, cash=True, currency="USD"),
        Payment(500, cash=True, currency="CHF"),
        Payment(600, cash=True),
        Payment(400, cash=True),
        Payment(0, cash=False, currency="GBP"),
    ]
    data = processdata.receipt(Kind.RECEIPT, (7533, 799, 0, 0, 0), payments)
    assert data == b"Beleg^75.33_7.99_0.00_0.00_0.00^10.00:Bar_5.00:Bar:CHF_5.00:Bar:USD_64.30:Unbar"
    assert processdata.check(processdata.RECEIPT, data) == ""


def test_aborted_is_a_receipt_of_nothing():
    assert processdata.receipt(Kind.ABORTED, [0] * 5, []) == processdata.ABORTED
    assert processdata.parse_receipt(processdata.ABORTED) == Receipt(Kind.ABORTED, (0,) * 5, ())


def test_money_given_back_and_money_without_cents():
    data = processdata.receipt(Kind.CANCELLATION, (-5, 0, 0, 0, -119), [Payment(-124, True), Payment(700, True, "JPY")])
    assert data == b"AVBelegstorno^-0.05_0.00_0.00_0.00_-1.19^-1.24:Bar_700.00:Bar:JPY"
    assert processdata.parse_receipt(data).payments == (Payment(-124, True), Payment(700, True, "JPY"))


@pytest.mark.parametrize(
    ("gross", "payments"),
    [
        ((1, 2, 3, 4), []),
        ((10**15, 0, 0, 0, 0), []),
        ((0,) * 5, [Payment(1, True, "euro")]),
        ((0,) * 5, [Payment(1, True, "KWD")]),
    ],
)
def test_receipts_that_cannot_be(gross, payments):
    with pytest.raises(CodecError):
        processdata.receipt(Kind.RECEIPT, gross, payments)


def test_order():
    lines = (
        OrderLine(Decimal(2), 'Eisbecher "Himbeere"', 399),
        OrderLine(Decimal("-0.5000"), "Käse; lose\r", 1290),
        OrderLine(Decimal("1E+2"), "", -5),
        OrderLine(Decimal("-0"), "x", 0),
    )
    data = processdata.order(lines)
    assert data.decode() == '2;"Eisbecher ""Himbeere""";3.99\r-0.5;"Käse; lose\r";12.90\r100;"";-0.05\r0;"x";0.00'
    assert processdata.parse_order(data) == lines
    assert processdata.check(processdata.ORDER, data) == ""


@pytest.mark.parametrize("quantity", ["NaN", "Infinity", "1E+15", "0.00000000001"])
def test_quantities_that_cannot_be(quantity):
    with pytest.raises(CodecError):
        processdata.order([OrderLine(Decimal(quantity), "x", 1)])


@pytest.mark.parametrize(
    ("process_type", "data", "words"),
    [
        ("KassenBeleg-V1", b"", "no processType"),
        ("Kassenbeleg-V1", b"Beleg", "three parts"),
        ("Kassenbeleg-V1", b"Quittung^0.00_0.00_0.00_0.00_0.00^", "no kind of receipt"),
        ("Kassenbeleg-V1", b"Beleg^0.00_0.00^", "five gross totals"),
        ("Kassenbeleg-V1", b"Beleg^3,000.00_0.00_0.00_0.00_0.00^", "no amount"),
        ("Kassenbeleg-V1", b"Beleg^1_0.00_0.00_0.00_0.00^", "no amount"),
        ("Kassenbeleg-V1", b"Beleg^0.00_0.00_0.00_0.00_0.00^1.00:Karte", "payment"),
        ("Kassenbeleg-V1", b"Beleg^0.00_0.00_0.00_0.00_0.00^1.00", "payment"),
        ("Kassenbeleg-V1", b"Beleg^0.00_0.00_0.00_0.00_0.00^1.00:Bar:Euro", "currency"),
        ("Bestellung-V1", b"", "Line 1"),
        ("Bestellung-V1", b'1;"x";1.00\n1;"y";1.00', "Line 2"),
        ("Bestellung-V1", b'1;"x";1.00\r', "Line 2"),
        ("SonstigerVorgang", b"\xff", "UTF-8"),
        ("SonstigerVorgang", b"x" * (processdata.MAX_SIZE + 1), "too long"),
    ],
)
def test_what_is_wrong_is_told_in_words(process_type, data, words):
    assert words in processdata.check(process_type, data)


def test_free_text():
    data = processdata.other("Schublade geöffnet")
    assert data == "Schublade geöffnet".encode()
    assert processdata.check(processdata.OTHER, data) == ""
    with pytest.raises(CodecError, match="characters"):
        processdata.other("\ud800")
    with pytest.raises(CodecError, match="too long"):
        processdata.other("x" * (processdata.MAX_SIZE + 1))


amounts = st.integers(-(10**12), 10**12)


@given(
    st.sampled_from(Kind),
    st.tuples(*[amounts] * 5),
    st.lists(st.builds(Payment, amounts, st.booleans(), st.sampled_from(["EUR", "CHF", "JPY", "USD"])), max_size=6),
)
def test_receipt_round_trip(kind, gross, payments):
    data = processdata.receipt(kind, gross, payments)
    back = processdata.parse_receipt(data)
    assert (back.kind, back.gross_minor) == (kind, gross)
    assert processdata.receipt(back.kind, back.gross_minor, back.payments) == data
    for cash in (True, False):
        for currency in ("EUR", "CHF"):
            total = sum(p.amount_minor for p in payments if (p.cash, p.currency) == (cash, currency))
            assert total == sum(p.amount_minor for p in back.payments if (p.cash, p.currency) == (cash, currency))


@given(
    st.lists(
        st.builds(
            OrderLine,
            st.decimals(-(10**9), 10**9, places=4, allow_nan=False, allow_infinity=False),
            st.text(st.characters(codec="utf-8"), max_size=30),
            amounts,
        ),
        min_size=1,
        max_size=5,
    )
)
def test_order_round_trip(lines):
    assert processdata.parse_order(processdata.order(lines)) == tuple(lines)


@settings(max_examples=200)
@given(
    st.sampled_from([processdata.RECEIPT, processdata.ORDER, processdata.OTHER, "x"]),
    st.binary(max_size=80) | st.text('Beleg^_0.:BarUn;"-1\r', max_size=60).map(str.encode),
)
def test_any_bytes_get_an_answer(process_type, data):
    assert isinstance(processdata.check(process_type, data), str)
