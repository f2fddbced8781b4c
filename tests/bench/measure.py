"""How latencies and rates are taken."""

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from tests.bench.load import Client, Connect
from tests.bench.process import cpu_seconds
from tests.bench.sink import Sink

#: One job at a time, with a rest in between: the daemon has then stored the result of the one before.
_REST = 0.004
_numbers = count(1)


@dataclass
class Latency:
    """Seconds from sending to something, one entry for each job and thing."""

    values: dict[str, list[float]] = field(default_factory=dict)

    def add(self, **seconds: float) -> None:
        for name, value in seconds.items():
            self.values.setdefault(name, []).append(value)

    def ms(self, name: str, part: float) -> float:
        """A quantile in milliseconds."""
        ordered = sorted(self.values[name])
        return ordered[min(len(ordered) - 1, int(len(ordered) * part))] * 1000


@dataclass
class Rate:
    """Jobs a second, and the share of a core that each process took meanwhile."""

    accepted: float
    printed: float
    cores: dict[str, float]


async def latency(connect: Connect, body: Callable[[int], bytes], sink: Sink, jobs: int) -> Latency:
    """One client that sends a job, waits until it is answered and at the sink, and rests a moment."""
    found = Latency()
    client = await connect()
    try:
        for index in range(jobs + 20):
            number = next(_numbers)
            data = body(number)
            sent = time.monotonic()
            await client.send(data)
            answered = time.monotonic()
            first, last = (await sink.jobs(1))[number]
            if index >= 20:  # the first ones warm up
                found.add(answer=answered - sent, first=first - sent, last=last - sent)
            await asyncio.sleep(_REST)
    finally:
        await client.close()
    return found


async def rate(
    connect: Connect,
    body: Callable[[int], bytes],
    clients: int,
    seconds: float,
    processes: dict[str, int],
    sink: Sink | None,
) -> Rate:
    """`clients` that send one job after another for `seconds`; then wait until all are at the sink."""
    connected = [await connect() for _ in range(clients)]
    sent = 0

    async def work(client: Client, until: float) -> None:
        nonlocal sent
        while time.monotonic() < until:
            await client.send(body(next(_numbers)))
            sent += 1

    processes = {**processes, "load": os.getpid()}
    try:
        before = {name: cpu_seconds(pid) for name, pid in processes.items()}
        begin = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for client in connected:
                group.create_task(work(client, begin + seconds))
        answered = time.monotonic() - begin
        cores = {name: (cpu_seconds(pid) - before[name]) / answered for name, pid in processes.items()}
        printed = 0.0
        if sink is not None:
            times = await sink.jobs(sent)
            assert len(times) == sent, f"{sent} jobs were answered, {len(times)} came"
            printed = sent / (max(last for _, last in times.values()) - begin)
    finally:
        for client in connected:
            await client.close()
    return Rate(sent / answered, printed, cores)
