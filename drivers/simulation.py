"""What all device simulators share: the journal, the witness of what the device truly did."""

import json
import time
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


class Journal:
    """Append-only JSON lines; each is on its way to the disk before `write` returns, so a killed simulator lies not.

    Also keeps the latest entries in memory for tests that run the simulator in their own process.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.entries: deque[dict[str, Any]] = deque(maxlen=10_000)
        self._file = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a", encoding="utf-8", buffering=1)

    def write(self, event: str, **fields: Any) -> None:
        """Record one thing that happened: `{"time": RFC 3339 UTC, "event": event, ...fields}`."""
        now = datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        entry = {"time": now, "event": event, **fields}
        self.entries.append(entry)
        if self._file is not None:
            self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")

    def of(self, event: str) -> list[dict[str, Any]]:
        """The entries with this event name, oldest first."""
        return [entry for entry in self.entries if entry["event"] == event]

    def close(self) -> None:
        """Close the file, if there is one."""
        if self._file is not None:
            self._file.close()
            self._file = None
