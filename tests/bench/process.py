"""Processes that take part in a measurement, and what the kernel says of them."""

import asyncio
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_TICK = os.sysconf("SC_CLK_TCK")


async def start(script: Path) -> asyncio.subprocess.Process:
    """Run a script of ours with its standard output to read."""
    return await asyncio.create_subprocess_exec(
        sys.executable, str(script), stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )


def cpu_seconds(pid: int) -> float:
    """CPU time that a process has used so far, all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def resident_mb(pid: int) -> float:
    """Resident memory of a process in MB (10^6 bytes)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) * 1024 / 1e6


def machine(directory: Path) -> dict[str, str]:
    """What the numbers depend on."""
    model = next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "")
    mounts = [line.split()[:3] for line in Path("/proc/mounts").read_text().splitlines()]
    inside = [one for one in mounts if directory.is_relative_to(one[1])]
    device, _, kind = max(inside, key=lambda one: len(one[1]))
    return {
        "cores": str(os.cpu_count()),
        "processor": model.partition(":")[2].strip() or os.uname().machine,
        "kernel": os.uname().release,
        "python": sys.version.split()[0],
        "disk": f"{kind} on {device}",
        "load before": f"{os.getloadavg()[0]:.2f}",
    }
