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
from functools import partial
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

    async def run(self) -> None:
        """Measure everything."""
        state = self._folder / "state"
        async with Sink() as sink:
            await self._baselines(sink)
            daemon = Daemon(self._folder, _CONFIG.format(state=state, port=sink.port))
            daemon.make_token(state)
            try:
                self._add("idle", "start: exec to ready", await _start(daemon), "ms")
                await self._idle(daemon)
                await self._jobs(daemon, sink)
                await daemon.stop()
                await sink.mute(on=True)
                self._add("idle", "start again, with the jobs above on disk", await _start(daemon), "ms")
                found = await measure.latency(_rest(daemon), jobs.rest_body("raw"), sink, self._latencies)
                self._latency("raw over REST, printer answers nothing", found, ("first",))
            finally:
                await daemon.stop()

    async def _jobs(self, daemon: Daemon, sink: Sink) -> None:
        """Latencies and rates of both kinds of jobs over both faces."""
        faces = {
            "REST": (_rest(daemon), jobs.rest_body),
            "gRPC": (load.over_grpc(daemon.grpc, daemon.token), jobs.grpc_body),
        }
        assert daemon.process is not None
        processes = {"daemon": daemon.process.pid, "sink": sink.pid}
        cases = [(f"{kind} over {face}", *faces[face], kind) for kind in ("raw", "document") for face in faces]
        # The write-ahead log first grows to its lasting size, as on a till's first day: growing files sync slowly.
        await measure.rate(_rest(daemon), jobs.rest_body("raw"), 20, 1.0, processes, sink)
        for name, connect, body, kind in cases:
            found = await measure.latency(connect, body(kind), sink, self._latencies)
            self._latency(name, found, ("answer", "first", "last") if kind == "document" else ("answer", "first"))
        for name, connect, body, kind in cases:
            for clients in (1, 20):
                speed = await measure.rate(connect, body(kind), clients, self._seconds, processes, sink)
                self._rate(name, clients, speed)
        self._add("idle", "resident memory after the load", process.resident_mb(daemon.process.pid), "MB")

    async def _baselines(self, sink: Sink) -> None:
        found = await baselines.raw_socket(sink, self._latencies)
        self._base = found.ms("first", 0.5)
        self._latency("raw socket, 1 KB", found, ("first",))
        found = await baselines.python_escpos(sink, self._latencies)
        self._latency("python-escpos, document", found, ("first", "last"))
        commits = baselines.commits(self._folder, self._seconds)
        self._add("rate", "SQLite commits of 1 KB, synced, one after another", commits, "/s")
        self._echo: dict[int, float] = {}
        body = jobs.rest_body("raw")
        async with baselines.echo_server() as (base, pid):
            for clients in (1, 20):
                connect = partial(load.HttpClient.open, base, "/")
                speed = await measure.rate(connect, body, clients, self._seconds, {"echo": pid}, None)
                self._echo[clients] = speed.accepted
                self._add("rate", f"aiohttp echo, {_clients(clients)}", speed.accepted, "/s", 1.0, _cores(speed))

    async def _idle(self, daemon: Daemon) -> None:
        assert daemon.process is not None
        pid = daemon.process.pid
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
        label = f"{name}, {_clients(clients)}"
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


def _rest(daemon: Daemon) -> load.Connect:
    return load.rest(daemon.rest, daemon.token)


def _clients(count: int) -> str:
    return "1 client" if count == 1 else f"{count} clients"


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
        print(f"{'':8} {'':58} {'value':>9} {'':12}{'ratio':>10}")
        bench = Bench(Path(folder), quick=options.quick)
        asyncio.run(bench.run())
    if options.json is not None:
        numbers: dict[str, Any] = {"machine": facts, "rows": [vars(row) for row in bench.rows]}
        options.json.write_text(json.dumps(numbers, indent=2) + "\n")


if __name__ == "__main__":
    main()
