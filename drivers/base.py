"""What the gateway may ask of a device: one protocol per capability, and the values they exchange.

Drivers implement these; they know nothing of the gateway. One owner task calls a driver, one call at a time, with two
exceptions that may come while another call runs: `close()` and `PaymentTerminal.abort()`. All times are aware UTC
datetimes, all durations seconds, all money integers in minor units (cents). Failures are `drivers.errors.DriverError`.
"""

import enum
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Identity:
    """Who answered: what the device says of itself; empty where it says nothing."""

    vendor: str = ""
    model: str = ""
    serial: str = ""
    firmware: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """How a reachable device is: fully ready, or degraded with a reason in plain words."""

    ready: bool = True
    reason: str = ""


class Driver(Protocol):
    """What every device driver offers to the supervisor."""

    async def open(self) -> Identity:
        """Connect and shake hands within the driver's own limit. Raises DriverError; may be called again after."""
        ...

    async def check(self) -> Health:
        """Ask how the device is, without moving paper, money or a drawer. Raises DriverError when it is gone."""
        ...

    async def wait_lost(self) -> str:
        """Return, with the reason in plain words, once a held connection is found dead; never where none is held."""
        ...

    async def close(self) -> None:
        """Let go of the device; never raises, may be called at any time and twice."""
        ...


# --- receipt printers --------------------------------------------------------------------------------------------


class Paper(enum.Enum):
    """Roll paper as the printer's sensors tell it."""

    UNKNOWN = "unknown"
    OK = "ok"
    NEAR_END = "near_end"
    OUT = "out"


class Evidence(enum.Enum):
    """How a printer proved that a job came out, weakest first."""

    NONE = "none"  # the bytes were taken, nothing was ever answered
    STATUS = "status"  # the printer reported itself on-line and without error afterwards
    BARRIER = "barrier"  # it answered a buffered command (GS r) placed behind the cut
    PROCESS_ID = "process_id"  # it answered GS ( H behind the cut
    EPOS = "epos"  # its ePOS-Print answer


@dataclass(frozen=True, slots=True)
class PrinterStatus:
    """One reading of the printer's sensors; `None` where the printer did not tell."""

    answers: bool = True
    online: bool = True
    paper: Paper = Paper.UNKNOWN
    cover_open: bool | None = None
    error: str = ""
    drawer_pin_high: bool | None = None

    @property
    def blocked(self) -> str:
        """Why it cannot print now, in plain words; empty when it can (or does not tell)."""
        if self.cover_open:
            return "The printer's cover is open. Close it."
        if self.paper is Paper.OUT:
            return "The printer is out of paper. Put in a new roll."
        if self.error:
            return self.error
        if not self.online:
            return "The printer says it is off-line. Press its feed or on-line button."
        return ""


class SendProgress(Protocol):
    """Told by `ReceiptPrinter.send` as a job goes out."""

    async def sent(self) -> None:
        """All bytes have left; from here on only the proof is missing."""
        ...


class ReceiptPrinter(Driver, Protocol):
    """A printer that takes encoded jobs, one at a time."""

    async def status(self) -> PrinterStatus:
        """Read the sensors; `answers=False` for a printer that gives no status."""
        ...

    async def send(self, data: bytes, progress: SendProgress) -> Evidence:
        """Send one encoded job and wait for the best proof this printer gives.

        Raises DriverError: NOT_STARTED when no byte left, UNKNOWN when some may have been printed.
        """
        ...

    async def pulse(self, pin: int, on_ms: int, off_ms: int) -> None:
        """Send one drawer pulse on connector pin 2 or 5. NOT_STARTED when it surely did not leave, else UNKNOWN."""
        ...


# --- card terminals ----------------------------------------------------------------------------------------------


class Verdict(enum.Enum):
    """What a terminal finally said of a payment."""

    APPROVED = "approved"
    DECLINED = "declined"
    ABORTED = "aborted"


class ReceiptKind(enum.Enum):
    """Whose copy a terminal receipt is."""

    MERCHANT = "merchant"
    CUSTOMER = "customer"
    ADMINISTRATION = "administration"


@dataclass(frozen=True, slots=True)
class TerminalReceipt:
    """One receipt the terminal composed: plain lines, already decoded."""

    kind: ReceiptKind
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CardStatus:
    """An intermediate status of a running payment, to show to the cashier."""

    code: int
    text: str
    text_de: str


@dataclass(frozen=True, slots=True)
class PaymentResult:
    """What the terminal told of one transaction. Card numbers are masked; empty where not told."""

    verdict: Verdict
    amount_minor: int = 0
    currency_code: str = ""
    result_code: int = 0
    message: str = ""  # plain words for the cashier: why not, and what to do
    message_de: str = ""
    trace_number: str = ""
    receipt_number: str = ""
    terminal_id: str = ""
    authorisation: str = ""
    card_name: str = ""
    card_type: int = 0
    masked_pan: str = ""
    terminal_time: str = ""  # "MM-DD hh:mm:ss" of the terminal's own clock, which knows no year and no zone
    receipts: tuple[TerminalReceipt, ...] = ()


class PaymentListener(Protocol):
    """Told by a terminal as a payment proceeds."""

    def status(self, status: CardStatus) -> None:
        """An intermediate status; must not block."""
        ...

    async def result(self, result: PaymentResult) -> None:
        """The terminal announced its result. It is acknowledged only when this returns: store it durably here.

        When this raises, the driver refuses the result towards the terminal, which then takes the payment back.
        """
        ...


class PaymentTerminal(Driver, Protocol):
    """A card terminal that serves one payment at a time."""

    async def authorise(self, amount_minor: int, currency_code: str, listener: PaymentListener) -> PaymentResult:
        """Take a card payment. Raises DriverError: NOT_STARTED before the command left or when it was refused at once,
        UNKNOWN when the verdict is not known."""
        ...

    async def abort(self) -> bool:
        """Ask the terminal to abandon the running payment; True when it agreed. The verdict still comes from
        `authorise`."""
        ...

    async def last_transaction(self) -> PaymentResult | None:
        """The last transaction the terminal has stored, without printing; None when it has stored none. Raises
        DriverError NOT_STARTED when it does not tell: then nothing can be concluded."""
        ...


# --- TSE, the fiscal signing device ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TseInfo:
    """State of a TSE. `serial` is the SHA-256 of its public key point as lower-case hex (BSI TR-03151)."""

    serial: str
    public_key: bytes  # uncompressed point, 04 || X || Y
    certificate_pem: str
    certificate_expiry: datetime
    signature_algorithm: str  # as printed in the QR code, e.g. "ecdsa-plain-SHA384"
    time_format: str  # as printed in the QR code, e.g. "unixTime"
    description: str
    development: bool  # a development aid, never fit for real receipts
    signatures_created: int
    signatures_remaining: int
    self_test_passed: bool
    time_valid: bool
    clients: tuple[str, ...]
    open_transactions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TseSignature:
    """The answer to one signed step of a transaction."""

    transaction_number: int
    signature_counter: int
    log_time: datetime
    signature: bytes


class SigningDevice(Driver, Protocol):
    """A TSE that signs the steps of transactions, one command at a time."""

    async def info(self) -> TseInfo:
        """Read the state."""
        ...

    async def register_client(self, client_id: str) -> None:
        """Make a client (the till's serial) known; registering it again does nothing."""
        ...

    async def start(self, client_id: str) -> TseSignature:
        """Open a transaction; processType and processData are empty by law (DSFinV-K Annex I)."""
        ...

    async def update(self, client_id: str, number: int, process_type: str, process_data: bytes) -> TseSignature:
        """Add to an open transaction."""
        ...

    async def finish(self, client_id: str, number: int, process_type: str, process_data: bytes) -> TseSignature:
        """Close an open transaction."""
        ...

    async def last_response(self, client_id: str) -> TseSignature | None:
        """The answer last given to this client, to recover one that was lost on the way."""
        ...


# --- caller ID ---------------------------------------------------------------------------------------------------


class CallStep(enum.Enum):
    """What a line just reported."""

    RING = "ring"
    CALL = "call"
    CONNECT = "connect"
    DISCONNECT = "disconnect"


@dataclass(frozen=True, slots=True)
class LineEvent:
    """One event of a telephone line, as the device told it. Numbers are raw: as delivered by the exchange."""

    step: CallStep
    connection: int  # unique among calls in progress only, reused afterwards
    device_time: datetime | None = field(default=None)  # the device's local time: naive, no zone is known
    remote: str = ""
    local: str = ""
    line: str = ""
    extension: int | None = None
    duration: int = 0


class CallerIdSource(Driver, Protocol):
    """A device that reports calls."""

    def events(self) -> AsyncIterator[LineEvent]:
        """The events as they come, until the connection is lost."""
        ...
