"""The driver of a ZVT card terminal over TCP: registration, health, payments, and what happened last."""

import asyncio
from collections.abc import Awaitable, Callable

from drivers.base import Health, Identity, PaymentListener, PaymentResult
from drivers.errors import CodecError, DeviceRefused, DeviceUnreachable, DriverError, Outcome
from drivers.transport import ByteStream, connect_tcp
from drivers.zvt._conversation import OK, Conversation, End, OnMessage, Refused, acknowledge
from drivers.zvt._link import Link
from drivers.zvt._payment import Payment
from drivers.zvt._results import CURRENCIES, amount_problem, charset_of, payment_result
from drivers.zvt._timers import Timers
from drivers.zvt.codec import Apdu, Message
from drivers.zvt.codec.bmp import Fields, FieldValue
from drivers.zvt.codec.messages import (
    AbortMessage,
    Acknowledgement,
    Authorisation,
    Config,
    PrintBlock,
    Registration,
    RepeatReceipt,
    StatusEnquiry,
    StatusInformation,
    TerminalStatus,
)
from drivers.zvt.codec.text import CHARSETS, CP437, UTF8, decode_text
from drivers.zvt.codec.texts import result_text, terminal_condition
from drivers.zvt.codec.tlv import Tlv, group

DEFAULT_PORT = 20007

#: The code of a wrong PIN also tells a wrong cashier password (seen at card complete).
_BUSY, _NOT_REGISTERED, _WRONG_PASSWORD = 0x9C, 0x6B, 0x37
_REASONS = {_BUSY: "TERMINAL_BUSY", _NOT_REGISTERED: "TERMINAL_NOT_REGISTERED"}

#: Service bytes (BMP 03): Status-Enquiry and Repeat-Receipt.
_WITHOUT_VERSION, _WITH_TLV = 0x02, 0x04
_SEND_STATUS_SILENTLY = 0x03

#: BMP 19 of a payment: the terminal decides how, without GeldKarte.
_PAYMENT_TYPE = 0x40


class ZvtTerminal:
    """A card terminal, PT in ZVT's words; implements `drivers.base.PaymentTerminal`.

    `password` is the six-digit cashier password, `currency` the one it is registered for. `charset` overrules what
    terminal and till agree on, for terminals known to send another (tag 14 number, e.g. 1 = ISO 8859-1).
    `lock_terminal` forbids to start payments at the terminal itself. `connect` replaces the TCP connection.
    """

    def __init__(
        self,
        host: str,
        port: int = DEFAULT_PORT,
        *,
        password: str = "000000",  # noqa: S107 - what terminals are delivered with
        currency: str = "EUR",
        charset: int | None = None,
        offer_tlv: bool = True,
        printer_width: int | None = None,
        lock_terminal: bool = False,
        timers: Timers | None = None,
        connect: Callable[[], Awaitable[ByteStream]] | None = None,
    ) -> None:
        if len(password) != 6 or not (password.isascii() and password.isdigit()):
            raise ValueError("the terminal's password must be six digits")
        if currency not in CURRENCIES:
            raise ValueError(f"the currency {currency!r} is not known to this driver")
        if charset is not None and charset not in CHARSETS:
            raise ValueError(f"the character set {charset} is not known to this driver")
        if printer_width is not None and not 0 < printer_width < 100:
            raise ValueError("the printer width must be 1 to 99 characters")
        self._timers = timers or Timers()
        self._connect = connect or (lambda: connect_tcp(host, port, timeout=self._timers.connect))
        self._password = password
        self._currency = currency
        self._charset_override = charset
        self._charset = CP437 if charset is None else charset
        self._offer_tlv = offer_tlv
        self._printer_width = printer_width
        self._lock_terminal = lock_terminal
        self._link: Link | None = None
        self._one_at_a_time = asyncio.Lock()
        self._payment: Conversation | None = None  # the one that abort() is meant for

    # --- life --------------------------------------------------------------------------------------------------

    async def open(self) -> Identity:
        """Connect, register (06 00) and ask who it is (05 01). Raises DriverError, always NOT_STARTED.

        Reason TERMINAL_BUSY while the terminal still has something to end: try again until it is done.
        """
        await self.close()
        self._link = Link(await self._connect(), message_limit=self._timers.answer)
        try:
            await self._register()
            return await self._identify()
        except BaseException:
            await self.close()
            raise

    async def check(self) -> Health:
        """Ask for the terminal's status (05 01): never moves money. Raises DriverError when it is gone."""
        told = await self._status(_WITHOUT_VERSION)
        if isinstance(told, TerminalStatus):
            return Health(*terminal_condition(told.status))
        return Health(ready=False, reason=result_text(told.code).message)

    async def wait_lost(self) -> str:
        """Return, with the reason in plain words, once the held connection is dead; never where none is held."""
        if self._link is None:
            await asyncio.get_running_loop().create_future()
        assert self._link is not None
        return await self._link.wait_dead()

    async def close(self) -> None:
        """Let go of the connection. A payment under way ends as UNKNOWN: the terminal decides it alone."""
        link, self._link = self._link, None
        if link is not None:
            await link.close("The connection was closed by this side.")

    # --- money -------------------------------------------------------------------------------------------------

    async def authorise(self, amount_minor: int, currency_code: str, listener: PaymentListener) -> PaymentResult:
        """Take a card payment (06 01); see `drivers.base.PaymentTerminal`.

        The terminal books when its result is acknowledged, and that is done when `listener.result` returns: when it
        raises, the terminal takes the payment back and the verdict is ABORTED. Cancelling drops the connection.
        """
        problem = amount_problem(amount_minor, currency_code)
        if problem:
            raise DriverError(problem, outcome=Outcome.NOT_STARTED, reason="INVALID_AMOUNT")
        payment = Payment(listener, charset=self._charset, currency_code=currency_code, store=self._timers.store)
        fields: dict[int, FieldValue] = {0x04: amount_minor, 0x49: CURRENCIES[currency_code], 0x19: _PAYMENT_TYPE}
        command = Authorisation(Fields.of(fields))
        try:
            end = await self._converse(command.apdu(), payment.on_message, money=True)
        except Refused as refused:
            raise _refusal(refused.code) from refused
        return payment.conclude(end)

    async def abort(self) -> bool:
        """Send 06 B0 to the running payment; True when the terminal agreed. May come from any task."""
        return self._payment is not None and await self._payment.abort()

    async def last_transaction(self) -> PaymentResult | None:
        """The last stored transaction (06 20, silent); None when the terminal has none (it ends with 06 1E).

        Raises DeviceRefused NOT_STARTED: TERMINAL_BUSY while the terminal asks to wait, e.g. in an automatic reversal;
        TERMINAL_REFUSED when it does not know the command, so that nothing can be concluded.
        """
        told: list[StatusInformation] = []

        async def collect(message: Message) -> Acknowledgement:
            if isinstance(message, StatusInformation):
                told.append(message)
            return OK

        command = RepeatReceipt(self._password, Fields.of({0x03: _SEND_STATUS_SILENTLY}))
        try:
            end = await self._ask(command.apdu(), collect)
        except Refused as refused:
            raise _refusal(refused.code) from refused
        if isinstance(end, AbortMessage):
            if end.result_code == _BUSY:
                raise _refusal(_BUSY)
            return None
        code = told[0].result_code if told else None
        if code is None:  # seen with some makes: they end well and tell nothing
            raise DeviceRefused(
                "The terminal does not tell its last transaction.",
                outcome=Outcome.NOT_STARTED,
                reason="TERMINAL_REFUSED",
                hint="Look at the terminal's own journal.",
            )
        return payment_result(told[0], code, self._charset, self._currency)

    # --- parts -------------------------------------------------------------------------------------------------

    async def _register(self) -> None:
        config = (
            Config.ECR_PRINTS_PAYMENTS
            | Config.ECR_PRINTS_ADMINISTRATION
            | Config.INTERMEDIATE_STATUS
            | Config.FINISHED_LINES
        )
        if self._lock_terminal:
            config |= Config.PAYMENT_LOCKED
        fields = Fields.of({0x06: self._tlv_offer()}) if self._offer_tlv else Fields()
        command = Registration(self._password, int(config), CURRENCIES[self._currency], fields)
        try:
            end = await self._ask(command.apdu(), acknowledge)
        except Refused as refused:
            raise _registration_refusal(refused.code) from refused
        if isinstance(end, AbortMessage):
            raise _registration_refusal(end.result_code)
        agreed = charset_of(end.fields.tags(0x27, 0x14) or end.fields.tags(0x14))
        self._charset = next(each for each in (self._charset_override, agreed, CP437) if each is not None)

    def _tlv_offer(self) -> tuple[Tlv, ...]:
        """What we add to the registration: blocks may be sent, in UTF-8 if you can, for a printer this wide."""
        width = () if self._printer_width is None else (Tlv(0x12, bytes.fromhex(f"{self._printer_width:02}")),)
        blocks = group(0x26, Tlv(0x0A, PrintBlock.CONTROL.to_bytes(2, "big")))
        return (*width, blocks, group(0x27, Tlv(0x14, bytes([UTF8]))))

    async def _identify(self) -> Identity:
        told = await self._status(_WITH_TLV)
        if not isinstance(told, TerminalStatus):
            if told.code == _BUSY:
                raise _refusal(_BUSY)
            return Identity()  # it registered us, so it lives
        if told.status == _BUSY:
            # It may be ending, or reversing, a payment that we lost: its last transaction would not be the last word.
            raise _refusal(_BUSY)
        serial = told.fields.tag(0xE4, 0x1F42) or b""
        return Identity(
            model=_name(told.fields.tag(0xE4, 0x1F40)),
            serial=serial.decode("ascii") if serial.isalnum() else serial.hex().upper(),
            firmware=told.version or _name(told.fields.tag(0xE4, 0x1F41)),
        )

    async def _status(self, service: int) -> TerminalStatus | Refused:
        """Ask for the status; the refusal instead where the terminal will not tell."""
        command = StatusEnquiry(self._password, Fields.of({0x03: service}))
        try:
            end = await self._ask(command.apdu(), acknowledge)
        except Refused as refused:
            return refused
        if isinstance(end, AbortMessage):
            return Refused(end.result_code or 0)
        try:
            return end.terminal_status
        except CodecError:  # it ended well and told nothing: no complaint
            return TerminalStatus(0)

    async def _ask(self, command: Apdu, on_message: OnMessage) -> End:
        return await self._converse(command, on_message, money=False)

    async def _converse(self, command: Apdu, on_message: OnMessage, *, money: bool) -> End:
        """Run one command. Whatever cuts it short also ends the connection, for its answers would confuse the next."""
        async with self._one_at_a_time:
            link = self._link
            if link is None:
                raise DeviceUnreachable("The terminal is not connected.", hint="Wait until it is back, then try again.")
            silence = self._timers.payment if money else self._timers.administration
            conversation = Conversation(link, self._timers, silence=silence, abortable=money)
            self._payment = conversation if money else None
            try:
                return await conversation.run(command, on_message)
            except Refused as refused:
                if refused.code == _NOT_REGISTERED:  # the next open() registers again
                    await link.close("The terminal has forgotten the till.")
                raise
            except DriverError as error:
                await link.close(error.message)
                raise _judged(error, Outcome.UNKNOWN if money and conversation.left else Outcome.NOT_STARTED) from error
            except BaseException:
                await link.close("A command was given up half-way.")
                raise
            finally:
                self._payment = None


def _judged(error: DriverError, outcome: Outcome) -> DriverError:
    hint = error.hint
    if outcome is Outcome.UNKNOWN and not hint:
        hint = "Ask the terminal for its last transaction, or look at its receipt, before taking the payment again."
    return type(error)(error.message, outcome=outcome, reason=error.reason, hint=hint)


def _refusal(code: int | None, prefix: str = "") -> DeviceRefused:
    text = result_text(code)
    reason = _REASONS.get(code or 0, "TERMINAL_REFUSED")
    return DeviceRefused(prefix + text.en, outcome=Outcome.NOT_STARTED, reason=reason, hint=text.next_en)


def _registration_refusal(code: int | None) -> DeviceRefused:
    prefix = "The terminal refused the registration of the till: "
    if code != _WRONG_PASSWORD:
        return _refusal(code, prefix)
    return DeviceRefused(
        f"{prefix}the cashier password is wrong.",
        outcome=Outcome.NOT_STARTED,
        reason="WRONG_PASSWORD",
        hint="Compare the configured password with the terminal's.",
    )


def _name(raw: bytes | None) -> str:
    return decode_text(raw or b"").strip()
