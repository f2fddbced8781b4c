"""The simulated terminal apart from any connection: who it is, what was agreed with the till, what it remembers."""

from dataclasses import dataclass, field

from drivers.simulation import Journal
from drivers.zvt.codec.bmp import Fields, FieldValue
from drivers.zvt.codec.messages import Config, PrintBlock, Registration, StatusInformation, TerminalStatus
from drivers.zvt.codec.text import CHARSETS, CP437
from drivers.zvt.codec.texts import result_text
from drivers.zvt.codec.tlv import Tlv, group
from drivers.zvt.simulator._faults import Faults
from drivers.zvt.simulator._ledger import Ledger, Transaction

CURRENCY = 978
CARD_NAME = "girocard"
#: Nibble E: digits that the terminal keeps for itself.
PAN = bytes.fromhex("672590EEEEEEEEE0014F")

_DEFAULT_WIDTH = 32
_AFTER_LOG_OFF = 0x86
_BUSY = 0x9C
_NOTHING_AGREED = Config(0)


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the last registration settled; the defaults hold while no till has registered."""

    config: Config = _NOTHING_AGREED
    tlv: bool = False
    blocks: bool = False
    charset: int = CP437
    charset_agreed: bool = False
    width: int = _DEFAULT_WIDTH

    @classmethod
    def of(cls, registration: Registration) -> "Agreement":
        """Settle what a till asks for: exactly one character set that we know is taken, and confirmed."""
        fields = registration.fields
        offered = fields.tags(0x27, 0x14) or fields.tags(0x14)
        charset = offered[0][0] if len(offered) == 1 and len(offered[0]) == 1 else None
        width = fields.tag(0x12) or b""
        agreed = charset is not None and charset in CHARSETS
        return cls(
            config=Config(registration.config),
            tlv=fields.raw(0x06) is not None,
            blocks=PrintBlock.CONTROL.to_bytes(2, "big") in fields.tags(0x26, 0x0A),
            charset=charset if agreed and charset is not None else CP437,
            charset_agreed=agreed,
            width=int(width.hex()) if width.hex().isdigit() and int(width.hex()) else _DEFAULT_WIDTH,
        )


@dataclass(slots=True)
class Terminal:
    """One terminal, shared by its connections. `answer`: seconds it waits for acknowledgements (T3)."""

    journal: Journal
    ledger: Ledger
    faults: Faults
    terminal_id: str = "52500001"
    password: str = "000000"  # noqa: S105 - what terminals are delivered with
    answer: float = 5.0
    agreement: Agreement = field(default_factory=Agreement)
    running: bool = False  # one command at a time, whichever connection it came on

    def log_off(self) -> None:
        """Fall back to what holds after a log-off."""
        self.agreement = Agreement(Config(_AFTER_LOG_OFF))

    def status(self, service: int) -> TerminalStatus:
        """The answer to a status enquiry with this service byte."""
        about = group(
            0xE4,
            Tlv(0x1F40, b"Kassenwart ZVT"),
            Tlv(0x1F41, b"simulator 1"),
            Tlv(0x1F42, b"SIM00001"),
        )
        told: dict[int, FieldValue] = {}
        if service & 0x04:
            told[0x06] = (Tlv(0x1F44, bytes.fromhex(self.terminal_id)), about)
        return TerminalStatus(
            _BUSY if self.running else self.faults.status, "" if service & 0x02 else "1.0.0", Fields.of(told)
        )

    def registration_fields(self) -> Fields:
        """What the completion of a registration tells."""
        told: dict[int, FieldValue] = {0x19: 0, 0x29: self.terminal_id, 0x49: CURRENCY}
        if self.agreement.charset_agreed:
            told[0x06] = (group(0x27, Tlv(0x14, bytes([self.agreement.charset]))),)
        return Fields.of(told)

    def status_information(self, transaction: Transaction) -> StatusInformation:
        """A transaction as 04 0F."""
        told: dict[int, FieldValue] = {
            0x27: transaction.result_code,
            0x04: transaction.amount_minor,
            0x0B: transaction.trace_number,
            0x0C: f"{transaction.when:%H%M%S}",
            0x0D: f"{transaction.when:%m%d}",
            0x19: 0x60,
            0x22: PAN,
            0x29: self.terminal_id,
            0x2A: "SIM123456",
            0x49: CURRENCY,
            0x87: transaction.receipt_number,
            0x88: transaction.turnover_number,
            0x8A: 5,
            0x8B: CARD_NAME + "\0",
        }
        if transaction.result_code:
            told[0x3C] = result_text(transaction.result_code).de
        else:
            told[0x3B] = f"{transaction.turnover_number:06}\0\0"
        if self.agreement.tlv:
            told[0x06] = (Tlv(0x1F10, b"\0"), Tlv(0x1F12, b"\2"))
        return StatusInformation(Fields.of(told, self.agreement.charset))
