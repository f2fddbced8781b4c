"""What the codes of ZVT mean, in English and German: result codes, intermediate and terminal statuses, card types."""

from drivers.zvt.codec.texts.cards import card_type_name
from drivers.zvt.codec.texts.results import ABORTED, ResultText, result_text
from drivers.zvt.codec.texts.statuses import REMOVE_CARD, Text, status_text
from drivers.zvt.codec.texts.terminal import terminal_condition

__all__ = [
    "ABORTED",
    "REMOVE_CARD",
    "ResultText",
    "Text",
    "card_type_name",
    "result_text",
    "status_text",
    "terminal_condition",
]
