"""`make bench`: latency, throughput, memory and start of the daemon, beside what the machine does without it.

Nothing is asserted. docs/benchmarks.md says how to read the table.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "clients/python/src")]

from tests.bench import baselines, jobs, load, measure, process  # noqa: E402
from tests.bench.sink import Sink  # noqa: E402
from tests.support.daemon import Daemon  # noqa: E402

_CONFIG: Final = """\
[server]
rest = "127.0.0.1:0"
grpc = "127.0.0.1:0"
[storage]
directory = "{state}"
[devices.receipt]
driver = "escpos"
address = "127.0.0.1:{port}"
"""
_IDLE: Final = 8.0


@dataclass
class Row:
    """One line of the table."""

    group: str
    name: str
    value: float
    unit: str
    ratio: float | None = None  # to the group's baseline
    note: str = ""


class Bench:
    """One run."""

    def __init__(self, folder: Path, *, quick: bool) -> None:
        self._folder = folder
        self._latencies = 60 if quick else 300
        self._seconds = 1.0 if quick else 2.5
        self.rows: list[Row] = []

    async def run(self, only: str) -> None:
        """Measure everything, or the groups whose name holds `only`."""
        async with Sink() as sink:
            await self._baselines(sink)
            daemon = Daemon(self._folder, _CONFIG.format(state=self._folder / "state", port=sink.port))
            daemon.make_token(self._folder / "state")
            ready = await _start(daemon)
            try:
                await self._idle(daemon, ready)
                faces = {
                    "REST": load.rest(daemon.rest, daemon.token),
                    "gRPC": load.over_grpc(daemon.grpc, daemon.token),
                }
                bodies = {"REST": jobs.rest_body, "gRPC": jobs.grpc_body}
                assert daemon.process is not None
                processes = {"daemon": daemon.process.pid, "sink": sink.pid}
                for kind in ("raw", "document"):
                    for face, connect in faces.items():
                        found = await measure.latency(connect, bodies[face](kind), sink, self._latencies)
                        self._latency(f"{kind} over {face}", found, ("answer", "first", "last"))
                for kind in ("raw", "document"):
                    for face, connect in faces.items():
                        for clients in (1, 20):
                            found = await measure.rate(
                                connect, bodies[face](kind), clients, self._seconds, processes, sink
                            )
                            self._rate(f"{kind} over {face}", clients, found)
                self._add("idle", "resident memory after the load", process.resident_mb(daemon.process.pid), "MB")
            finally:
                await daemon.stop()

    async def _baselines(self, sink: Sink) -> None:
        found = await baselines.raw_socket(sink, self._latencies)
        self._base = found.ms("first", 0.5)
        self._latency("raw socket, 1 KB", found, ("first",))
        self._latency(
            "python-escpos, document", await baselines.python_escpos(sink, self._latencies), ("first", "last")
        )
        self._commits = baselines.commits(self._folder, self._seconds)
        self._add("rate", "SQLite commits of 1 KB, synced", self._commits, "/s")
        self._echo: dict[int, float] = {}
        async with baselines.echo_server() as (base, pid):
            for clients in (1, 20):
                found = await measure.rate(
                    lambda: load.HttpClient.open(base, "/"),
                    jobs.rest_body("raw"),
                    clients,
                    self._seconds,
                    {"echo": pid},
                    None,
                )
                self._echo[clients] = found.accepted
                self._add("rate", f"aiohttp echo, {clients} clients", found.accepted, "/s", note=_cores(found))

    async def _idle(self, daemon: Daemon, ready: float) -> None:
        assert daemon.process is not None
        pid = daemon.process.pid
        self._add("idle", "start: exec to ready", ready, "ms")
        await asyncio.sleep(2.0)  # the warm-up of the encoder goes on for a moment
        before = process.cpu_seconds(pid), time.monotonic()
        await asyncio.sleep(_IDLE)
        share = (process.cpu_seconds(pid) - before[0]) / (time.monotonic() - before[1])
        self._add("idle", "resident memory", process.resident_mb(pid), "MB")
        self._add("idle", "CPU, nothing to do", share * 100, "% of a core")

    def _latency(self, name: str, found: measure.Latency, what: tuple[str, ...]) -> None:
        words = {"answer": "to the answer", "first": "to the first byte", "last": "to the last byte"}
        for one in what:
            for part, label in ((0.5, "p50"), (0.99, "p99")):
                value = found.ms(one, part)
                self._add("latency", f"{name}: {words[one]}, {label}", value, "ms", value / self._base)

    def _rate(self, name: str, clients: int, found: measure.Rate) -> None:
        ratio = found.accepted / self._echo[clients]
        label = f"{name}, {clients} client{'s' if clients > 1 else ''}"
        self._add("rate", f"{label}: accepted", found.accepted, "/s", ratio, _cores(found))
        self._add("rate", f"{label}: printed", found.printed, "/s", found.printed / self._echo[clients])

    def _add(self, group: str, name: str, value: float, unit: str, ratio: float | None = None, note: str = "") -> None:
        row = Row(group, name, value, unit, ratio, note)
        self.rows.append(row)
        print(_line(row), flush=True)


async def _start(daemon: Daemon) -> float:
    """Start and return the milliseconds until it is ready."""
    begin = time.monotonic()
    await daemon.launch()
    while not daemon.rest:
        assert daemon.process is not None
        assert daemon.process.returncode is None, "\n".join(daemon.log)
        await asyncio.sleep(0.001)
    return (time.monotonic() - begin) * 1000


def _cores(found: measure.Rate) -> str:
    return "CPU " + ", ".join(f"{name} {share * 100:.0f} %" for name, share in found.cores.items())


def _line(row: Row) -> str:
    ratio = "" if row.ratio is None else f"{row.ratio:8.2f} x"
    digits = 2 if row.value < 100 else 0
    return f"{row.group:8} {row.name:58} {row.value:9.{digits}f} {row.unit:12}{ratio:10}  {row.note}".rstrip()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers there, too")
    parser.add_argument("--quick", action="store_true", help="fewer repeats, more noise")
    options = parser.parse_args()
    # Beside the code, not in /tmp: that is often memory, where a sync to disk costs nothing.
    with tempfile.TemporaryDirectory(dir=ROOT, prefix=".bench-") as folder:
        facts = process.machine(Path(folder))
        print(*(f"{key}: {value}" for key, value in facts.items()), sep="\n")
        bench = Bench(Path(folder), quick=options.quick)
        asyncio.run(bench.run(""))
    if options.json is not None:
        numbers: dict[str, Any] = {"machine": facts, "rows": [vars(row) for row in bench.rows]}
        options.json.write_text(json.dumps(numbers, indent=2) + "\n")


if __name__ == "__main__":
    main()
