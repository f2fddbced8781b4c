"""The kinds of lasting resources."""

from typing import Final

from gateway.storage import RecordKind
from kassenwart.v1 import DrawerOpening, Payment, PrintJob, Transaction

PRINT_JOB: Final = RecordKind(
    "print_job",
    PrintJob,
    "printers/{}/jobs",
    frozenset({PrintJob.PRINTED, PrintJob.UNCERTAIN, PrintJob.FAILED, PrintJob.CANCELLED, PrintJob.EXPIRED}),
)
PAYMENT: Final = RecordKind(
    "payment",
    Payment,
    "terminals/{}/payments",
    frozenset({Payment.APPROVED, Payment.DECLINED, Payment.ABORTED, Payment.REVERSED, Payment.UNKNOWN}),
)
DRAWER_OPENING: Final = RecordKind(
    "drawer_opening",
    DrawerOpening,
    "drawers/{}/openings",
    frozenset({DrawerOpening.PULSED, DrawerOpening.FAILED, DrawerOpening.UNCERTAIN}),
)
TRANSACTION: Final = RecordKind(
    "transaction",
    Transaction,
    "tse/{}/transactions",
    frozenset({Transaction.FINISHED, Transaction.CANCELLED, Transaction.FAILED}),
)

KINDS: Final = (PRINT_JOB, PAYMENT, DRAWER_OPENING, TRANSACTION)
