"""One payment on the simulated terminal, and when it books (PA00P015, Authorisation and Autostorno).

The sale is booked once the till acknowledged 04 0F and every print message. Whatever goes wrong before, once the bank
has said yes, reverses it.
"""

from dataclasses import replace

from drivers.errors import DriverError
from drivers.zvt.codec.bmp import Fields
from drivers.zvt.codec.messages import (
    AbortMessage,
    Acknowledgement,
    Completion,
    Config,
    IntermediateStatus,
    PrintBlock,
    PrintLine,
    StatusInformation,
)
from drivers.zvt.codec.receipts import CUSTOMER, MERCHANT
from drivers.zvt.codec.text import mask_pan
from drivers.zvt.codec.texts import ABORTED
from drivers.zvt.simulator._faults import Drop, Faults
from drivers.zvt.simulator._ledger import Transaction
from drivers.zvt.simulator._slip import as_block, as_lines, slip
from drivers.zvt.simulator._terminal import CARD_NAME, PAN, Terminal
from drivers.zvt.simulator._wire import Wire

#: Intermediate statuses.
_PRESENT_CARD, _BANK = 0x0A, 0x04

#: The till's answers to 04 0F: ask again in 2 s; only so much was delivered.
_LATER, _PARTLY = 0x9C, 0x9D
_PAUSE, _ASKED_AT_MOST = 2.0, 30

_GARBAGE = bytes.fromhex("DEAD00EFBEEF") * 4


class _TakenBack(Exception):
    """The till refused: the sale is reversed. `code` ends the command."""

    def __init__(self, code: int) -> None:
        super().__init__(f"84 {code:02X}")
        self.code = code


class Sale:
    """One payment from card to end message."""

    def __init__(self, terminal: Terminal, wire: Wire, amount_minor: int, faults: Faults) -> None:
        self._terminal = terminal
        self._wire = wire
        self._amount = amount_minor
        self._faults = faults

    async def run(self) -> None:
        """Play it. Raises DriverError or TimeoutError when the till is gone; the books are right then, too."""
        self._journal("payment_started", amount_minor=self._amount)
        if self._faults.garbage:
            await self._wire.raw(_GARBAGE)
            self._journal("aborted", reason="garbage sent")
            return
        try:
            code = await self._card()
            if code == 0:
                code = await self._bank()
        except BaseException as error:
            self._journal("aborted", reason=_why(error))
            raise
        if code:
            await self._fail(code)
        else:
            await self._approve()

    async def _card(self) -> int:
        """Wait for the card, abortable; the result code, 0 to go on."""
        self._wire.abort_possible = True
        await self._status(_PRESENT_CARD)
        if not self._wire.abort_requested:
            await self._wire.listen(None if self._faults.stall else self._faults.cardholder)
        self._wire.abort_possible = False
        return ABORTED if self._wire.abort_requested or self._faults.cardholder_aborts else 0

    async def _bank(self) -> int:
        """Ask the bank: too late for 06 B0."""
        await self._status(_BANK)
        await self._wire.listen(self._faults.host)
        return self._faults.decline

    async def _fail(self, code: int) -> None:
        if code == ABORTED:
            self._journal("aborted", reason="by the till" if self._wire.abort_requested else "by the cardholder")
            await self._wire.say(StatusInformation(Fields.of({0x27: code, 0x29: self._terminal.terminal_id})))
        else:
            transaction = self._terminal.ledger.begin(self._amount, code)
            self._terminal.ledger.keep(transaction)
            self._journal("declined", result_code=code, **_numbers(transaction))
            await self._wire.say(self._terminal.status_information(transaction))
        await self._wire.say(AbortMessage(code))

    async def _approve(self) -> None:
        transaction = self._terminal.ledger.begin(self._amount, 0)
        try:
            transaction = await self._have_it_taken(transaction)
        except _TakenBack as refusal:
            self._journal("reversed", reason=f"the till answered {refusal}", **_numbers(transaction))
            await self._wire.say(AbortMessage(refusal.code))
            return
        except BaseException as error:
            if self._faults.books_anyway:
                self._book(transaction)
            else:
                self._journal("reversed", reason=_why(error), **_numbers(transaction))
            raise
        self._book(transaction)
        if self._faults.drop is Drop.BEFORE_COMPLETION:
            await self._wire.drop()
        await self._wire.say(Completion())

    async def _have_it_taken(self, transaction: Transaction) -> Transaction:
        """Announce and print; returns once everything is acknowledged, with the amount that was delivered."""
        if self._faults.drop is Drop.BEFORE_RESULT:
            await self._wire.drop()
        result = self._terminal.status_information(transaction)
        if self._faults.drop is Drop.AFTER_RESULT:
            await self._wire.tell(result)
            await self._wire.drop()
        answer = await self._wire.say(result)
        asked = 1
        while answer.error == _LATER and asked < _ASKED_AT_MOST:
            await self._wire.listen(_PAUSE)
            answer = await self._wire.say(result)
            asked += 1
        if answer.error == _PARTLY:
            transaction = _delivered(transaction, answer)
        elif not answer.positive:
            raise _TakenBack(answer.error)
        for message in self._prints(transaction):
            answer = await self._wire.say(message)
            if not answer.positive:
                raise _TakenBack(answer.error)
        return transaction

    def _prints(self, transaction: Transaction) -> list[PrintLine | PrintBlock]:
        agreed = self._terminal.agreement
        messages: list[PrintLine | PrintBlock] = []
        if Config.ECR_PRINTS_PAYMENTS not in agreed.config:
            self._journal("printed", copies=2)
        elif Config.FINISHED_LINES in agreed.config:
            messages = copies(self._terminal, transaction)
        return messages

    async def _status(self, code: int) -> None:
        if Config.INTERMEDIATE_STATUS in self._terminal.agreement.config:
            await self._wire.say(IntermediateStatus(code))

    def _book(self, transaction: Transaction) -> None:
        self._terminal.ledger.keep(transaction)
        self._journal("booked", **_numbers(transaction))

    def _journal(self, event: str, **fields: object) -> None:
        self._terminal.journal.write(event, **fields)


def copies(terminal: Terminal, transaction: Transaction) -> list[PrintLine | PrintBlock]:
    """Merchant and customer copy, as blocks or lines, whichever the till registered for."""
    agreed = terminal.agreement
    messages: list[PrintLine | PrintBlock] = []
    for kind in (MERCHANT, CUSTOMER):
        lines = slip(
            transaction,
            kind,
            terminal_id=terminal.terminal_id,
            card=CARD_NAME,
            pan=mask_pan(PAN).replace("*", "#"),
            width=agreed.width,
        )
        if agreed.blocks:
            messages.append(as_block(lines, kind, agreed.charset))
        else:
            messages.extend(as_lines(lines, agreed.charset))
    return messages


def _delivered(transaction: Transaction, answer: Acknowledgement) -> Transaction:
    amount = Fields.salvage(answer.data).number(0x04)
    if amount is None or not 0 < amount <= transaction.amount_minor:
        raise _TakenBack(_PARTLY)
    return replace(transaction, amount_minor=amount)


def _numbers(transaction: Transaction) -> dict[str, object]:
    return {
        "amount_minor": transaction.amount_minor,
        "receipt_number": f"{transaction.receipt_number:04}",
        "trace_number": f"{transaction.trace_number:06}",
    }


def _why(error: BaseException) -> str:
    if isinstance(error, DriverError):
        return error.message
    return "the till did not acknowledge" if isinstance(error, TimeoutError) else "the simulator was stopped"
