"""Why a TSE says no: one stable word for each reason, whatever the make, with plain words for the shop."""

import enum
from typing import Final

from drivers.errors import DeviceRefused, Outcome


class Refusal(enum.Enum):
    """Reasons common to all makes; the value is the `reason` of the DeviceRefused."""

    OUTAGE = "TSE_OUTAGE"
    STORAGE_FAILED = "TSE_STORAGE_FAILED"
    SELF_TEST_NEEDED = "TSE_SELF_TEST_NEEDED"
    TIME_NOT_SET = "TSE_TIME_NOT_SET"
    CERTIFICATE_EXPIRED = "TSE_CERTIFICATE_EXPIRED"
    SIGNATURES_EXHAUSTED = "TSE_SIGNATURES_EXHAUSTED"
    STORE_FULL = "TSE_STORE_FULL"
    CLIENT_INVALID = "TSE_CLIENT_INVALID"
    CLIENT_NOT_REGISTERED = "TSE_CLIENT_NOT_REGISTERED"
    TOO_MANY_CLIENTS = "TSE_TOO_MANY_CLIENTS"
    TRANSACTION_NOT_OPEN = "TSE_TRANSACTION_NOT_OPEN"
    TRANSACTION_OF_OTHER_CLIENT = "TSE_TRANSACTION_OF_OTHER_CLIENT"
    TOO_MANY_TRANSACTIONS = "TSE_TOO_MANY_TRANSACTIONS"
    DATA_INVALID = "TSE_DATA_INVALID"
    COMMAND_INVALID = "TSE_COMMAND_INVALID"


_SELL_ON = "Selling may go on without it; the receipts must then show that the TSE has failed."
_REPLACE = f"Order a new TSE from your dealer now. {_SELL_ON}"

#: What happened, and what to do next.
_WORDS: Final[dict[Refusal, tuple[str, str]]] = {
    Refusal.OUTAGE: (
        "The TSE has failed: every command ends in an error.",
        f"Unplug and restart it. {_SELL_ON}",
    ),
    Refusal.STORAGE_FAILED: (
        "The TSE could not store its record, so it is not known whether the step counts.",
        "Check that its disk is not full, restart it, then ask it for its last response.",
    ),
    Refusal.SELF_TEST_NEEDED: ("The TSE wants to test itself before it signs again.", "Run its self test."),
    Refusal.TIME_NOT_SET: ("The clock of the TSE is not set.", "Set its time; check the clock of this machine first."),
    Refusal.CERTIFICATE_EXPIRED: ("The certificate of the TSE has expired; it signs no more.", _REPLACE),
    Refusal.SIGNATURES_EXHAUSTED: ("The TSE has used up all its signatures.", _REPLACE),
    Refusal.STORE_FULL: ("The memory of the TSE is full.", f"Export its data and archive them. {_REPLACE}"),
    Refusal.CLIENT_INVALID: (
        "This till's serial number cannot be registered with a TSE.",
        "Use 1 to 30 characters: letters, digits, space and ' ( ) + , - . / : = ?",
    ),
    Refusal.CLIENT_NOT_REGISTERED: ("This till is not registered with the TSE.", "Register its serial number first."),
    Refusal.TOO_MANY_CLIENTS: ("No more tills can be registered with this TSE.", "Deregister one that is gone."),
    Refusal.TRANSACTION_NOT_OPEN: (
        "The TSE has no open transaction with this number.",
        "It was finished already, or never started: ask the TSE for its open transactions.",
    ),
    Refusal.TRANSACTION_OF_OTHER_CLIENT: (
        "This transaction was started by another till.",
        "Finish it from the till that started it.",
    ),
    Refusal.TOO_MANY_TRANSACTIONS: (
        "Too many transactions are open on the TSE.",
        "Finish the old ones; those that came to nothing with AVBelegabbruch.",
    ),
    Refusal.DATA_INVALID: ("The TSE does not take this data.", "Check processType and the length of processData."),
    Refusal.COMMAND_INVALID: ("The TSE did not understand the command.", "Update the gateway or the TSE."),
}


def refused(refusal: Refusal) -> DeviceRefused:
    """The error to raise when the TSE said no for this reason."""
    message, hint = _WORDS[refusal]
    # All refusals come before anything is signed, but one: a record that may or may not have reached the disk.
    outcome = Outcome.UNKNOWN if refusal is Refusal.STORAGE_FAILED else Outcome.FAILED
    return DeviceRefused(message, outcome=outcome, reason=refusal.value, hint=hint)
