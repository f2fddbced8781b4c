"""What the simulated terminal remembers: its counters, the last transaction, and what it booked."""

import json
import os
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction that reached the bank; `result_code` 0 is approved."""

    amount_minor: int
    receipt_number: int
    trace_number: int
    turnover_number: int
    result_code: int
    time: str  # ISO 8601, local

    @property
    def when(self) -> datetime:
        """The moment as a datetime."""
        return datetime.fromisoformat(self.time)


@dataclass(slots=True)
class Ledger:
    """Counters as terminals keep them, optionally in a file that survives a restart."""

    path: Path | None = None
    receipt_number: int = 0
    trace_number: int = 0
    turnover_number: int = 0
    last: Transaction | None = None
    booked: list[Transaction] = field(default_factory=list)

    @classmethod
    def open(cls, path: Path | None) -> "Ledger":
        """Load the file if there is one."""
        if path is None or not path.exists():
            return cls(path)
        stored: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        stored["last"] = Transaction(**stored["last"]) if stored["last"] else None
        stored["booked"] = [Transaction(**each) for each in stored["booked"]]
        return cls(path, **stored)

    def commission(self) -> None:
        """Store the small test payment that every terminal in a shop has behind it, unless something is stored."""
        if self.last is None:
            self.last = self.begin(1, 0)
            self._save()

    def begin(self, amount_minor: int, result_code: int) -> Transaction:
        """Give the next numbers to a transaction. They wrap at their digits and are never 0."""
        self.receipt_number = self.receipt_number % 9_999 + 1
        self.trace_number = self.trace_number % 999_999 + 1
        self.turnover_number = self.turnover_number % 999_999 + 1
        self._save()
        return Transaction(
            amount_minor,
            self.receipt_number,
            self.trace_number,
            self.turnover_number,
            result_code,
            datetime.now().astimezone().isoformat(timespec="seconds"),
        )

    def keep(self, transaction: Transaction) -> None:
        """Remember it as the last one, and as money moved if it was approved."""
        self.last = transaction
        if transaction.result_code == 0:
            self.booked = [*self.booked[-_KEPT + 1 :], transaction]
        self._save()

    def _save(self) -> None:
        if self.path is None:
            return
        state = {
            "receipt_number": self.receipt_number,
            "trace_number": self.trace_number,
            "turnover_number": self.turnover_number,
            "last": asdict(self.last) if self.last else None,
            "booked": [asdict(each) for each in self.booked],
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(self.path.suffix + ".new")
        with draft.open("w", encoding="utf-8") as file:
            json.dump(state, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)
