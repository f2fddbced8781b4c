"""Names of card types met in everyday trade (PA00P015, list of ZVT card type ids)."""

_NAMES: dict[int, str] = {
    2: "ec-Karte",
    5: "girocard",
    6: "Mastercard",
    8: "American Express",
    9: "Lastschrift (ELV)",
    10: "Visa",
    11: "Visa Electron",
    12: "Diners Club",
    13: "V PAY",
    14: "JCB",
    30: "GeldKarte",
    46: "Maestro",
    97: "Alipay",
    198: "UnionPay",
    232: "Discover",
    260: "BlueCode",
}


def card_type_name(card_type: int) -> str:
    """The brand's name; empty for types not listed: show the card name that the terminal sent instead."""
    return _NAMES.get(card_type, "")
