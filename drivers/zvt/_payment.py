"""One payment as the till sees it: what the terminal told, and the verdict that follows (PA00P015, Authorisation)."""

import asyncio
import logging
from dataclasses import replace

from drivers.base import PaymentListener, PaymentResult, Verdict
from drivers.errors import Outcome, ProtocolError
from drivers.zvt._conversation import OK, End
from drivers.zvt._results import card_status, failed_result, payment_result, terminal_receipts
from drivers.zvt.codec import Message
from drivers.zvt.codec.messages import (
    AbortMessage,
    Acknowledgement,
    IntermediateStatus,
    PrintBlock,
    PrintLine,
    StatusInformation,
)
from drivers.zvt.codec.receipts import ReceiptCollector

_log = logging.getLogger(__name__)

#: Answer to a successful 04 0F that makes the terminal take the payment back: the goods were not delivered.
_TAKE_BACK = Acknowledgement(0x66)


class Payment:
    """Answers the messages of one payment and keeps what they say. `store`: seconds the listener may take."""

    def __init__(self, listener: PaymentListener, *, charset: int, currency_code: str, store: float) -> None:
        self._listener = listener
        self._charset = charset
        self._currency_code = currency_code
        self._store = store
        self._receipts = ReceiptCollector(charset)
        self._result: PaymentResult | None = None  # of the last 04 0F that told a result code
        self._taken_back = False

    async def on_message(self, message: Message) -> Acknowledgement:
        """Take one message; the acknowledgement of a result is given only once the listener has it."""
        if isinstance(message, StatusInformation):
            return await self._on_result(message)
        if isinstance(message, IntermediateStatus):
            self._on_status(message)
        elif isinstance(message, PrintLine | PrintBlock):
            self._receipts.add(message)
        return OK

    def _on_status(self, message: IntermediateStatus) -> None:
        try:
            self._listener.status(card_status(message, self._charset))
        except Exception:  # noqa: BLE001 - a line on a screen is no reason to lose a payment
            _log.exception("a card status could not be shown")

    async def _on_result(self, message: StatusInformation) -> Acknowledgement:
        code = message.result_code
        if code is None:  # seen in the field; it proves nothing, so it changes nothing
            return OK
        self._result = payment_result(message, code, self._charset, self._currency_code)
        try:
            async with asyncio.timeout(self._store):
                await self._listener.result(self._result)
        except Exception:  # noqa: BLE001 - whatever stopped it, a payment that is not on record must not stand
            _log.exception("the result of a payment could not be stored")
            if code == 0:
                self._taken_back = True
                return _TAKE_BACK
        return OK

    def conclude(self, end: End) -> PaymentResult:
        """The verdict once the terminal has ended. Raises ProtocolError UNKNOWN when it contradicts itself.

        The result code of 04 0F outranks the end message; success needs both. A result taken back is abandoned when
        the terminal ends with 06 1E, as it must.
        """
        result = self._concluded(end)
        return _with_receipts(result, self._receipts)

    def _concluded(self, end: End) -> PaymentResult:
        result = self._result
        if result is not None and result.verdict is not Verdict.APPROVED:
            return result
        if isinstance(end, AbortMessage):
            if result is None:
                return failed_result(end, self._charset)
            if self._taken_back:
                return _taken_back(result)
            raise _contradiction("said that the payment succeeded, and then that it failed")
        if result is None:
            raise _contradiction("ended the payment without telling its result")
        if self._taken_back:
            raise _contradiction("was told to take the payment back, but ended it as a success")
        if end.fields.number(0x27):
            raise _contradiction("said that the payment succeeded, but ended it with an error")
        return result


def _with_receipts(result: PaymentResult, receipts: ReceiptCollector) -> PaymentResult:
    return replace(result, receipts=terminal_receipts(receipts.receipts))


def _taken_back(result: PaymentResult) -> PaymentResult:
    return replace(
        result,
        verdict=Verdict.ABORTED,
        message="The payment was taken back, for its result could not be stored. Nothing was charged. Try again.",
        message_de="Die Zahlung wurde zurückgenommen, da sie nicht gespeichert werden konnte. Bitte erneut versuchen.",
    )


def _contradiction(what: str) -> ProtocolError:
    return ProtocolError(
        f"The terminal {what}.",
        outcome=Outcome.UNKNOWN,
        hint="Look at the terminal's receipt or journal before taking the payment again.",
    )
