"""The signed steps of a transaction, and how an interrupted one is brought to an end by asking the TSE."""

import json
from dataclasses import dataclass

from google.protobuf.timestamp_pb2 import Timestamp

from drivers.base import SigningDevice, TseInfo, TseSignature
from drivers.tse import qr
from kassenwart.v1 import Transaction, Tse

#: Stands in front of the serial number of a development aid wherever people read it.
DEVELOPMENT_MARK = "SIMULATOR-NOT-CERTIFIED-"


@dataclass(frozen=True, slots=True)
class Step:
    """What is being signed; stored with the transaction before it is sent. `kind`: start, update, finish or cancel."""

    kind: str
    process_type: str = ""
    process_data: bytes = b""

    def dump(self) -> bytes:
        """As stored beside the transaction."""
        return json.dumps([self.kind, self.process_type, self.process_data.hex()]).encode()

    @staticmethod
    def load(data: bytes) -> "Step":
        """From its stored form."""
        kind, process_type, process_data = json.loads(data)
        return Step(kind, process_type, bytes.fromhex(process_data))


async def perform(driver: SigningDevice, transaction: Transaction, step: Step) -> TseSignature:
    """Have the TSE sign one step."""
    client, number = transaction.client_id, transaction.number
    if step.kind == "start":
        return await driver.start(client)
    sign = driver.update if step.kind == "update" else driver.finish
    return await sign(client, number, step.process_type, step.process_data)


def apply(transaction: Transaction, step: Step, signed: TseSignature, info: TseInfo) -> None:
    """Put a signed step into the transaction."""
    transaction.signature_counter = signed.signature_counter
    transaction.signature = signed.signature
    transaction.failure = ""
    log_time = Timestamp()
    log_time.FromDatetime(signed.log_time)
    if step.kind == "start":
        transaction.state = Transaction.OPEN
        transaction.number = signed.transaction_number
        transaction.start_time.CopyFrom(log_time)
        transaction.tse_serial_number = serial_number(info)
        transaction.development = info.development
        return
    transaction.process_type, transaction.process_data = step.process_type, step.process_data
    if step.kind == "update":
        transaction.state = Transaction.OPEN
        return
    transaction.state = Transaction.FINISHED if step.kind == "finish" else Transaction.CANCELLED
    transaction.end_time.CopyFrom(log_time)
    if step.kind == "finish" and transaction.HasField("start_time"):
        transaction.qr_code_data = _qr_code(transaction, signed, info)


def _qr_code(transaction: Transaction, signed: TseSignature, info: TseInfo) -> str:
    return qr.QrCode(
        client_id=transaction.client_id,
        process_type=transaction.process_type,
        process_data=transaction.process_data.decode(),
        transaction_number=transaction.number,
        signature_counter=signed.signature_counter,
        start=transaction.start_time.ToDatetime(signed.log_time.tzinfo),
        log_time=signed.log_time,
        algorithm=info.signature_algorithm,
        time_format=info.time_format,
        signature=signed.signature,
        public_key=info.public_key,
    ).encode()


def serial_number(info: TseInfo) -> str:
    """The serial number as people read it."""
    return (DEVELOPMENT_MARK if info.development else "") + info.serial


def to_message(device: str, info: TseInfo) -> Tse:
    """A TSE as callers see it."""
    message = Tse(
        name=f"tse/{device}",
        serial_number=serial_number(info),
        key_hash=info.serial,
        public_key=info.public_key,
        certificate=info.certificate_pem,
        signature_algorithm=info.signature_algorithm,
        time_format=info.time_format,
        description=info.description,
        development=info.development,
        signatures_created=info.signatures_created,
        signatures_remaining=info.signatures_remaining,
        self_test_passed=info.self_test_passed,
        time_valid=info.time_valid,
        clients=info.clients,
        open_transactions=info.open_transactions,
    )
    message.certificate_expire_time.FromDatetime(info.certificate_expiry)
    return message


async def reconcile(
    driver: SigningDevice, info: TseInfo, transaction: Transaction, step: Step, taken: set[int]
) -> bool:
    """Bring a transaction whose last step is in doubt to a known state by asking the TSE; True when that worked.

    `taken` are the numbers of the other transactions that are known to be open. Nothing is signed twice: a step is only
    sent again when the TSE itself shows that it did not happen.
    """
    last = await driver.last_response(transaction.client_id)
    still_open = set(info.open_transactions)
    if step.kind == "start":
        if last is not None and last.transaction_number in still_open - taken:
            apply(transaction, step, last, info)
            return True
        if still_open - taken:
            return False  # something is open that is nobody's, and the TSE does not say whose: do not guess
        transaction.state = Transaction.FAILED
        transaction.failure = "The TSE never opened this transaction."
        return True
    if transaction.number in still_open:
        if step.kind == "update":
            # An update in doubt may have been signed; the transaction is open all the same and can go on.
            transaction.state, transaction.failure = Transaction.OPEN, ""
            return True
        apply(transaction, step, await perform(driver, transaction, step), info)
        return True
    if last is not None and last.transaction_number == transaction.number:
        apply(transaction, step, last, info)
        return True
    return False
