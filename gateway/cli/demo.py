"""`kassenwart demo`: the demonstration shop. Every device is a simulator on its real wire, in a process of its own.

The simulators stand in sessions of their own: killing the daemon leaves them standing, and the next start finds them
again. Ctrl-C ends everything.
"""

import argparse
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_START_WITHIN: Final = 20.0
_END_WITHIN: Final = 1.5

_CONFIG: Final = """\
# The demonstration shop, made by `kassenwart demo`. Its TSE is a simulator: no receipt of it is valid.
demonstration = true

[server]
rest = "127.0.0.1:{rest}"
grpc = "127.0.0.1:{grpc}"

[storage]
directory = "{root}/state"

[devices.receipt]
driver = "escpos"
address = "{receipt}"

[devices.kitchen]
driver = "escpos"
address = "{kitchen}"

[devices.drawer]
driver = "printer-drawer"
printer = "receipt"

[devices.ec1]
driver = "zvt"
address = "{ec1}"

[devices.tse]
driver = "software-tse"
address = "{tse}"
client_id = "DEMO-KASSE-1"

[devices.fritz]
driver = "fritzbox"
address = "{fritz}"
area_code = "030"
"""


@dataclass(frozen=True, slots=True)
class _Simulator:
    """One device of the shop and the command that simulates it; `{dir}` is its folder."""

    name: str
    command: Sequence[str]


_SIMULATORS: Final = (
    _Simulator("receipt", ("printer", "--listen", "127.0.0.1:{port}", "--out", "{dir}/slips")),
    _Simulator("kitchen", ("printer", "--listen", "127.0.0.1:{port}", "--out", "{dir}/slips")),
    _Simulator("ec1", ("zvt", "--listen", "127.0.0.1:{port}")),
    _Simulator("fritz", ("fritzbox", "--listen", "127.0.0.1:{port}", "--calls-every", "45")),
    _Simulator("tse", ("tse", "--dir", "{dir}/store")),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--dir", type=Path, default=Path(".run"), help="where the shop's state lies (default: .run)")
    parser.add_argument("--rest-port", type=int, default=7380)
    parser.add_argument("--grpc-port", type=int, default=7381)
    parser.add_argument("--stop", action="store_true", help="end simulators that a killed daemon has left standing")


def run(options: argparse.Namespace) -> int:
    """Run the shop until Ctrl-C, or until the daemon ends; returns the daemon's exit code."""
    root: Path = options.dir.absolute()
    if options.stop:
        print(f"Ended: {', '.join(_end_all(root)) or 'nothing was running'}.")
        return 0
    # A second shop in the same folder would share the simulators of the first and end them.
    root.mkdir(parents=True, exist_ok=True)
    lock = os.open(root / "shop.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print(f"kassenwart: a demonstration shop already runs in {root}. Stop it with Ctrl-C first.", file=sys.stderr)
        return 1
    with ThreadPoolExecutor() as pool:  # each takes half a second to import what it needs
        started = pool.map(lambda one: _start(root / "devices" / one.name, one), _SIMULATORS)
        addresses = {one.name: address for one, address in zip(_SIMULATORS, started, strict=True)}
    config = root / "kassenwart.toml"
    config.write_text(
        _CONFIG.format(root=root, rest=options.rest_port, grpc=options.grpc_port, **addresses), encoding="utf-8"
    )
    token = _token(root, config)
    daemon = subprocess.Popen(
        [sys.executable, "-m", "gateway.cli", "run", "--config", str(config)], start_new_session=True
    )
    (root / "daemon.pid").write_text(f"{daemon.pid}\n", encoding="ascii")
    return _watch(root, daemon, token, options)


def _watch(root: Path, daemon: subprocess.Popen[bytes], token: str, options: argparse.Namespace) -> int:
    """Wait for Ctrl-C or the daemon's end."""
    asked: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda got, _frame: asked.append(got))
    told = False
    while daemon.poll() is None and not asked:
        if not told and _alive(options.rest_port):
            _tell(root, token, options)
            told = True
        time.sleep(0.05)
    if not asked:
        print(
            f"\nThe daemon has ended (code {daemon.returncode}); the devices still stand. "
            "`make run` starts it again with them, `make stop` ends them.",
            file=sys.stderr,
        )
        return daemon.returncode if daemon.returncode > 0 else 1
    daemon.terminate()
    try:
        daemon.wait(_END_WITHIN)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()
    _end_all(root)
    print("\nThe shop is closed.")
    return 0


def _start(folder: Path, simulator: _Simulator) -> str:
    """Start a simulator, unless one still stands; returns its address."""
    folder.mkdir(parents=True, exist_ok=True)
    if _process(folder) is not None:
        return (folder / "address").read_text(encoding="utf-8")
    # The same port as before, so that the shop's configuration stays true.
    before = (folder / "address").read_text(encoding="utf-8") if (folder / "address").exists() else ":0"
    for port in dict.fromkeys((before.rpartition(":")[2] if ":" in before else "0", "0")):
        (folder / "address").unlink(missing_ok=True)
        command = [part.format(dir=folder, port=port) for part in simulator.command]
        with (folder / "simulator.log").open("ab") as log:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "gateway.cli", "simulate", *command),
                    *("--journal", str(folder / "journal.jsonl"), "--address-file", str(folder / "address")),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        (folder / "pid").write_text(f"{process.pid} {_born(process.pid)}\n", encoding="ascii")
        deadline = time.monotonic() + _START_WITHIN
        while process.poll() is None and time.monotonic() < deadline:
            if (folder / "address").exists() and (address := (folder / "address").read_text(encoding="utf-8")):
                return address
            time.sleep(0.02)
    raise SystemExit(f"kassenwart: the simulator {simulator.name} did not start; see {folder}/simulator.log")


def _running(root: Path) -> list[str]:
    return [one.name for one in _SIMULATORS if _process(root / "devices" / one.name) is not None]


def _process(folder: Path) -> int | None:
    """The id of the simulator that stands in this folder. A recycled id is told apart by its birth."""
    try:
        pid, born = (folder / "pid").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return None
    return int(pid) if born == _born(int(pid)) else None


def _born(pid: int) -> str:
    """When a process began, in clock ticks since boot (proc(5), stat, fields 3 and 22); empty when it has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    state, *fields = stat.rpartition(")")[2].split()
    return "" if state in {"Z", "X"} else fields[18]


def _end_all(root: Path) -> list[str]:
    """End the simulators; returns their names once they are gone, or after a moment."""
    names = _running(root)
    for name in names:
        if (pid := _process(root / "devices" / name)) is not None:
            os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _END_WITHIN
    while _running(root) and time.monotonic() < deadline:
        time.sleep(0.02)
    return names


def _token(root: Path, config: Path) -> str:
    """The technician's token of the shop; made once."""
    path = root / "token"
    if path.exists():
        return path.read_text(encoding="ascii").strip()
    from gateway.cli.token import change
    from gateway.config import load
    from gateway.storage.tokens import create_token
    from kassenwart.v1 import Role

    directory = load(config).storage.directory
    token = change(directory, lambda transaction: create_token(transaction, "demo-technician", Role.TECHNICIAN))
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{token}\n")
    return token


def _alive(port: int) -> bool:
    import socket

    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.2):
            return True
    except OSError:
        return False


def _tell(root: Path, _token: str, options: argparse.Namespace) -> None:
    """What a newcomer wants to paste."""
    rest = f"http://127.0.0.1:{options.rest_port}"
    shown = root if not root.is_relative_to(Path.cwd()) else root.relative_to(Path.cwd())
    print(
        f"""
The demonstration shop is open.
  page     {rest}/          (token: {shown}/token)
  API      {rest}/docs
  REST     {rest}/v1
  gRPC     127.0.0.1:{options.grpc_port}
  slips    {shown}/devices/receipt/slips/

Try it:
  curl -s -H "Authorization: Bearer $(cat {shown}/token)" {rest}/v1/devices

`make demo` in another terminal makes a whole sale. Ctrl-C closes the shop.
""",
        flush=True,
    )
