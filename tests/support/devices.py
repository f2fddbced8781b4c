"""The devices of a test shop: simulators in this process, on free ports, with their journals as witnesses."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self

from drivers.escpos.simulator import PrinterSimulator
from drivers.fritzbox.simulator import FritzSimulator
from drivers.simulation import Journal
from drivers.tse.software.simulator import TseSimulator
from drivers.zvt.simulator import Faults as ZvtFaults
from drivers.zvt.simulator import ZvtSimulator

CONFIG = """\
demonstration = true
[server]
rest = "127.0.0.1:0"
grpc = "127.0.0.1:0"
{server}
[storage]
directory = "{state}"
reserve_mib = {reserve}
[devices.receipt]
driver = "escpos"
address = "127.0.0.1:{receipt}"
[devices.drawer]
driver = "printer-drawer"
printer = "receipt"
[devices.ec1]
driver = "zvt"
address = "127.0.0.1:{ec1}"
[devices.tse]
driver = "software-tse"
address = "{tse}"
client_id = "KASSE-1"
[devices.fritz]
driver = "fritzbox"
address = "127.0.0.1:{fritz}"
area_code = "030"
{extra}
"""


class Devices:
    """A printer, a terminal, a TSE and a FRITZ!Box. `journals` by device id: what each truly did."""

    def __init__(self, folder: Path, *, columns: int = 48) -> None:
        self.folder = folder
        self.journals = {name: Journal() for name in ("receipt", "ec1", "tse", "fritz")}
        self.printer = PrinterSimulator(self.journals["receipt"], out=folder / "slips", columns=columns, idle=0.2)
        self.terminal = ZvtSimulator(
            self.journals["ec1"], faults=ZvtFaults(), state=folder / "terminal.json", commissioned=True
        )
        self.tse = TseSimulator(folder / "tse", self.journals["tse"])
        self.fritz = FritzSimulator(self.journals["fritz"])
        self.ports: dict[str, int] = {}
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for name, simulator in (("receipt", self.printer), ("ec1", self.terminal), ("fritz", self.fritz)):
            self.ports[name] = await simulator.start("127.0.0.1", 0)
            self._stack.push_async_callback(simulator.stop)
        await self.tse.start()
        self._stack.push_async_callback(self.tse.stop)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._stack.aclose()

    def config(self, *, server: str = "", extra: str = "", reserve: int = 0, **replaced: Any) -> str:
        """The text of a configuration for these devices."""
        values = {**self.ports, "tse": self.folder / "tse", "state": self.folder / "state", **replaced}
        return CONFIG.format(server=server, extra=extra, reserve=reserve, **values)

    def slips(self) -> list[str]:
        """The texts of all slips that came out, first to last."""
        return [
            (self.folder / "slips" / f"{e['slip']:04}.txt").read_text() for e in self.journals["receipt"].of("slip")
        ]

    def booked(self) -> list[int]:
        """The amounts that the terminal booked and did not take back."""
        return [entry["amount_minor"] for entry in self.journals["ec1"].of("booked")]
