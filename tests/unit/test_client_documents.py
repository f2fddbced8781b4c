"""The builders of documents."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kassenwart import documents, v1
from kassenwart.documents import (
    CENTER,
    LEFT,
    RIGHT,
    barcode,
    column,
    columns,
    cut,
    document,
    drawer,
    feed,
    image,
    item,
    money,
    qr,
    rule,
    text,
    to_document,
)


@pytest.mark.parametrize(
    ("block", "kind", "made"),
    [
        (text("a"), "text", v1.TextBlock(text="a", align=LEFT, width=1, height=1)),
        (
            text("a", align=RIGHT, bold=True, underline=True, invert=True, width=2, height=3),
            "text",
            v1.TextBlock(text="a", align=RIGHT, bold=True, underline=True, invert=True, width=2, height=3),
        ),
        (
            columns("a", column("b", width=9, align=RIGHT), bold=True),
            "columns",
            v1.ColumnsBlock(
                columns=[
                    v1.ColumnsBlock.Column(text="a", align=LEFT),
                    v1.ColumnsBlock.Column(text="b", width=9, align=RIGHT),
                ],
                bold=True,
            ),
        ),
        (rule("="), "rule", v1.RuleBlock(character="=")),
        (qr("V0;x"), "qr", v1.QrBlock(data="V0;x", correction=v1.QrBlock.M, align=CENTER)),
        (image(b"png", width=300), "image", v1.ImageBlock(png=b"png", width=300, align=CENTER)),
        (
            barcode("4006381333931", symbology=v1.BarcodeBlock.EAN13, show_text=False),
            "barcode",
            v1.BarcodeBlock(data="4006381333931", symbology=v1.BarcodeBlock.EAN13, height=80, align=CENTER),
        ),
        (feed(3), "feed", v1.FeedBlock(lines=3)),
        (cut(), "cut", v1.CutBlock()),
        (cut(full=True), "cut", v1.CutBlock(full=True)),
        (drawer(5), "drawer", v1.DrawerBlock(pin=5)),
    ],
)
def test_a_builder_makes_its_block(block, kind, made):
    assert block.WhichOneof("block") == kind
    assert getattr(block, kind) == made


def test_an_item_is_a_name_and_a_price_on_the_right():
    name, price = item("Espresso", 280).columns.columns
    assert (name.text, name.width) == ("Espresso", 0)
    assert (price.text, price.width, price.align) == ("2,80 EUR", 9, RIGHT)


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        (0, "EUR", "0,00 EUR"),
        (7, "EUR", "0,07 EUR"),
        (123450, "EUR", "1.234,50 EUR"),
        (-280, "EUR", "-2,80 EUR"),
        (999999999999, "EUR", "9.999.999.999,99 EUR"),
        (1500, "JPY", "1.500 JPY"),
        (1500, "KWD", "1,500 KWD"),
    ],
)
def test_money_is_shown_in_german(amount, currency, shown):
    assert money(amount, currency) == shown


@given(st.integers(-(10**12), 10**12))
def test_money_loses_no_cent(amount):
    assert int(money(amount).removesuffix(" EUR").replace(".", "").replace(",", "")) == amount


@pytest.mark.parametrize("amount", [2.8, "280", True])
def test_money_is_never_a_float(amount):
    with pytest.raises(TypeError, match="minor units"):
        money(amount)


def test_anything_that_can_be_printed_becomes_a_document():
    hello = document(text("Hallo"))
    assert to_document(hello) is hello
    assert to_document("Hallo") == hello
    assert to_document(text("Hallo")) == hello
    assert to_document(["Hallo", cut()]) == document(text("Hallo"), cut())
    assert to_document(block for block in ("a", "b")) == document("a", "b")


def test_all_names_are_there():
    assert all(hasattr(documents, name) for name in documents.__all__)
