"""The software TSE itself, without any wire: keys, counters, transactions, and a log that outlives every crash."""

import contextlib
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from drivers.base import TseInfo, TseSignature
from drivers.tse import der, signature
from drivers.tse.logmessage import Logged, LogMessage, Operation, SystemLog, TimeFormat, TransactionLog, to_be_signed
from drivers.tse.processdata import MAX_SIZE
from drivers.tse.refusals import Refusal
from drivers.tse.software._faults import Faults
from drivers.tse.software._identity import NAME, load_or_create
from drivers.tse.software._store import Store, StoreError

DESCRIPTION: Final = f"{NAME}, a development aid"
DEFAULT_CURVE: Final = "brainpoolP384r1"  # as the Swissbit USB TSE has it
MAX_SIGNATURES: Final = 20_000_000
MAX_OPEN: Final = 512
MAX_CLIENTS: Final = 100

# A PrintableString (X.680, 41.4) of the length that the narrowest makes take.
_CLIENT_ID: Final = re.compile(r"[A-Za-z0-9 '()+,\-./:=?]{1,30}")
_PROCESS_TYPE: Final = re.compile(r"[\x20-\x7e]{0,100}")


class RefusalError(Exception):
    """The device says no; nothing was signed (but see Refusal.STORAGE_FAILED)."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


class Device:
    """A TSE that lives in a directory. Not for use from several tasks or threads at once.

    At each start ("power-up") it wants a self test and the time, like the hardware.
    """

    def __init__(
        self,
        directory: Path,
        *,
        curve: str = DEFAULT_CURVE,
        faults: Faults | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Power up; a new directory makes a new TSE. Raises StoreError. `clock` counts seconds from anywhere."""
        self.faults = faults if faults is not None else Faults()
        self._clock = clock
        self._time_offset: float | None = None  # device time minus clock; None while the time is not set
        self._self_test_passed = False
        self._signature_counter = 0
        self._last_transaction = 0
        self._clients: dict[str, None] = {}
        self._open: dict[int, str] = {}
        self._last: dict[str, TseSignature] = {}
        self._store = Store(directory)
        try:
            self._identity = load_or_create(self._store, curve, datetime.now(UTC))
            self._log_time = self._identity.certificate.not_valid_before_utc
            self._restore()
        except BaseException:
            self._store.close()
            raise

    def close(self) -> None:
        """Power down."""
        with contextlib.suppress(OSError):
            self._store.checkpoint(self._state(), force=True)
        self._store.close()

    @property
    def serial(self) -> str:
        """Lower-case hex."""
        return self._identity.serial.hex()

    def info(self) -> TseInfo:
        """The state."""
        expired = "certificate-expired" in self.faults
        expiry = self._identity.certificate.not_valid_after_utc
        return TseInfo(
            serial=self.serial,
            public_key=self._identity.point,
            certificate_pem=self._identity.pem,
            certificate_expiry=self._now() - timedelta(days=1) if expired else expiry,
            signature_algorithm=self._identity.algorithm.name,
            time_format=TimeFormat.UNIX.value,
            description=DESCRIPTION,
            development=True,
            signatures_created=self._signature_counter,
            signatures_remaining=MAX_SIGNATURES - self._signature_counter,
            self_test_passed=self._self_test_passed,
            time_valid=self._time_offset is not None,
            clients=tuple(self._clients),
            open_transactions=tuple(sorted(self._open)),
        )

    def self_test(self) -> None:
        """Test itself; always passes."""
        self._sign(SystemLog("selfTest", der.write(0x81, b"software") + der.write(0x82, b"\xff")))
        self._self_test_passed = True

    def update_time(self, seconds: int) -> None:
        """Set the clock, in seconds since 1970."""
        before = int(self._now().timestamp())
        try:
            datetime.fromtimestamp(seconds, UTC)
        except (ValueError, OverflowError, OSError):
            raise RefusalError(Refusal.DATA_INVALID) from None
        self._time_offset = seconds - self._clock()
        self._sign(SystemLog("updateTime", der.write_integer(before, 0x81) + der.write_integer(seconds, 0x82)))

    def register_client(self, client_id: str) -> bool:
        """Make a client known; False when it already was."""
        if not _CLIENT_ID.fullmatch(client_id):
            raise RefusalError(Refusal.CLIENT_INVALID)
        if client_id in self._clients:
            return False
        if len(self._clients) >= MAX_CLIENTS:
            raise RefusalError(Refusal.TOO_MANY_CLIENTS)
        self._may_sign()
        self._sign(SystemLog("registerClient", der.write(0x81, client_id.encode())))
        return True

    def step(
        self, operation: Operation, client_id: str, number: int = 0, process_type: str = "", process_data: bytes = b""
    ) -> TseSignature:
        """One step of a transaction; START gives it the next number."""
        if self.faults.due("self-test-needed"):
            self._self_test_passed = False
        if self.faults.due("time-lost"):
            self._time_offset = None
        self._may_sign()
        if client_id not in self._clients:
            raise RefusalError(Refusal.CLIENT_NOT_REGISTERED)
        if not _PROCESS_TYPE.fullmatch(process_type) or len(process_data) > MAX_SIZE:
            raise RefusalError(Refusal.DATA_INVALID)
        if operation is Operation.START:
            if len(self._open) >= MAX_OPEN:
                raise RefusalError(Refusal.TOO_MANY_TRANSACTIONS)
            number = self._last_transaction + 1
        elif number not in self._open:
            raise RefusalError(Refusal.TRANSACTION_NOT_OPEN)
        elif self._open[number] != client_id:
            raise RefusalError(Refusal.TRANSACTION_OF_OTHER_CLIENT)
        self._sign(TransactionLog(operation, client_id, number, process_type, process_data))
        return self._last[client_id]

    def last_response(self, client_id: str) -> TseSignature | None:
        """The answer to this client's last step; None when it never made one."""
        return self._last.get(client_id)

    # --- signing ---------------------------------------------------------------------------------------------------

    def _may_sign(self) -> None:
        obstacles = {
            Refusal.CERTIFICATE_EXPIRED: "certificate-expired" in self.faults
            or self._now() > self._identity.certificate.not_valid_after_utc,
            Refusal.STORE_FULL: "full" in self.faults,
            Refusal.SELF_TEST_NEEDED: not self._self_test_passed,
            Refusal.TIME_NOT_SET: self._time_offset is None,
        }
        for refusal, applies in obstacles.items():
            if applies:
                raise RefusalError(refusal)

    def _sign(self, logged: Logged) -> None:
        if self._signature_counter >= MAX_SIGNATURES:
            raise RefusalError(Refusal.SIGNATURES_EXHAUSTED)
        identity, counter, moment = self._identity, self._signature_counter + 1, self._now()
        signed = to_be_signed(
            logged,
            serial=identity.serial,
            algorithm=identity.algorithm.oid,
            signature_counter=counter,
            log_time=moment,
        )
        value = signature.sign(identity.key, identity.algorithm, signed)
        message = LogMessage(
            logged, identity.serial, identity.algorithm.oid, counter, moment, TimeFormat.UNIX, value, signed
        )
        try:
            self._store.append(message)
        except OSError as error:
            raise RefusalError(Refusal.STORAGE_FAILED) from error
        self._apply(message)
        with contextlib.suppress(OSError):  # the log holds all of it
            self._store.checkpoint(self._state())

    def _now(self) -> datetime:
        """The device's time in whole seconds; while it is not set, that of the last log message."""
        if self._time_offset is None:
            return self._log_time
        return datetime.fromtimestamp(int(self._clock() + self._time_offset), UTC)

    # --- what follows from the log -----------------------------------------------------------------------------------

    def _apply(self, message: LogMessage) -> None:
        self._signature_counter = message.signature_counter
        self._log_time = message.log_time
        match message.logged:
            case TransactionLog() as step:
                if step.operation is Operation.START:
                    self._last_transaction = step.number
                    self._open[step.number] = step.client_id
                elif step.operation is Operation.FINISH:
                    self._open.pop(step.number, None)
                self._last[step.client_id] = TseSignature(
                    step.number, message.signature_counter, message.log_time, message.signature
                )
            case SystemLog(operation="registerClient") as registration:
                self._clients[registration.fields()[1].decode()] = None
            case _:
                pass

    def _restore(self) -> None:
        state, later = self._store.load_state()
        try:
            if state:
                self._signature_counter = state["signature_counter"]
                self._last_transaction = state["last_transaction"]
                self._log_time = datetime.fromtimestamp(state["log_time"], UTC)
                self._clients = dict.fromkeys(state["clients"])
                self._open = {int(number): client for number, client in state["open"].items()}
                self._last = {
                    client: TseSignature(number, counter, datetime.fromtimestamp(at, UTC), bytes.fromhex(value))
                    for client, (number, counter, at, value) in state["last"].items()
                }
        except (KeyError, TypeError, ValueError) as error:
            raise StoreError("state.json is damaged. Restore it from a backup.") from error
        for message in later:
            self._apply(message)

    def _state(self) -> dict[str, Any]:
        return {
            "signature_counter": self._signature_counter,
            "last_transaction": self._last_transaction,
            "log_time": int(self._log_time.timestamp()),
            "clients": list(self._clients),
            "open": self._open,
            "last": {
                client: (
                    last.transaction_number,
                    last.signature_counter,
                    int(last.log_time.timestamp()),
                    last.signature.hex(),
                )
                for client, last in self._last.items()
            },
        }
